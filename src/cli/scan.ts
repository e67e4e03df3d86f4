// seaworthy scan: what is in a target, what is wrong with it, what would mend it, what could not be decided.
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultLimits, type Home, systemClock } from '../core/index.ts';
import { formatPlatform, parsePlatform } from '../image/index.ts';
import {
  formatOpenVex,
  formatReport,
  openDatabase,
  parseOpenVex,
  parseSuppressions,
  type ReportFormat,
  reportFormats,
  type ScanOptions,
  type ScanResult,
  scan,
} from '../scan/index.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { recordEcosystems } from './met.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting, type Setting, wantsColour } from './setting.ts';
import { type SigningOptions, withSigningOptions } from './signingoptions.ts';
import {
  exitCodeOf,
  parseCode,
  parseCondition,
  parseLevel,
  type Threshold,
  undecidedBy,
} from './threshold.ts';

interface Options extends SigningOptions, RegistryOptions {
  attest?: boolean;
  policy?: string;
  label?: string[];
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
}

export function scanCommand(): Command {
  return withRegistryOptions(
    withSigningOptions(new Command('scan'))
      .description('Scan an image, a root file system or an SBOM.')
      .argument(
        '<target>',
        'image reference, docker:REF, registry:REF, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, dir:ROOT, sbom:FILE, or a path',
      )
      .addOption(
        new Option('--format <format>', 'how to write the result')
          .choices([...reportFormats])
          .default('table'),
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
      .option(
        '--attest',
        'sign inventory and result, and put them beside the image, for every platform of it',
      )
      .option(
        '--policy <file>',
        'with --attest: judge by this ImagePolicy and sign a verification summary too',
      )
      .option('--label <name=value>', 'with --policy: label that rules are chosen by', collect)
      .addHelpText(
        'after',
        `
Examples:
  $ seaworthy scan dir:/
  $ seaworthy scan alpine:3.20 --fail-on high,kev
  $ seaworthy scan oci:build/image --format sarif --output seaworthy.sarif
  $ seaworthy scan registry.example.com/team/app:1.2 --attest --key scanner.key`,
      )
      .action(run),
  );
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
    if (options.policy !== undefined && !options.attest)
      throw new CliFault('option-invalid', 'expected --policy with --attest, got it alone', {
        hint: 'seaworthy check REF --policy FILE --scan-result FILE judges a result by a policy.',
      });
    const scanning: ScanOptions = {
      home,
      limits: defaultLimits,
      transport: { http, home, ...platform, ...registryOptions(options) },
      ...(options.base === undefined ? {} : { base: options.base }),
      signal,
      ...(progress ? { progress } : {}),
      clock: systemClock,
      database,
      maxDatabaseAge: options.maxDbAge,
      // what a policy sets aside it sets aside when it judges; the signed result shows it
      suppressions,
      vex,
      alsoNeeds: threshold.conditions.flatMap(({ kind }) =>
        kind === 'kev' ? ['KEV' as const] : kind === 'epss' ? ['EPSS' as const] : [],
      ),
    };
    let results: ScanResult[];
    try {
      results = options.attest
        ? await attested(target, options, scanning, setting)
        : [await scan(target, scanning)];
    } finally {
      progress?.clear();
    }
    for (const result of results) await writeResult(result, options, threshold, home);
    process.exitCode = Math.max(
      ...results.map((result) => exitCodeOf(withUndecided(result, threshold), threshold)),
    );
    database?.close();
  } finally {
    await setting.close();
  }
}

/** What signs is loaded only when it is asked for: a known image is scanned in a tenth of a second. */
async function attested(
  target: string,
  options: Options,
  scanning: ScanOptions,
  setting: Setting,
): Promise<ScanResult[]> {
  const [{ scanAndAttest }, { parseLabels, readPolicy }] = await Promise.all([
    import('./scanattest.ts'),
    import('./policyfile.ts'),
  ]);
  const attesting = {
    signing: options,
    policy: options.policy === undefined ? undefined : await readPolicy(options.policy),
    labels: parseLabels(options.label),
    registry: registryOptions(options),
    single: options.output !== undefined || options.vexOutput !== undefined || options.format !== 'table',
    ...(options.platform === undefined ? {} : { platform: formatPlatform(parsePlatform(options.platform)) }),
  };
  return scanAndAttest(target, attesting, scanning, setting);
}

function withUndecided(result: ScanResult, threshold: Threshold): ScanResult {
  return { ...result, undecided: [...result.undecided, ...undecidedBy(result, threshold)] };
}

async function writeResult(
  scanned: ScanResult,
  options: Options,
  threshold: Threshold,
  home: Home,
): Promise<void> {
  const result = withUndecided(scanned, threshold);
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
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('expected a number of days');
  return value;
}
