// seaworthy agent: answers the reviews of an API server, in its cluster or, with a policy from a file, on this machine.
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { openCluster } from '../cluster/kube/index.ts';
import { parseDuration } from './duration.ts';
import { CliFault } from './fault.ts';
import { parseLabels, readPolicy } from './policyfile.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting, untilStopped } from './setting.ts';

interface Options extends RegistryOptions {
  inCluster?: boolean;
  policy?: string;
  policyName: string;
  mutate?: boolean;
  pullSecrets?: string[];
  label?: string[];
  server?: string;
  keepVerdicts: number;
  host?: string;
  port: number;
  healthPort: number;
  logLevel: string;
}

export function agentCommand(): Command {
  return withRegistryOptions(
    new Command('agent')
      .description('Answer the admission reviews of a Kubernetes API server by a policy.')
      .option('--in-cluster', 'run in a pod of the cluster it guards (seaworthy cluster install sets it up)')
      .option('--policy <file>', 'run on this machine by this ImagePolicy, without a cluster')
      .option('--policy-name <name>', 'ImagePolicy resource that counts', 'default')
      .option('--mutate', 'put digests into pods that name tags')
      .option(
        '--pull-secrets <namespace>',
        'namespaces whose pull secrets may be used for their own pods',
        collect,
      )
      .option('--label <name=value>', 'label that rules are chosen by, without a cluster', collect)
      .addOption(
        new Option('--keep-verdicts <span>', 'how long an allow counts while its registry cannot be asked')
          .argParser(parseDuration)
          .default(86_400_000, '24h'),
      )
      .option(
        '--server <dir>',
        'directory with url, token, orders.pub and cluster: a server that sends rollout orders',
      )
      .option('--host <address>', 'address to listen on (default: all in a cluster, else 127.0.0.1)')
      .option('--port <port>', 'port for reviews', parsePort, 8443)
      .option('--health-port <port>', 'port for /healthz, /readyz and /metrics', parsePort, 8081)
      .addOption(
        new Option('--log-level <level>', 'what is logged')
          .choices(['debug', 'info', 'warn', 'error'])
          .default('info'),
      )
      .addHelpText(
        'after',
        `
Example:
  $ seaworthy agent --policy policy.yaml &
  $ seaworthy admit deployment.yaml`,
      )
      .action(run),
  );
}

async function run(options: Options, command: Command): Promise<void> {
  if ((options.policy === undefined) === (options.inCluster !== true))
    throw new CliFault('option-invalid', 'expected --in-cluster or --policy FILE, one of them', {
      hint: 'In a cluster: seaworthy cluster install. On this machine: seaworthy agent --policy FILE.',
    });
  const setting = openSetting(command);
  const { createLog, runAgent, startStandalone } = await import('../server/index.ts');
  const log = createLog(options.logLevel);
  const { plainHttp, realms } = registryOptions(options);
  const common = {
    ...setting,
    log,
    plainHttp,
    realms,
    mutate: options.mutate ?? false,
    port: options.port,
    healthPort: options.healthPort,
    env: process.env,
  };
  try {
    if (options.policy !== undefined) {
      const policy = await readPolicy(options.policy);
      const host = options.host ?? '127.0.0.1';
      const agent = await startStandalone({ ...common, policy, labels: parseLabels(options.label), host });
      await untilStopped(setting.signal);
      await agent.close();
      return;
    }
    const cluster = await openCluster({ inCluster: true, timeout: 10_000 });
    await runAgent(
      {
        ...common,
        cluster,
        policyName: options.policyName,
        pullSecrets: options.pullSecrets ?? [],
        held: options.keepVerdicts,
        holder: hostname(),
        host: options.host ?? '::',
        drain: 5_000,
        ...(options.server === undefined ? {} : { server: options.server }),
      },
      setting.signal,
    );
    await cluster.close();
  } finally {
    await setting.close();
  }
  // What still listens or waits is of no use any more.
  process.exit(0);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CliFault('option-invalid', `expected a port from 0 to 65535, got ${JSON.stringify(text)}`);
}
