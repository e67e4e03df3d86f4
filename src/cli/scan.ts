// seaworthy scan: what is in a target, what is wrong with it, what would mend it, what could not be decided.
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultLimits, systemClock } from '../core/index.ts';
import { parsePlatform } from '../image/index.ts';
import {
  formatOpenVex,
  formatReport,
  openDatabase,
  parseOpenVex,
  parseSuppressions,
  type ReportFormat,
  reportFormats,
  type ScanResult,
  scan,
} from '../scan/index.ts';
import { readText, writeOutput } from './files.ts';
import { recordEcosystems } from './met.ts';
import { terminalProgress } from './progress.ts';
import { collect, openSetting } from './setting.ts';
import {
  exitCodeOf,
  parseCode,
  parseCondition,
  parseLevel,
  type Threshold,
  undecidedBy,
} from './threshold.ts';

interface Options {
  format: ReportFormat;
  output?: string;
  failOn?: string[];
  unknownSeverity?: string;
  accept?: string[];
  onlyFixable?: boolean;
  suppressions?: string[];
  vex?: string[];
  vexOutput?: string;
  vexAuthor: string;
  base?: string;
  platform?: string;
  maxDbAge: number;
  plainHttp?: boolean;
}

export function scanCommand(): Command {
  return new Command('scan')
    .description('Scan an image, a root file system or an SBOM.')
    .argument(
      '<target>',
      'image reference, docker:REF, registry:REF, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, dir:ROOT, sbom:FILE, or a path',
    )
    .addOption(
      new Option('--format <format>', 'how to write the result').choices([...reportFormats]).default('table'),
    )
    .option('--output <file>', 'write the result to a file')
    .option(
      '--fail-on <conditions>',
      'exit 1 when a finding meets one: a severity, kev, epss>=N (repeat or separate by commas)',
      collect,
    )
    .option('--unknown-severity <level>', 'what a finding without severity counts as for --fail-on')
    .option(
      '--accept <codes>',
      'undecided codes that leave the exit code alone (they stay in the report)',
      collect,
    )
    .option('--only-fixable', 'list findings that a new version removes; the others are counted')
    .option(
      '--suppressions <file>',
      'YAML list of findings to set aside, with reason, author and expiry',
      collect,
    )
    .option('--vex <file>', 'OpenVEX statements to go by', collect)
    .option('--vex-output <file>', 'write what was suppressed as OpenVEX')
    .option('--vex-author <author>', 'author of --vex-output', 'seaworthy')
    .option('--base <ref>', 'base image to tell base layers by, instead of the one the image names')
    .option('--platform <os/arch>', 'platform of a multi-platform image (default: this host’s)')
    .option('--max-db-age <days>', 'days after which an advisory source counts as stale', days, 7)
    .option('--plain-http', 'talk plain HTTP to a registry that is not on this machine')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy scan dir:/
  $ seaworthy scan alpine:3.20 --fail-on high,kev
  $ seaworthy scan oci:build/image --format sarif --output seaworthy.sarif`,
    )
    .action(run);
}

async function run(target: string, options: Options, command: Command): Promise<void> {
  const threshold: Threshold = {
    conditions: (options.failOn ?? []).map(parseCondition),
    ...(options.unknownSeverity ? { unknownAs: parseLevel(options.unknownSeverity) } : {}),
    accepted: new Set((options.accept ?? []).map(parseCode)),
  };
  const suppressions = (
    await Promise.all((options.suppressions ?? []).map((file) => parseSuppressions(readText(file), file)))
  ).flat();
  const vex = (options.vex ?? []).flatMap((file) => parseOpenVex(readText(file), file));
  const platform = options.platform === undefined ? {} : { platform: parsePlatform(options.platform) };
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  try {
    const { home, http, signal } = setting;
    const database = openDatabase(home);
    let result: ScanResult;
    try {
      result = await scan(target, {
        home,
        limits: defaultLimits,
        transport: { http, home, ...platform, plainHttp: options.plainHttp ?? false },
        ...(options.base === undefined ? {} : { base: options.base }),
        signal,
        ...(progress ? { progress } : {}),
        clock: systemClock,
        database,
        maxDatabaseAge: options.maxDbAge,
        suppressions,
        vex,
        alsoNeeds: threshold.conditions.flatMap(({ kind }) =>
          kind === 'kev' ? ['KEV' as const] : kind === 'epss' ? ['EPSS' as const] : [],
        ),
      });
    } finally {
      progress?.clear();
    }
    result = { ...result, undecided: [...result.undecided, ...undecidedBy(result, threshold)] };
    recordEcosystems(home, result);
    const text = await formatReport(result, options.format, {
      columns: process.stdout.columns ?? 100,
      colour: options.output === undefined && wantsColour(),
      onlyFixable: options.onlyFixable ?? false,
    });
    await writeOutput(text, options.output);
    if (options.vexOutput !== undefined) {
      const { reference, digest } = result.target;
      const image = { reference, ...(digest ? { digest } : {}) };
      await writeOutput(
        formatOpenVex(result.findings, image, options.vexAuthor, systemClock.now()),
        options.vexOutput,
      );
    }
    process.exitCode = exitCodeOf(result, threshold);
    database?.close();
  } finally {
    await setting.close();
  }
}

/** no-color.org, and FORCE_COLOR for pipelines that show it. */
function wantsColour(): boolean {
  if (process.env['NO_COLOR']) return false;
  if (process.env['FORCE_COLOR']) return process.env['FORCE_COLOR'] !== '0';
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('expected a number of days');
  return value;
}
