// seaworthy cluster install: the agent and all it needs, into a cluster or printed.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { installInto, type ManifestOptions, manifestsFor, usualReplicas } from '../cluster/index.ts';
import { inlinePolicy } from '../trust/index.ts';
import { parseDuration } from './duration.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { type OneContext, openOne, stepsTo, withOneContext } from './onecontext.ts';
import { readPolicy } from './policyfile.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting } from './setting.ts';

interface Options extends OneContext, RegistryOptions {
  image: string;
  print?: boolean;
  policy?: string;
  policyName: string;
  mutate?: boolean;
  replicas?: number;
  pullSecrets?: string[];
  registrySecret?: string;
  serverSecret?: string;
  registryCa?: string;
  azureClientId?: string;
  timeout: number;
}

export function clusterInstallCommand(): Command {
  return withRegistryOptions(
    withOneContext(
      new Command('install')
        .description(
          'Install the agent: it audits everything, and refuses nothing until a namespace enforces.',
        )
        .requiredOption('--image <ref>', 'image of Seaworthy that the agent runs, best by digest')
        .option('--print', 'write the manifests as YAML and change nothing')
        .option('--policy <file>', 'ImagePolicy to begin with; the keys it names are written into it')
        .option('--policy-name <name>', 'ImagePolicy resource that counts', 'default')
        .option('--mutate', 'put digests into pods that name tags, in namespaces that enforce')
        .option('--replicas <n>', 'agents (default: 2 where there is more than one node)', parseReplicas)
        .option(
          '--registry-secret <name>',
          'Secret of type kubernetes.io/dockerconfigjson in seaworthy-system that registries are asked with',
        )
        .option(
          '--server-secret <name>',
          'Secret in seaworthy-system (url, token, orders.pub, cluster) of the server whose rollout orders it carries out',
        )
        .option(
          '--pull-secrets <namespace>',
          'namespaces whose image pull secrets may be used for their own pods (repeat or separate by commas)',
          collect,
        )
        .option('--registry-ca <file>', 'certificate authorities that registries are trusted by as well, PEM')
        .option(
          '--azure-client-id <id>',
          'client of the managed identity that the agent uses (workload identity)',
        ),
    ),
  )
    .option('--timeout <span>', 'how long the agent may take to start', parseDuration, 300_000)
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy cluster install --image registry.example.com/seaworthy@sha256:… --policy policy.yaml
  $ seaworthy cluster install --image registry.example.com/seaworthy@sha256:… --print > seaworthy.yaml

To change an option or to upgrade, run it again with every option that is to hold. Exit codes: 0 done, 2 not installed, with what to do.`,
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const manifests = await optionsOf(options);
  if (options.print) {
    await writeOutput(await printed({ ...manifests, replicas: options.replicas ?? 2 }), undefined);
    return;
  }
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  const cluster = await openOne(options);
  try {
    const replicas = options.replicas ?? (await usualReplicas(cluster));
    const { waitsForPolicy } = await installInto({
      cluster,
      manifests: { ...manifests, replicas },
      say: stepsTo(progress),
      timeout: options.timeout,
      signal: setting.signal,
      pause: (ms) => delay(ms, undefined, { signal: setting.signal }),
    }).finally(() => progress?.clear());
    process.stdout.write(summary(cluster.context, replicas, options, waitsForPolicy));
  } finally {
    await cluster.close();
    await setting.close();
  }
}

async function optionsOf(options: Options): Promise<Omit<ManifestOptions, 'replicas'>> {
  const {
    image,
    policyName,
    mutate,
    pullSecrets,
    registrySecret,
    serverSecret,
    registryCa,
    azureClientId,
    policy,
  } = options;
  return {
    image,
    policyName,
    mutate: mutate ?? false,
    pullSecrets: pullSecrets ?? [],
    plainHttp: options.plainHttp ?? false,
    tokenRealms: options.tokenRealm ?? [],
    ...(registrySecret === undefined ? {} : { registrySecret }),
    ...(serverSecret === undefined ? {} : { serverSecret }),
    ...(registryCa === undefined ? {} : { registryCa: readCertificates(registryCa) }),
    ...(azureClientId === undefined ? {} : { azureClientId }),
    ...(policy === undefined ? {} : { policy: await policyObject(policy) }),
  };
}

/** Checked whole first, so that every mistake is named by its line in the file. */
async function policyObject(file: string): Promise<NonNullable<ManifestOptions['policy']>> {
  await readPolicy(file);
  const document = await inlinePolicy(readText(file), file, (path) => readFileSync(path, 'utf8'));
  return document as NonNullable<ManifestOptions['policy']>;
}

function readCertificates(file: string): string {
  const text = readText(file);
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new CliFault('option-invalid', `expected certificates in PEM in ${file}, got none`);
  return text;
}

async function printed(manifests: ManifestOptions): Promise<string> {
  const { stringify } = await import('yaml');
  const { before, asks } = await manifestsFor(manifests);
  const documents = [...before, ...asks].map((object) =>
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return documents.join('---\n');
}

function summary(context: string, replicas: number, { image, policyName }: Options, waits: boolean): string {
  const agents = `${replicas} ${replicas === 1 ? 'agent' : 'agents'}`;
  const flag = `--context ${context}`;
  const next = waits
    ? [
        `The agent waits for the ImagePolicy "${policyName}" in seaworthy-system. Next:`,
        `  seaworthy cluster install --image ${image} --policy policy.yaml ${flag}`,
      ]
    : [
        'It audits: nothing is refused until a namespace enforces. Next:',
        `  seaworthy cluster status ${flag}              what runs, and what would be refused`,
        `  seaworthy cluster enforce NAMESPACE ${flag}   see what that would refuse there, then enforce`,
      ];
  return `Installed in ${context}: ${agents} of ${image}\n${next.join('\n')}\n`;
}

function parseReplicas(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new CliFault('option-invalid', `expected --replicas from 1 to 100, got ${JSON.stringify(text)}`);
}
