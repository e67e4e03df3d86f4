// The result for a person at a terminal: what to do first at the top, then why, then what nobody could decide.
import type { Finding, FixStep, ScanResult } from '../match/index.ts';
import { databaseLines, headLines, undecidedLines } from './tableframe.ts';
import { groups, isFixable, isOpen, type PackageGroup, rows, severities } from './tally.ts';
import { counted, paint, plain, type Style, type TableLook, widthOf, wrap } from './text.ts';

const colours: Record<string, Style[]> = {
  critical: ['red', 'bold'],
  high: ['red'],
  medium: ['yellow'],
  low: ['blue'],
  negligible: ['dim'],
  unknown: ['magenta'],
};

/** Steps shown in full; the others are counted, and stand with their packages below. */
const stepsShown = 8;

export function formatTable(result: ScanResult & { leftOut?: number }, look: TableLook): string {
  const open = result.findings.filter(isOpen);
  const fixable = open.filter(isFixable);
  const without = open.filter((finding) => !isFixable(finding));
  const blocks = [
    headLines(result, open, look),
    ...(result.plan.length > 0 ? [planLines(result.plan, open, look)] : []),
    ...(fixable.length > 0 ? [findingLines('Findings with a fix', fixable, look)] : []),
    ...(without.length > 0 ? [findingLines('Findings without a fix', without, look)] : []),
    ...(result.leftOut
      ? [wrap(`${counted(result.leftOut, 'finding')} without a fix left out (--only-fixable).`, look.columns)]
      : []),
    ...asideLines(result, look),
    ...(result.undecided.length > 0 ? [undecidedLines(result, look)] : []),
    databaseLines(result, look),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function title(text: string, look: TableLook): string {
  return paint(text, look.colour, 'bold');
}

function planLines(plan: readonly FixStep[], open: readonly Finding[], look: TableLook): string[] {
  const lines = [title('Do first', look)];
  for (const [i, step] of plan.slice(0, stepsShown).entries()) {
    const names =
      step.kind === 'os' && step.packages.length > 1
        ? `${step.name} (${step.packages.join(', ')})`
        : (step.packages[0] ?? step.name);
    const verb = step.kind === 'os' ? 'upgrade' : 'bump';
    const name = step.kind === 'os' ? names : step.name;
    const removes = `removes ${counted(step.count, 'finding')}${gravest(step, open)}`;
    const [first, ...rest] = wrap(
      plain(`${verb} ${name} ${step.from} → ${step.to}: ${removes}${origin(step.introducedBy)}`),
      look.columns - 5,
    );
    lines.push(`${String(i + 1).padStart(3)}. ${first}`, ...rest.map((line) => `     ${line}`));
  }
  if (plan.length > stepsShown)
    lines.push(
      ...wrap(
        `and ${counted(plan.length - stepsShown, 'step')} more, below with their packages`,
        look.columns,
        '     ',
      ),
    );
  return lines;
}

/** Flaws among those of a step that a person should know of first. */
function gravest(step: FixStep, open: readonly Finding[]): string {
  const fixes = new Set(step.fixes);
  const names = new Set(step.kind === 'os' ? step.packages : [step.name]);
  const removed = open.filter((finding) => fixes.has(finding.id) && names.has(finding.name));
  const count = (findings: readonly Finding[]) => new Set(findings.map(({ id }) => id)).size;
  const exploited = count(removed.filter((finding) => finding.kev));
  const critical = count(removed.filter((finding) => finding.severity.level === 'critical'));
  return `${exploited > 0 ? `, ${exploited} known to be exploited` : ''}${critical > 0 ? `, ${critical} critical` : ''}`;
}

function origin(introducedBy: Finding['introducedBy']): string {
  return introducedBy === 'base' ? ' (from the base image)' : '';
}

function findingLines(head: string, findings: readonly Finding[], look: TableLook): string[] {
  const [first, ...more] = wrap(`${head}: ${severities(findings)}`, look.columns);
  const lines = [title(first ?? head, look), ...more];
  for (const group of groups(findings)) lines.push(...groupLines(group, look));
  return lines;
}

function groupLines(group: PackageGroup, look: TableLook): string[] {
  const names = group.packages.map(plain).join(', ');
  const by = group.introducedBy === 'unknown' ? '' : `  [${group.introducedBy}]`;
  const [head = '', ...more] = wrap(`${names} ${plain(group.version)}${by}`, look.columns - 2);
  const lines = [
    '',
    paint(`  ${head}`, look.colour, 'bold'),
    ...more.map((line) => paint(`    ${line}`, look.colour, 'bold')),
  ];
  const places = group.locations.map(plain);
  const shown =
    places.length > 2
      ? `${places.slice(0, 2).join(', ')}, and ${places.length - 2} more places`
      : places.join(', ');
  lines.push(...wrap(shown, look.columns, '    ').map((line) => paint(line, look.colour, 'dim')));
  const { alone, together } = rows(group.findings);
  for (const finding of alone) lines.push(...findingRow(finding, look));
  for (const findings of together) lines.push(...sharedRow(findings, look));
  return lines;
}

/** Many flaws of one package that end with the same version: one block of ids. */
function sharedRow(findings: readonly Finding[], look: TableLook): string[] {
  const [first] = findings;
  if (first === undefined) return [];
  if (findings.length === 1) return findingRow(first, look);
  const { level } = first.severity;
  const [fix] = first.fixedIn;
  const head = `${findings.length} ${level}${fix ? `, fixed in ${plain(fix.version)}` : ''}:`;
  const [line = '', ...more] = wrap(
    `${head} ${findings.map((finding) => plain(finding.id)).join(', ')}`,
    look.columns - 2,
    '    ',
  );
  return [
    line.replace(level, () => paint(level, look.colour, ...colours[level]!)),
    ...more.map((text) => `  ${text}`),
  ];
}

function findingRow(finding: Finding, look: TableLook): string[] {
  const { level } = finding.severity;
  const id = plain(finding.id);
  const marks = [
    finding.kev ? (finding.kev.ransomware ? 'KEV, ransomware' : 'KEV') : '',
    finding.epss !== undefined && finding.epss >= 0.01 ? `EPSS ${(finding.epss * 100).toFixed(0)}%` : '',
    finding.state === 'unknown' ? 'undecided' : '',
  ].filter((mark) => mark !== '');
  const fix = finding.fixedIn[0];
  const fixed =
    fix === undefined
      ? ''
      : `fixed in ${plain(fix.version)}${fix.channel ? ` (only in ${plain(fix.channel)})` : ''}`;
  const told = [fixed, ...marks].filter((part) => part !== '').join('; ');
  const label = level.padEnd(10);
  const plainRow = `    ${label} ${id.padEnd(20)} ${told}`.trimEnd();
  if (widthOf(plainRow) <= look.columns)
    return [
      `    ${paint(label, look.colour, ...colours[level]!)} ${id.padEnd(20)} ${paintMarks(told, finding, look)}`.trimEnd(),
    ];
  return [
    `    ${paint(label.trimEnd(), look.colour, ...colours[level]!)} ${id}`,
    ...wrap(told, look.columns, '      '),
  ];
}

function paintMarks(told: string, finding: Finding, look: TableLook): string {
  return finding.kev && look.colour
    ? told.replace(/KEV(?:, ransomware)?/, (mark) => paint(mark, true, 'red', 'bold'))
    : told;
}

/** What is known and does not count, in a line each. */
function asideLines(result: ScanResult, look: TableLook): string[][] {
  const suppressed = result.findings.filter((finding) => finding.suppressed !== undefined);
  const harmless = result.findings.filter(
    (finding) => finding.state === 'not_affected' && finding.suppressed === undefined,
  );
  const lines: string[] = [];
  if (suppressed.length > 0)
    lines.push(...wrap(`${counted(suppressed.length, 'finding')} set aside by suppressions.`, look.columns));
  const reasons = new Map<string, number>();
  for (const finding of harmless)
    if (finding.state === 'not_affected') {
      const said = finding.author ? `${finding.reason} (${finding.author})` : finding.reason;
      reasons.set(said, (reasons.get(said) ?? 0) + 1);
    }
  for (const [reason, count] of reasons)
    lines.push(...wrap(`${counted(count, 'finding')} not affected: ${plain(reason)}.`, look.columns));
  return lines.length > 0 ? [lines] : [];
}
