// seaworthy cluster status: what runs in one or several clusters, and how it stands today.
import { statSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type ClusterStatus,
  clusterStatus,
  formatReach,
  formatStatus,
  type ImageStatus,
  type JudgingPolicy,
  type Reach,
  reachOf,
  statusJson,
} from '../cluster/index.ts';
import { systemClock } from '../core/index.ts';
import { atLeast, openDatabase } from '../scan/index.ts';
import { type ContextOptions, clustersOf, withContextOptions } from './contexts.ts';
import { exitCodes } from './failure.ts';
import { writeOutput } from './files.ts';
import { readPolicy } from './policyfile.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting, wantsColour } from './setting.ts';
import { type Condition, parseCode, parseCondition } from './threshold.ts';

interface Options extends ContextOptions, RegistryOptions {
  namespace?: string[];
  policy?: string;
  policyName?: string;
  cve?: string;
  failOn?: string[];
  accept?: string[];
  maxDbAge: number;
  pullSecrets?: boolean;
  format: 'table' | 'json';
  output?: string;
}

export function clusterStatusCommand(): Command {
  return withRegistryOptions(
    withContextOptions(
      new Command('status').description(
        'Show every running image with its workload, its findings and its verdict of today.',
      ),
    )
      .option('--namespace <name>', 'only these namespaces (repeat or separate by commas)', collect)
      .option('--policy <file>', 'judge by this ImagePolicy instead of the cluster’s own')
      .option('--policy-name <name>', 'which ImagePolicy of the cluster counts, where there are several')
      .option('--cve <id>', 'only the running containers that this flaw reaches: a CVE, GHSA or other id')
      .option(
        '--fail-on <conditions>',
        'exit 1 on a denied workload or a finding: denied, a severity, kev, epss>=N (repeat or separate by commas)',
        collect,
      )
      .option(
        '--accept <codes>',
        'undecided codes that leave the exit code alone (they stay in the report)',
        collect,
      )
      .option('--max-db-age <days>', 'days after which an advisory source counts as stale', days, 7)
      .option(
        '--pull-secrets',
        'read images with the cluster’s image pull secrets before your own credentials',
      ),
  )
    .addOption(
      new Option('--format <format>', 'how to write the result').choices(['table', 'json']).default('table'),
    )
    .option('--output <file>', 'write the result to a file')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy cluster status
  $ seaworthy cluster status --all-contexts --fail-on denied,kev
  $ seaworthy cluster status --cve CVE-2024-3094

Exit codes: 0 done, 1 --fail-on is met or --cve reaches something, 2 wrong usage, 3 undecided images, or a cluster that does not answer.`,
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const conditions = (options.failOn ?? []).map((text) =>
    text.toLowerCase() === 'denied' ? ({ kind: 'denied' } as const) : parseCondition(text),
  );
  const accepted = new Set<string>((options.accept ?? []).map(parseCode));
  const policy = options.policy === undefined ? undefined : await policyFrom(options.policy);
  const clusters = await clustersOf(options);
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  const database = openDatabase(setting.home);
  try {
    const status = await clusterStatus({
      clusters,
      home: setting.home,
      http: setting.http,
      signal: setting.signal,
      clock: systemClock,
      database,
      maxDatabaseAge: options.maxDbAge,
      alsoNeeds: conditions.flatMap(({ kind }) =>
        kind === 'kev' ? ['KEV' as const] : kind === 'epss' ? ['EPSS' as const] : [],
      ),
      registry: registryOptions(options),
      judging: options.cve === undefined,
      pullSecrets: options.pullSecrets ?? false,
      ...(options.namespace === undefined ? {} : { namespaces: options.namespace }),
      ...(policy === undefined ? {} : { policy }),
      ...(options.policyName === undefined ? {} : { policyName: options.policyName }),
      ...(progress === undefined ? {} : { progress }),
    }).finally(() => progress?.clear());
    const reach = options.cve === undefined ? undefined : reachOf(options.cve, status, database);
    const look = {
      columns: process.stdout.columns ?? 100,
      colour: options.output === undefined && wantsColour(),
    };
    const text =
      options.format === 'json'
        ? statusJson(status, reach)
        : reach === undefined
          ? formatStatus(status, look)
          : formatReach(reach, status, look);
    await writeOutput(text, options.output);
    process.exitCode =
      reach === undefined ? exitCodeOf(status, conditions, accepted) : reachCode(reach, status, accepted);
  } finally {
    database?.close();
    await setting.close();
  }
}

async function policyFrom(file: string): Promise<JudgingPolicy> {
  return { policy: await readPolicy(file), from: file, changed: statSync(file).mtimeMs };
}

/** 1 beats 3. */
function exitCodeOf(
  status: ClusterStatus,
  conditions: readonly (Condition | { kind: 'denied' })[],
  accepted: ReadonlySet<string>,
): number {
  const rows = status.contexts.flatMap(({ running }) => running);
  const met = conditions.some((condition) =>
    condition.kind === 'denied'
      ? rows.some(({ verdict }) => verdict?.decision === 'deny')
      : status.images.some(({ findings }) => findings.some((finding) => meets(finding, condition))),
  );
  if (met) return exitCodes.failed;
  const open = rows.some(({ verdict }) => verdict?.decision === 'undecided');
  // a threshold cannot judge a finding without a severity
  const isOpen =
    !accepted.has('severity-unknown') &&
    conditions.some(({ kind }) => kind === 'severity') &&
    status.images.some(({ findings }) =>
      findings.some(({ level, state }) => level === 'unknown' && state === 'affected'),
    );
  return open || isOpen || hasGaps(status, accepted) ? exitCodes.undecided : exitCodes.done;
}

function reachCode(reach: Reach, status: ClusterStatus, accepted: ReadonlySet<string>): number {
  if (reach.reached.length > 0) return exitCodes.failed;
  return !reach.isKnown || reach.open.length > 0 || hasGaps(status, accepted)
    ? exitCodes.undecided
    : exitCodes.done;
}

function hasGaps({ contexts, images }: ClusterStatus, accepted: ReadonlySet<string>): boolean {
  return (
    contexts.some(({ problem, policyProblem }) => problem !== undefined || policyProblem !== undefined) ||
    images.some(
      ({ problem, undecided }) => problem !== undefined || undecided.some(({ code }) => !accepted.has(code)),
    )
  );
}

function meets(finding: ImageStatus['findings'][number], condition: Condition): boolean {
  if (finding.state !== 'affected') return false;
  if (condition.kind === 'kev') return finding.kev !== undefined;
  if (condition.kind === 'epss') return (finding.epss ?? 0) >= condition.least;
  return atLeast(finding.level, condition.level);
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('expected a number of days');
  return value;
}
