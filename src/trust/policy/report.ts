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
  const word = decision.toUpperCase();
  const [first = '', ...more] = wrap(plain(image), look.columns - word.length - 2);
  const aside = `policy ${plain(policy.name)}${verdict.until === undefined || decision !== 'allow' ? '' : `, until ${dayText(verdict.until)}`}`;
  const fits = more.length === 0 && word.length + widthOf(first) + widthOf(aside) + 4 <= look.columns;
  const facts = [
    ...(image.includes(digest) ? [] : [digest]),
    ...(platforms.length > 0 ? [listed(platforms, 4)] : []),
    ...(fits ? [] : [aside]),
  ].join('  ');
  const dim = (text: string) => paint(text, look.colour, 'dim');
  return [
    `${paint(word, look.colour, ...decisions[decision])}  ${paint(first, look.colour, 'bold')}${fits ? `  ${dim(aside)}` : ''}`,
    ...more.slice(0, 2),
    ...(facts === '' ? [] : wrap(plain(facts), look.columns).map(dim)),
  ];
}

interface Roominess {
  /** Lines for each text. */
  text: number;
  wanted: boolean;
  fix: 'all' | 'shortest' | 'none';
}

/** The first that fits is taken: texts are shortened before anything is left out, and the way out goes last. */
const roominess: readonly Roominess[] = [
  { text: 3, wanted: true, fix: 'all' },
  { text: 2, wanted: true, fix: 'all' },
  { text: 1, wanted: true, fix: 'all' },
  { text: 1, wanted: true, fix: 'shortest' },
  { text: 1, wanted: false, fix: 'shortest' },
  { text: 1, wanted: false, fix: 'none' },
];

function fit({ rules }: Verdict, columns: number, room: number, colour: boolean): string[] {
  const sorted = [...rules].sort((a, b) => weight(a) - weight(b));
  const indent = Math.min(22, Math.max(...rules.map(({ rule }) => widthOf(plain(rule)))) + 4);
  for (const choice of roominess) {
    const lines = sorted.flatMap((outcome) => ruleLines(outcome, columns, indent, choice, colour));
    if (lines.length <= room) return lines;
  }
  const shown: string[] = [];
  let count = 0;
  for (const outcome of sorted) {
    const lines = ruleLines(
      outcome,
      columns,
      indent,
      { text: 1, wanted: false, fix: count === 0 ? 'shortest' : 'none' },
      colour,
    );
    if (shown.length + lines.length > room - 1) break;
    shown.push(...lines);
    count++;
  }
  const left = sorted.slice(count);
  const open = left.filter(({ outcome }) => outcome !== 'met').length;
  const text = `and ${left.length} more rules, ${open === 0 ? 'all met' : `${open} of them not met`} (--format json shows them)`;
  return [...shown, ...shortened(text, columns, 1).map((line) => paint(line, colour, 'dim'))];
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
  room: Roominess,
  colour: boolean,
): string[] {
  const { mark, styles } = marks[outcome.outcome];
  const { fix } = outcome;
  const width = columns - indent;
  const isMet = outcome.outcome === 'met';
  const only = outcome.mode === 'enforce' || isMet ? '' : ` (${outcome.mode} only)`;
  const found = shortened(`${outcome.found}${only}`, width, isMet ? 1 : room.text);
  const more: string[] = [];
  if (!isMet && room.wanted) more.push(...shortened(`wanted: ${outcome.expected}`, width, room.text));
  for (const { author, expires, reason } of outcome.exceptions ?? [])
    more.push(...shortened(`let past by ${author} through ${expires}: ${reason}`, width, room.text));
  if (fix && (room.fix === 'all' || (room.fix === 'shortest' && fix.command === undefined)))
    more.push(...shortened(`fix: ${fix.text}`, width, room.text));
  const label = shortened(outcome.rule, indent - 3, 1)[0] ?? '';
  const head = `${paint(mark, colour, ...styles)} ${paint(label, colour, 'bold')}${' '.repeat(indent - 2 - widthOf(label))}`;
  const pad = ' '.repeat(indent);
  return [
    ...found.map((text, i) => (i === 0 ? head : pad) + text),
    ...more.map((text) => pad + paint(text, colour, 'dim')),
    ...(fix?.command !== undefined && room.fix !== 'none' ? commandLines(plain(fix.command), columns) : []),
  ];
}

/**
 * A command in lines that a shell reads as one: broken between words, and a word that is longer than a line (a digest
 * behind its repository) within, behind `\\` and without indent.
 */
function commandLines(command: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '  $';
  for (const word of command.split(' ')) {
    if (widthOf(line) + widthOf(word) + 3 <= columns) {
      line += ` ${word}`;
      continue;
    }
    if (widthOf(word) + 6 <= columns) {
      lines.push(`${line} \\`);
      line = `    ${word}`;
      continue;
    }
    line += ' ';
    for (const char of word) {
      if (widthOf(line) + 3 > columns) {
        lines.push(`${line}\\`);
        line = '';
      }
      line += char;
    }
  }
  return [...lines, line];
}

/** Plain text in at most so many lines, cut with `…`. */
function shortened(text: string, width: number, most: number): string[] {
  const lines = wrap(plain(text), width);
  if (lines.length <= most) return lines;
  const rest = lines.slice(most - 1).join(' ');
  let last = '';
  for (const char of rest) {
    if (widthOf(last) + widthOf(char) + 2 > width) break;
    last += char;
  }
  return [...lines.slice(0, most - 1), `${last.trimEnd()} …`];
}

function listed(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
