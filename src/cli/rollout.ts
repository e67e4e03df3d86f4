// seaworthy rollout: workloads and manifests on one digest are moved to another, watched, and returned when they fail.
import { randomUUID } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  formatChange,
  formatHolds,
  formatOutcome,
  formatPlan,
  formatStopped,
  isFailure,
  type Outcome,
  planResume,
  planRollout,
  type RolloutPlan,
  type RolloutResult,
  runRollout,
  summaryOf,
} from '../cluster/rollout/index.ts';
import type { DigestChange } from '../cluster/workload/index.ts';
import { systemClock } from '../core/index.ts';
import { formatVerdict } from '../trust/index.ts';
import { type ContextOptions, clustersOf, withContextOptions } from './contexts.ts';
import { parseDuration } from './duration.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { parseLabels } from './policyfile.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { judgeChange, readChange } from './rolloutchange.ts';
import {
  type GitOptions,
  type GitTarget,
  openGitTarget,
  type Proposed,
  withGitOptions,
} from './rolloutgit.ts';
import { confirmed, personOf, stepLines } from './rolloutsay.ts';
import { collect, openSetting, type Setting, wantsColour } from './setting.ts';

interface Options extends ContextOptions, RegistryOptions, GitOptions {
  namespace?: string[];
  cause?: string;
  by?: string;
  timeout?: number;
  restarts?: number;
  settle?: number;
  parallel?: number;
  allOrNothing?: boolean;
  testJob?: boolean;
  policy?: string;
  label?: string[];
  resume?: boolean;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

export function rolloutCommand(): Command {
  return withGitOptions(
    withRegistryOptions(
      withContextOptions(
        new Command('rollout')
          .description('Move everything that runs one digest to another, watch it, and return what fails.')
          .argument(
            '[old]',
            'REF@DIGEST that runs now; with a tag, manifests that name only this tag are meant as well',
          )
          .argument('[new]', 'digest, or a reference of the same repository'),
      ),
    )
      .option('--namespace <name>', 'only these namespaces (repeat or separate by commas)', collect)
      .option('--cause <text>', 'why: kept with the workloads and in the commit')
      .option('--by <text>', 'who is named in records and holds (default: your account)')
      .option(
        '--timeout <span>',
        'time without progress after which a workload has failed (default: 10m)',
        parseDuration,
      )
      .option(
        '--restarts <count>',
        'restarts of a container that count as a crash loop (default: 3)',
        parseCount,
      )
      .option(
        '--settle <span>',
        'how long pods have to run untroubled before their workload has moved (default: 10s)',
        parseDuration,
      )
      .option('--parallel <count>', 'workloads that move at once (default: 1)', parseCount)
      .option('--all-or-nothing', 'one failure returns every workload that moved with it')
      .option('--test-job', 'prove a CronJob by a Job of our own, removed afterwards')
      .option('--policy <file>', 'ImagePolicy that has to allow the new digest first')
      .option('--label <name=value>', 'label that rules of the policy are chosen by', collect)
      .option('--resume', 'finish what other runs began, and begin nothing')
      .option('--plan', 'show what would be done, and do nothing')
      .option('--yes', 'do not ask'),
  )
    .addOption(
      new Option('--format <format>', 'how to write the result').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy rollout registry.example.com/team/app@sha256:OLD sha256:NEW --plan
  $ seaworthy rollout registry.example.com/team/app:1.2@sha256:OLD sha256:NEW --git https://github.com/org/deploy

Exit codes: 0 all moved, 1 something failed and was returned, or the new digest is on hold, 2 wrong usage,
3 something was left alone or could not be proven.`,
    )
    .action(run);
}

async function run(
  old: string | undefined,
  next: string | undefined,
  options: Options,
  command: Command,
): Promise<void> {
  const setting = openSetting(command);
  const text = options.format === 'text';
  const columns = process.stdout.columns ?? 100;
  const say = (part: string) => text && process.stdout.write(part);
  let git: GitTarget | undefined;
  const clusters: { close(): Promise<void> }[] = [];
  try {
    const change = await changeOf(old, next, options, setting);
    if (change !== undefined && options.policy !== undefined && !(await isAllowed(change, options, setting)))
      return;
    const plans: RolloutPlan[] = [];
    for (const { open } of await targetsOf(options)) {
      const cluster = await open();
      clusters.push(cluster);
      const planning = { clock: systemClock, namespaces: options.namespace ?? [] };
      plans.push(
        ...(change === undefined
          ? await planResume(cluster, planning)
          : [await planRollout(cluster, change, planning)]),
      );
    }
    if (change !== undefined && options.git !== undefined)
      git = await openGitTarget(change, options, setting);
    if (change !== undefined) say(formatChange(change));
    for (const plan of plans)
      say(`${change === undefined ? formatChange(plan.change) : ''}${formatPlan(plan, columns)}`);
    if (change === undefined && plans.length === 0) say('nothing was begun and not ended\n');
    if (git !== undefined) say(git.text);
    const held = plans.find(({ holds }) => holds.length > 0);
    if (held !== undefined)
      process.stderr.write(
        `${held.change.to} is on hold and will not be rolled out:\n${formatHolds(held, columns)}`,
      );
    const hasWork =
      plans.some(({ moves }) => moves.length > 0) || (git?.hasWork === true && held === undefined);
    if (options.plan || !hasWork) {
      if (options.format === 'json') writeJson(change, plans, [], undefined, git);
      process.exitCode = held !== undefined ? exitCodes.failed : leftCode(plans, git);
      return;
    }
    if (!options.yes && !(await confirmed('Go on?', setting.signal)))
      throw new CliFault('option-invalid', 'expected a yes, got none: nothing was changed', {
        hint: 'Look at the plan above, and run the same with --yes.',
      });
    const results = await runAll(plans, options, setting, say, columns);
    const isFailed = held !== undefined || results.some(({ outcomes }) => outcomes.some(isFailure));
    if (git !== undefined && isFailed)
      process.stderr.write('git: nothing is proposed, because the rollout failed\n');
    const proposed = git === undefined || isFailed ? undefined : await git.propose(setting);
    if (proposed !== undefined) say(proposed.text);
    if (plans.length > 0) say(`${results.map(summaryOf).join('; ')}\n`);
    if (options.format === 'json') writeJson(change, plans, results, proposed, git);
    const isOpen = results.some(({ outcomes }) => outcomes.some(({ state }) => state !== 'moved'));
    process.exitCode = isFailed ? exitCodes.failed : isOpen ? exitCodes.undecided : leftCode(plans, git);
  } finally {
    git?.close();
    await Promise.all(clusters.map((cluster) => cluster.close()));
    await setting.close();
  }
}

async function changeOf(
  old: string | undefined,
  next: string | undefined,
  options: Options,
  setting: Setting,
): Promise<DigestChange | undefined> {
  if (options.resume) {
    if (old !== undefined || options.git !== undefined)
      throw new CliFault('option-invalid', 'expected --resume alone, got a reference or --git beside it');
    return undefined;
  }
  if (old === undefined || next === undefined)
    throw new CliFault('option-invalid', 'expected REF@OLD and NEW, got less', {
      hint: 'seaworthy rollout REF@sha256:OLD sha256:NEW --plan shows what would be done',
    });
  return readChange(old, next, { http: setting.http, ...registryOptions(options) });
}

/** A repository alone is enough; a cluster beside it has to be named. */
async function targetsOf(options: Options): ReturnType<typeof clustersOf> {
  const isNamed = options.context !== undefined || options.allContexts || options.kubeconfig !== undefined;
  return options.git !== undefined && !isNamed ? [] : clustersOf(options);
}

async function isAllowed(change: DigestChange, options: Options, setting: Setting): Promise<boolean> {
  const place = { http: setting.http, ...registryOptions(options) };
  const verdict = await judgeChange(change, options.policy!, parseLabels(options.label), setting, place);
  if (verdict.decision === 'allow') return true;
  process.stderr.write(
    formatVerdict(verdict, { columns: process.stderr.columns ?? 100, colour: wantsColour() }),
  );
  process.stderr.write('not rolled out\n');
  process.exitCode = verdict.decision === 'deny' ? exitCodes.failed : exitCodes.undecided;
  return false;
}

/** One cluster after the other; a failure in one leaves the rest as they are. */
async function runAll(
  plans: readonly RolloutPlan[],
  options: Options,
  setting: Setting,
  say: (text: string) => unknown,
  columns: number,
): Promise<RolloutResult[]> {
  const steps = stepLines(process.stderr);
  const results: RolloutResult[] = [];
  const id = randomUUID();
  try {
    for (const plan of plans) {
      if (results.some(({ outcomes }) => outcomes.some(isFailure))) {
        results.push({ outcomes: [], stopped: plan.moves });
        say(formatStopped(plan.moves));
        continue;
      }
      const result = await runRollout(plan, {
        id,
        by: options.by ?? (await personOf(plan.cluster)),
        ...(options.cause === undefined ? {} : { cause: options.cause }),
        ...(options.timeout === undefined ? {} : { patience: options.timeout }),
        ...(options.restarts === undefined ? {} : { restarts: options.restarts }),
        ...(options.settle === undefined ? {} : { settle: options.settle }),
        parallel: options.parallel ?? 1,
        together: options.allOrNothing ?? false,
        testJob: options.testJob ?? false,
        signal: setting.signal,
        onStep: steps.step,
        onOutcome(outcome: Outcome) {
          steps.clear();
          say(formatOutcome(outcome, columns));
        },
      });
      say(formatStopped(result.stopped));
      results.push(result);
    }
  } catch (error) {
    steps.clear();
    process.stderr.write(
      'stopped half-way; what was begun goes on in the cluster: seaworthy rollout --resume\n',
    );
    throw error;
  }
  steps.clear();
  return results;
}

/** What a person still has to do is no success. */
function leftCode(plans: readonly RolloutPlan[], git: GitTarget | undefined): number {
  const isLeft = plans.some(({ left }) => left.length > 0) || git?.hasLeft === true;
  return isLeft ? exitCodes.undecided : exitCodes.done;
}

function writeJson(
  change: DigestChange | undefined,
  plans: readonly RolloutPlan[],
  results: readonly RolloutResult[],
  proposed: Proposed | undefined,
  git: GitTarget | undefined,
): void {
  const clusters = plans.map(({ cluster, moves, left, holds, already, isWhole }, i) => ({
    context: cluster.context,
    moves,
    left,
    holds,
    already,
    isWhole,
    ...(results[i] === undefined ? {} : results[i]),
  }));
  const value = {
    schemaVersion: 1,
    ...(change === undefined ? {} : { change }),
    clusters,
    ...(git === undefined ? {} : { git: { ...git.json, ...(proposed?.json ?? {}) } }),
  };
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1 to 999');
}
