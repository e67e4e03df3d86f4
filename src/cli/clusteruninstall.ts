// seaworthy cluster uninstall: everything out again, what asks the agent first.
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { uninstallFrom } from '../cluster/index.ts';
import { exitCodes } from './failure.ts';
import { type OneContext, openOne, stepsTo, withOneContext } from './onecontext.ts';
import { terminalProgress } from './progress.ts';
import { openSetting } from './setting.ts';

export function clusterUninstallCommand(): Command {
  return withOneContext(
    new Command('uninstall').description(
      'Remove the agent, its policies, exceptions and records, and the label of every namespace.',
    ),
  )
    .addHelpText(
      'after',
      `
Example:
  $ kubectl -n seaworthy-system get imagepolicies,imageexceptions -o yaml > kept.yaml
  $ seaworthy cluster uninstall --context production

Nothing is refused from its first step on. Exit codes: 0 done, 2 not done, 3 something is still going.`,
    )
    .action(run);
}

async function run(options: OneContext, command: Command): Promise<void> {
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  const cluster = await openOne(options);
  try {
    const { removed, unlabelled, left } = await uninstallFrom({
      cluster,
      say: stepsTo(progress),
      pause: (ms) => delay(ms, undefined, { signal: setting.signal }),
      timeout: 120_000,
    }).finally(() => progress?.clear());
    const lines = [
      removed.length === 0
        ? `Nothing of Seaworthy was in ${cluster.context}.`
        : `Removed from ${cluster.context}: ${removed.length} objects, and all that was in the namespace seaworthy-system.`,
      ...(unlabelled.length === 0 ? [] : [`No longer enforcing: ${unlabelled.join(', ')}`]),
      ...(left.length === 0 ? [] : [`Still going: ${left.join(', ')}`]),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    if (left.length > 0) process.exitCode = exitCodes.undecided;
  } finally {
    await cluster.close();
    await setting.close();
  }
}
