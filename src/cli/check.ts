// seaworthy check: may this image run under this policy? Signed evidence is judged; nothing is scanned here.
import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { isFault, parseJson, systemClock } from '../core/index.ts';
import type { ScanResult } from '../scan/index.ts';
import {
  type Checked,
  type CheckRequest,
  createChecker,
  formatVerdict,
  verdictJson,
  verifyHere,
} from '../trust/index.ts';
import { parseDuration } from './duration.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { parseLabels, readPolicy } from './policyfile.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting, type Setting, wantsColour } from './setting.ts';

interface Options extends RegistryOptions {
  policy: string;
  label?: string[];
  platform?: string[];
  scanResult?: string[];
  release?: boolean;
  wait?: number;
  format: 'text' | 'json';
  output?: string;
}

export function checkCommand(): Command {
  return withRegistryOptions(
    new Command('check')
      .description('Judge an image by a policy: allow, deny or undecided, with reasons and fixes.')
      .argument('<ref>', 'image reference; a tag is resolved once')
      .requiredOption('--policy <file>', 'ImagePolicy, YAML')
      .option(
        '--label <name=value>',
        'label that rules are chosen by, such as environment=production',
        collect,
      )
      .option('--platform <os/arch>', 'platforms that will run (default: all of the image)', collect)
      .option('--scan-result <file>', 'result of seaworthy scan --format json that you vouch for', collect)
      .option('--release', 'judge every rule as enforced, as a promotion does')
      .option(
        '--wait <span>',
        'follow an image that is still being scanned or signed, such as 10m',
        parseDuration,
      )
      .addOption(
        new Option('--format <format>', 'how to write the verdict').choices(['text', 'json']).default('text'),
      )
      .option('--output <file>', 'write the verdict to a file')
      .addHelpText(
        'after',
        `
Example:
  $ seaworthy check registry.example.com/team/app:1.2 --policy policy.yaml

Exit codes: 0 allow, 1 deny, 2 wrong usage or image not resolvable, 3 undecided.`,
      )
      .action(run),
  );
}

async function run(reference: string, options: Options, command: Command): Promise<void> {
  const policy = await readPolicy(options.policy);
  const scanFiles = options.scanResult?.map(readScanResult);
  const setting = openSetting(command);
  try {
    const request: CheckRequest = {
      reference,
      policy,
      labels: parseLabels(options.label),
      purpose: options.release ? 'release' : 'admission',
      ...(options.platform === undefined ? {} : { platforms: options.platform }),
      ...(scanFiles === undefined ? {} : { scanFiles }),
    };
    const { verdict, stale } = await follow(request, options, setting);
    const columns = process.stdout.columns ?? 100;
    const colour = options.output === undefined && wantsColour();
    await writeOutput(
      options.format === 'json' ? verdictJson(verdict) : formatVerdict(verdict, { columns, colour }),
      options.output,
    );
    for (const text of stale) process.stderr.write(`warning: ${text}\n`);
    process.exitCode = { allow: exitCodes.done, deny: exitCodes.failed, undecided: exitCodes.undecided }[
      verdict.decision
    ];
  } finally {
    await setting.close();
  }
}

/** Faults and denials that time can mend: the image is not pushed, not signed or not scanned yet. */
const passing = new Set(['image-not-found', 'registry-failed', 'connect-failed', 'timeout', 'rate-limited']);
const growing = new Set([
  'signature-missing',
  'signers-too-few',
  'attestation-missing',
  'scan-missing',
  'evidence-unlisted',
]);
const longestPause = 15_000;

async function follow(request: CheckRequest, options: Options, setting: Setting): Promise<Checked> {
  const { home, http, signal } = setting;
  const until = Date.now() + (options.wait ?? 0);
  let said = '';
  for (let pause = 1000; ; pause = Math.min(pause * 1.5, longestPause)) {
    // a new one each time: what was kept is what we wait to change
    const checker = createChecker({
      home,
      http,
      clock: systemClock,
      verify: verifyHere,
      ...registryOptions(options),
    });
    const left = until - Date.now();
    let waiting: string;
    try {
      const checked = await checker.check(request);
      const open = checked.verdict.rules.filter(
        ({ outcome }) => outcome === 'failed' || outcome === 'undecided',
      );
      const codes = open.map(({ code }) => code ?? '');
      if (checked.verdict.decision === 'allow' || left <= 0 || !codes.some((code) => growing.has(code)))
        return checked;
      waiting = open.map(({ rule, found }) => `${rule}: ${found}`).join('; ');
    } catch (error) {
      if (left <= 0 || !isFault(error) || !passing.has(error.code)) throw error;
      waiting = error.message;
    }
    if (waiting !== said) process.stderr.write(`waiting: ${waiting}\n`);
    said = waiting;
    await delay(Math.min(pause, left), undefined, { signal });
  }
}

function readScanResult(file: string): ScanResult {
  const value = parseJson(readText(file)) as Partial<ScanResult> | null;
  if (value?.schemaVersion === 1 && typeof value.target?.digest === 'string' && Array.isArray(value.findings))
    return value as ScanResult;
  throw new CliFault(
    'option-invalid',
    `expected a result of seaworthy scan --format json in ${file}, got another document`,
  );
}
