// The verdict for a person at a terminal: the answer first, then what every rule found and what would mend it.
import { paint, plain, type Style, type TableLook, widthOf, wrap } from '../../scan/report/index.ts';
import { dayText } from './duration.ts';
import type { RuleOutcome, Verdict } from './verdict.ts';

/** Lines that a verdict takes at most, whatever the policy holds. */
const mostLines = 24;

const marks: Record<RuleOutcome['outcome'], { mark: string; styles: Style[] }> = {
  met: { mark: '✓', styles: ['green'] },
  failed: { mark: '✗', styles: ['red', 'bold'] },
  undecided: { mark: '?', styles: ['yellow', 'bold'] },
  excepted: { mark: '~', styles: ['blue'] },
};

const decisions: Record<Verdict['decision'], Style[]> = {
  allow: ['green', 'bold'],
  deny: ['red', 'bold'],
  undecided: ['yellow', 'bold'],
};

/** At most 24 lines: texts are cut before rules are, and rules that are met before those that are not. */
export function formatVerdict(verdict: Verdict, look: TableLook): string {
  const columns = Math.max(40, look.columns);
  const head = headLines(verdict, { ...look, columns });
  const room = mostLines - head.length - 1;
  const blocks = fit(verdict, columns, room, look.colour);
  return `${[...head, '', ...blocks].join('\n')}\n`;
}

function headLines(verdict: Verdict, look: TableLook): string[] {
  const { decision, image, digest, platforms, policy } = verdict;
  const [first = '', ...more] = wrap(plain(image), look.columns - decision.length - 2);
  const facts = [
    ...(image.includes(digest) ? [] : [digest]),
    ...(platforms.length > 0 ? [listed(platforms, 4)] : []),
    `policy ${policy.name}`,
    ...(verdict.until === undefined ? [] : [`until ${dayText(verdict.until)}`]),
  ].join(' · ');
  return [
    `${paint(decision.toUpperCase(), look.colour, ...decisions[decision])}  ${paint(first, look.colour, 'bold')}`,
    ...more.slice(0, 2),
    ...wrap(plain(facts), look.columns).map((line) => paint(line, look.colour, 'dim')),
  ];
}

/** Lines for each text of a rule: the widest choice that fits. */
const roominess = [
  { text: 3, fix: true },
  { text: 2, fix: true },
  { text: 1, fix: true },
  { text: 1, fix: false },
] as const;

function fit({ rules }: Verdict, columns: number, room: number, colour: boolean): string[] {
  const sorted = [...rules].sort((a, b) => weight(a) - weight(b));
  const indent = Math.min(22, Math.max(...rules.map(({ rule }) => widthOf(plain(rule)))) + 4);
  for (const choice of roominess) {
    const blocks = sorted.map((outcome) => ruleLines(outcome, columns, indent, choice, colour));
    if (blocks.flat().length <= room) return blocks.flat();
  }
  const tight = sorted.map((outcome, i) =>
    ruleLines(outcome, columns, indent, { text: 1, fix: i === 0 }, colour),
  );
  const shown: string[] = [];
  let count = 0;
  for (const block of tight) {
    if (shown.length + block.length > room - 1) break;
    shown.push(...block);
    count++;
  }
  const left = sorted.slice(count);
  if (left.length === 0) return shown;
  const open = left.filter(({ outcome }) => outcome !== 'met').length;
  const text = `and ${left.length} more rules, ${open === 0 ? 'all met' : `${open} of them not met`} (--format json shows them)`;
  return [...shown, paint(cut([text], 1, columns)[0]!, colour, 'dim')];
}

/** What decides comes first. */
function weight({ outcome, mode }: RuleOutcome): number {
  if (outcome === 'failed') return mode === 'enforce' ? 0 : 2;
  if (outcome === 'undecided') return mode === 'enforce' ? 1 : 3;
  return outcome === 'excepted' ? 4 : 5;
}

function ruleLines(
  outcome: RuleOutcome,
  columns: number,
  indent: number,
  room: { text: number; fix: boolean },
  colour: boolean,
): string[] {
  const { mark, styles } = marks[outcome.outcome];
  const name = plain(outcome.rule);
  const width = columns - indent;
  const pad = ' '.repeat(indent);
  const isMet = outcome.outcome === 'met';
  const only = outcome.mode === 'enforce' || isMet ? '' : ` (${outcome.mode} only)`;
  const found = cut(wrap(plain(`${outcome.found}${only}`), width), isMet ? 1 : room.text, width);
  const texts = isMet
    ? found
    : [...found, ...cut(wrap(`wanted: ${plain(outcome.expected)}`, width), room.text, width)];
  for (const { author, expires, reason } of outcome.exceptions ?? [])
    texts.push(
      ...cut(wrap(plain(`let past by ${author} through ${expires}: ${reason}`), width), room.text, width),
    );
  const { fix } = outcome;
  if (fix && room.fix) texts.push(...cut(wrap(`fix: ${plain(fix.text)}`, width), room.text, width));
  const head = `${paint(mark, colour, ...styles)} `;
  const label = widthOf(name) > indent - 3 ? cut(wrap(name, indent - 3), 1, indent - 3)[0]! : name;
  const lines = texts.map((text, i) =>
    i === 0
      ? `${head}${paint(label, colour, 'bold')}${' '.repeat(indent - 2 - widthOf(label))}${text}`
      : `${pad}${i < found.length ? text : paint(text, colour, 'dim')}`,
  );
  if (fix?.command !== undefined && room.fix) lines.push(...commandLines(plain(fix.command), columns));
  return lines;
}

/** A command broken behind `\`, so that it can still be copied whole. */
function commandLines(command: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '  $';
  for (const word of command.split(' ')) {
    if (widthOf(line) + widthOf(word) + 3 > columns && line.trim() !== '$' && line.trim() !== '') {
      lines.push(`${line} \\`);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function cut(lines: readonly string[], most: number, width: number): string[] {
  if (lines.length <= most) return [...lines];
  const kept = lines.slice(0, most);
  let last = kept[most - 1]!;
  while (widthOf(last) + 2 > width)
    last = last.slice(0, last.lastIndexOf(' ') > 0 ? last.lastIndexOf(' ') : -1);
  return [...kept.slice(0, -1), `${last} …`];
}

function listed(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
