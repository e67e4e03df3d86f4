// What kubectl prints of a decision: a denial that fits one screen, warnings that fit a line.
import type { RuleOutcome } from '../../trust/index.ts';
import type { Judged } from './judged.ts';

const columns = 100;
const mostLines = 24;
const mostWarnings = 12;
/** The API server cuts a warning at 256 bytes. */
const warningLength = 240;

/** Image, rule, found, fix; what decides comes first. */
export function denialText(policy: string, denied: readonly Judged[], total: number): string {
  // Lists of events show the first line alone.
  const many = total === 1 ? 'the image' : `${denied.length} of ${total} images`;
  const head = cut(plain(`policy ${policy} refuses ${many}: ${shortReason(denied[0]!)}`), columns);
  const lines = [head];
  for (const [i, one] of denied.entries()) {
    const block = blockOf(one);
    const left = denied.length - i;
    const room = mostLines - lines.length - (left > 1 ? 1 : 0);
    if (i > 0 && block.length > room) {
      lines.push(`and ${left} more ${left === 1 ? 'image' : 'images'}`);
      break;
    }
    lines.push(...block.slice(0, room));
  }
  return lines.join('\n');
}

function blockOf(one: Judged): string[] {
  const head = wrapped(`✗ ${usesText(one)}: ${shortImage(one.image)}`, '', 2);
  if (one.verdict === undefined)
    return [...head, ...wrapped(`undecided (${one.problem?.code}): ${one.problem?.message}`, '  ', 4)];
  const open = one.verdict.rules.filter(isOpen).sort((a, b) => weight(a) - weight(b));
  const shown = open.slice(0, 4);
  return [
    ...head,
    ...shown.flatMap((rule) => [
      ...wrapped(
        `${rule.rule}: ${rule.outcome === 'undecided' ? `undecided (${rule.code}), ` : ''}${rule.found}`,
        '  ',
        3,
      ),
      ...(rule.fix === undefined ? [] : wrapped(`fix: ${rule.fix.text}`, '    ', 3)),
    ]),
    ...(open.length > shown.length ? [`  and ${open.length - shown.length} more rules`] : []),
  ];
}

/** A digest is known by its first digits; the rest would take the line. */
function shortImage(image: string): string {
  return image.length <= columns - 20 ? image : image.replace(/(@sha\d+:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}

function isOpen({ outcome, mode }: RuleOutcome): boolean {
  return mode === 'enforce' && (outcome === 'failed' || outcome === 'undecided');
}

function weight({ outcome }: RuleOutcome): number {
  return outcome === 'failed' ? 0 : 1;
}

/** `web, init setup` and how many more. */
export function usesText({ uses }: Judged): string {
  const names = uses.map(({ role, name }) =>
    role === 'container' ? name || 'container' : `${role} ${name}`.trim(),
  );
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ');
}

/** Rules that only warn, what an exception let past, what was admitted before and would be refused today. */
export function warningsOf(judged: readonly Judged[], kept: ReadonlySet<Judged>): string[] {
  const lines = judged.flatMap((one) => {
    const rules = one.verdict?.rules ?? [];
    const told = rules.flatMap((rule) => {
      if (rule.outcome === 'excepted')
        return (rule.exceptions ?? []).map(
          ({ author, expires, reason }) =>
            `${one.image}: ${rule.rule} let past by ${author} through ${expires}: ${reason} (${rule.found})`,
        );
      const isWarned = rule.mode === 'warn' && (rule.outcome === 'failed' || rule.outcome === 'undecided');
      return isWarned ? [`${one.image}: ${rule.rule}: ${rule.found}`] : [];
    });
    const before = kept.has(one)
      ? [
          `${one.image} would be refused today and runs on because its workload ran it already: ${shortReason(one)}`,
        ]
      : [];
    const tag =
      one.resolved === undefined
        ? []
        : [`${one.image} is a tag, now ${one.resolved}; each pod is judged by the digest it gets`];
    return [...before, ...told, ...tag, ...one.notes];
  });
  return atMost(lines);
}

/** Why a tag stayed a tag; the code first, for the API server cuts. */
export function unresolvedText(image: string, code: string, message: string): string {
  return `undecided (${code}): what ${image} stands for: ${message}`;
}

/** As many warnings, and as long ones, as the API server passes on. */
export function atMost(lines: readonly string[]): string[] {
  const distinct = [...new Set(lines)].map((line) => cut(plain(line), warningLength));
  return distinct.length > mostWarnings
    ? [...distinct.slice(0, mostWarnings - 1), `and ${distinct.length - mostWarnings + 1} more warnings`]
    : distinct;
}

/** One line: the first rule that is not met, or why there is no verdict. */
export function shortReason(one: Judged): string {
  if (one.verdict === undefined) return `${one.problem?.code}: ${one.problem?.message}`;
  const open = one.verdict.rules.filter(isOpen).sort((a, b) => weight(a) - weight(b))[0];
  return open === undefined ? one.verdict.decision : `${open.rule}: ${open.found}`;
}

/** No control characters: the text goes to terminals and logs. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function wrapped(text: string, indent: string, most: number): string[] {
  const width = columns - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of plain(text).split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  if (line !== '') lines.push(line);
  const shown =
    lines.length > most ? [...lines.slice(0, most - 1), cut(`${lines[most - 1]} …`, width)] : lines;
  return shown.map((one) => indent + one);
}
