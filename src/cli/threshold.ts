// When findings make a command fail: `--fail-on critical`, `--fail-on high,kev`, `--fail-on epss>=0.5`.
import { nearest, type Undecided, type UndecidedCode, undecided, undecidedCodes } from '../core/index.ts';
import { atLeast, type Finding, type ScanResult, type SeverityLevel } from '../scan/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';

export type Condition =
  | { kind: 'severity'; level: SeverityLevel }
  | { kind: 'kev' }
  | { kind: 'epss'; least: number };

const levels = ['critical', 'high', 'medium', 'low', 'negligible'] as const;

/** Throws CliFault `option-invalid`. */
export function parseCondition(text: string): Condition {
  const word = text.toLowerCase();
  const level = levels.find((name) => name === word);
  if (level) return { kind: 'severity', level };
  if (word === 'kev') return { kind: 'kev' };
  const epss = /^epss\s*>=\s*(\d*\.?\d+)$/.exec(word)?.[1];
  if (epss !== undefined && Number(epss) <= 1) return { kind: 'epss', least: Number(epss) };
  const right = nearest(word, [...levels, 'kev']);
  throw new CliFault(
    'option-invalid',
    `expected --fail-on ${levels.join(', ')}, kev or epss>=N (0 to 1), got ${JSON.stringify(text)}`,
    {
      ...(right ? { hint: `did you mean ${right}?` } : {}),
    },
  );
}

/** Throws CliFault `option-invalid`. */
export function parseLevel(text: string): SeverityLevel {
  const level = levels.find((name) => name === text.toLowerCase());
  if (level) return level;
  throw new CliFault('option-invalid', `expected one of ${levels.join(', ')}, got ${JSON.stringify(text)}`);
}

/** Throws CliFault `option-invalid` with the nearest right code. */
export function parseCode(text: string): UndecidedCode {
  if (Object.hasOwn(undecidedCodes, text)) return text as UndecidedCode;
  const right = nearest(text, Object.keys(undecidedCodes));
  throw new CliFault(
    'option-invalid',
    `expected --accept with undecided codes, got ${JSON.stringify(text)}`,
    {
      hint: right ? `did you mean ${right}?` : `the codes are ${Object.keys(undecidedCodes).join(', ')}`,
    },
  );
}

export interface Threshold {
  conditions: readonly Condition[];
  /** What a finding without severity counts as. */
  unknownAs?: SeverityLevel;
  accepted: ReadonlySet<string>;
}

/** Findings that count: not set aside, not known to be harmless. */
function open(result: ScanResult): Finding[] {
  return result.findings.filter(
    (finding) => finding.state === 'affected' && finding.suppressed === undefined,
  );
}

/** What the threshold itself cannot decide: findings without a severity. */
export function undecidedBy(result: ScanResult, threshold: Threshold): Undecided[] {
  if (threshold.unknownAs !== undefined || !threshold.conditions.some(({ kind }) => kind === 'severity'))
    return [];
  const unknown = open(result).filter((finding) => finding.severity.level === 'unknown');
  if (unknown.length === 0) return [];
  const ids = [...new Set(unknown.map((finding) => finding.id))];
  const some = ids.slice(0, 3).join(', ') + (ids.length > 3 ? `, and ${ids.length - 3} more` : '');
  return [
    undecided(
      'severity-unknown',
      `${unknown.length} findings (${some}) have no severity, so --fail-on cannot judge them`,
      {
        hint: '--unknown-severity LEVEL gives them one',
      },
    ),
  ];
}

/** 1 beats 3. */
export function exitCodeOf(result: ScanResult, threshold: Threshold): number {
  if (
    open(result).some((finding) =>
      threshold.conditions.some((condition) => meets(finding, condition, threshold.unknownAs)),
    )
  )
    return exitCodes.failed;
  return result.undecided.some((entry) => !threshold.accepted.has(entry.code))
    ? exitCodes.undecided
    : exitCodes.done;
}

function meets(finding: Finding, condition: Condition, unknownAs: SeverityLevel | undefined): boolean {
  if (condition.kind === 'kev') return finding.kev !== undefined;
  if (condition.kind === 'epss') return (finding.epss ?? 0) >= condition.least;
  const { level } = finding.severity;
  return atLeast(level === 'unknown' ? (unknownAs ?? 'unknown') : level, condition.level);
}
