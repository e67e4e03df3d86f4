// seaworthy cluster enforce: shows what a namespace would refuse, then lets it refuse.
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import {
  enforceable,
  enforces,
  formatPreview,
  isRefused,
  type Preview,
  policyInCluster,
  previewNamespace,
  setEnforcing,
} from '../cluster/index.ts';
import type { Cluster } from '../cluster/kube/index.ts';
import { systemClock } from '../core/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { type OneContext, openOne, withOneContext } from './onecontext.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { openSetting, type Setting, wantsColour } from './setting.ts';

interface Options extends OneContext, RegistryOptions {
  off?: boolean;
  yes?: boolean;
  previewOnly?: boolean;
  pullSecrets?: boolean;
  policyName?: string;
}

export function clusterEnforceCommand(): Command {
  return withRegistryOptions(
    withOneContext(
      new Command('enforce')
        .description('Let a namespace refuse what the policy refuses, after showing what that would be.')
        .argument('<namespace>', 'namespace of the cluster')
        .option('--off', 'audit again: nothing is refused there any more')
        .option('--yes', 'do not ask; for pipelines')
        .option('--preview-only', 'show what would be refused, and change nothing')
        .option('--policy-name <name>', 'which ImagePolicy of the cluster counts, where there are several')
        .option(
          '--pull-secrets',
          'read images with the namespace’s image pull secrets before your own credentials',
        ),
    ),
  )
    .addHelpText(
      'after',
      `
Example:
  $ seaworthy cluster enforce shop --context production

What runs goes on running, also what would be refused. Exit codes: 0 done, 1 --preview-only and something would be
refused, 2 not done, with why.`,
    )
    .action(run);
}

async function run(namespace: string, options: Options, command: Command): Promise<void> {
  const setting = openSetting(command);
  const cluster = await openOne(options);
  try {
    if (options.off) {
      await setEnforcing(cluster, namespace, false);
      process.stdout.write(`${namespace} audits: nothing is refused there any more.\n`);
      return;
    }
    const found = await enforceable(cluster, namespace);
    const preview = await previewOf(cluster, namespace, options, setting);
    const columns = process.stdout.columns ?? 100;
    process.stdout.write(formatPreview(preview, { columns, colour: wantsColour() }));
    const refused = preview.rows.filter(({ verdict }) => isRefused(verdict)).length;
    if (options.previewOnly) {
      process.exitCode = refused === 0 ? exitCodes.done : exitCodes.failed;
      return;
    }
    if (enforces(found)) {
      process.stdout.write(`${namespace} enforces already.\n`);
      return;
    }
    if (!options.yes && !(await agreed(namespace, refused, setting.signal))) {
      process.stdout.write('Nothing was changed.\n');
      return;
    }
    await setEnforcing(cluster, namespace, true);
    process.stdout.write(
      `${namespace} enforces: what the policy does not allow is refused there from now on; what runs goes on running.\n` +
        `  seaworthy cluster enforce ${namespace} --off   takes it back\n`,
    );
  } finally {
    await cluster.close();
    await setting.close();
  }
}

async function previewOf(
  cluster: Cluster,
  namespace: string,
  options: Options,
  { home, http }: Setting,
): Promise<Preview> {
  const named = options.policyName === undefined ? {} : { policyName: options.policyName };
  const { policy, problem, notes } = await policyInCluster(cluster, named);
  if (policy === undefined)
    throw new CliFault(
      'option-invalid',
      `expected a policy in the cluster, got ${problem ?? 'none'}: without one everything would be refused`,
      { hint: 'Give it one: seaworthy cluster install --image REF --policy policy.yaml' },
    );
  const progress = terminalProgress(process.stderr);
  const preview = await previewNamespace(cluster, namespace, {
    home,
    http,
    clock: systemClock,
    policy,
    registry: registryOptions(options),
    pullSecrets: options.pullSecrets ?? false,
    stage: (text) => progress?.stage(text),
  }).finally(() => progress?.clear());
  return { ...preview, notes: [...notes, ...preview.notes] };
}

/** Only a person at a terminal is asked. Throws CliFault where there is none. */
async function agreed(namespace: string, refused: number, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new CliFault('option-invalid', 'expected --yes or --preview-only where nobody can be asked', {
      hint: `seaworthy cluster enforce ${namespace} --yes`,
    });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const would =
      refused === 0
        ? 'Nothing that runs there would be refused'
        : `${refused} of what runs there would be refused when it is deployed anew`;
    const answer = await asking.question(`${would}. Enforce in ${namespace}? [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
