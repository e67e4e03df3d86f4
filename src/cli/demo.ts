// seaworthy demo: the whole loop on this machine, with nothing to install; or the images of it, to do it by hand.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import {
  absoluteKubeconfig,
  type DemoPlace,
  type DemoPlaceOptions,
  demoNamespace,
  demoPlace,
} from './demoplace.ts';
import { Stage } from './demostage.ts';
import { tell } from './demostory.ts';
import { writeDemo } from './demowrite.ts';
import { CliFault } from './fault.ts';
import { openSetting, untilStopped } from './setting.ts';

interface Options extends DemoPlaceOptions {
  images?: string;
  keep?: boolean;
}

/** `main` is the command line itself. */
export function demoCommand(main: (words: string[]) => Promise<void>): Command {
  return new Command('demo')
    .description('Show the whole loop on this machine: scan, sign, refuse, renew, redeploy.')
    .option('--images <dir>', 'only write its images (as layouts), policy, configuration and manifests')
    .option('--keep', 'leave its directory there')
    .option('--context <name>', `also in this cluster, in the namespace ${demoNamespace}, which is removed`)
    .option('--kubeconfig <file>', 'kubeconfig of the context (KUBECONFIG; default: ~/.kube/config)')
    .option(
      '--registry <host:port>',
      'where its registry listens, and nodes reach it (default: 127.0.0.1:5020)',
    )
    .option('--tls-cert <file>', 'certificate chain of the registry, which nodes trust')
    .option('--tls-key <file>', 'key of the certificate')
    .addHelpText(
      'after',
      `
It needs nothing but Node: the registry, the server and the agent are Seaworthy's own. At a terminal they stay up until
Ctrl-C, so that you can look around.

With --context its three applications run in a cluster as well and are moved there by seaworthy rollout. Nodes on this
machine pull over 127.0.0.1; others need an address of it and a certificate that they trust:
  $ seaworthy demo --context prod --registry 192.0.2.7:5020 --tls-cert tls.crt --tls-key tls.key
Authorities of your own are given to the commands here as well: seaworthy --ca-file ca.crt demo …`,
    )
    .action((options: Options, command: Command) => run(options, command, main));
}

async function run(
  options: Options,
  command: Command,
  main: (words: string[]) => Promise<void>,
): Promise<void> {
  const place = demoPlace(options);
  if (options.images !== undefined) {
    await writeDemo(resolve(options.images), place);
    return;
  }
  for (const address of [place.registry, place.api]) await requireFree(address);
  const setting = openSetting(command);
  const { caFile } = command.optsWithGlobals<{ caFile?: string }>();
  const globals = caFile === undefined ? '' : `--ca-file ${resolve(caFile)} `;
  const { KUBECONFIG: kubeconfig } = process.env;
  if (kubeconfig !== undefined) process.env['KUBECONFIG'] = absoluteKubeconfig(kubeconfig);
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-demo-'));
  const password = randomBytes(9).toString('base64url');
  Object.assign(process.env, { SEAWORTHY_HOME: join(dir, 'home'), SEAWORTHY_PASSWORD: password });
  const stage = new Stage(dir, (line) => process.stdout.write(`${line}\n`), main, globals);
  let cluster: Awaited<ReturnType<typeof openCluster>> | undefined;
  try {
    cluster = place.cluster && (await openCluster(place.cluster, setting.signal));
    stage.say(`$ cd ${dir}; export SEAWORTHY_HOME=$PWD/home SEAWORTHY_PASSWORD=${password}`);
    await tell({ stage, http: setting.http, signal: setting.signal, place, cluster: cluster?.demo });
    if (process.stdout.isTTY) {
      stage.say('The servers are up until Ctrl-C.');
      await untilStopped(setting.signal);
    }
  } finally {
    await stage.close();
    await cluster?.close();
    await setting.close();
    if (!options.keep) rmSync(dir, { recursive: true, force: true });
  }
}

async function openCluster(place: NonNullable<DemoPlace['cluster']>, signal: AbortSignal) {
  const [kube, { openDemoCluster }] = await Promise.all([
    import('../cluster/kube/index.ts'),
    import('./demokube.ts'),
  ]);
  const cluster = await kube.openCluster(place);
  try {
    const demo = await openDemoCluster(cluster, { signal });
    return {
      demo,
      async close() {
        await demo.close();
        await cluster.close();
      },
    };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function requireFree(address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, colon).replace(/^\[|\]$/g, ''), address.slice(colon + 1)];
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', () =>
      fail(
        new CliFault('demo-failed', `expected ${address} to be free, got none that can be listened at`, {
          hint: 'stop what listens there, or give --registry an address of this machine',
        }),
      ),
    );
    server.listen(Number(port), host, done);
  });
  await new Promise((done) => server.close(done));
}
