// The agent's order loop as a process of its own, for a kubeconfig and the directory of its server: the agent itself runs in pods only.
import { flushCompileCache } from 'node:module';
import { openCluster } from '../src/cluster/kube/index.ts';
import { systemClock } from '../src/core/index.ts';
import { createClient } from '../src/net/index.ts';
import { createLog } from '../src/server/log.ts';
import { obey } from '../src/server/obey.ts';

// what is killed keeps nothing by itself
flushCompileCache();
const [kubeconfig = '', server = ''] = process.argv.slice(2);
const log = createLog();
await obey(
  {
    cluster: await openCluster({ kubeconfig, env: {} }),
    http: createClient({ env: {} }),
    clock: systemClock,
    log,
    server,
    problem: (what, fault) => {
      if (fault !== undefined) log.warn({ what, error: fault }, 'does not work, and is tried again');
    },
    pause: 200,
    settle: 1000,
  },
  new AbortController().signal,
);
