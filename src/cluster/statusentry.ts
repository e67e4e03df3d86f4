// Refused images for a person: one entry for what has one image and one reason, with the workloads it is about.
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import type { Running } from './running.ts';
import { countOf, dayOf, imageText, workloadText } from './statustext.ts';
import type { RunningVerdict } from './statusverdict.ts';

export interface RefusedRow
  extends Pick<Running, 'namespace' | 'workload' | 'container' | 'image' | 'identity'> {
  enforced: boolean;
  verdict: RunningVerdict;
}

/** Lines of one section, and workloads of one entry; the others are counted. */
const linesShown = 40;
const workloadsShown = 8;

/** A section with its title: what is enforced first, at most a screen of it. */
export function entriesLines(title: string, rows: readonly RefusedRow[], look: TableLook): string[] {
  const groups = new Map<string, RefusedRow[]>();
  for (const row of [...rows].sort((a, b) => Number(b.enforced) - Number(a.enforced))) {
    const key = JSON.stringify([imageText(row), row.enforced, row.verdict.failing, row.verdict.problem]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [title];
  let shown = 0;
  for (const group of groups.values()) {
    const entry = entryLines(group, look);
    if (shown > 0 && lines.length + entry.length > linesShown) break;
    lines.push(...entry);
    shown += group.length;
  }
  const left = rows.length - shown;
  if (left > 0)
    lines.push(paint(`  and ${countOf(left, 'container')} more (--format json)`, look.colour, 'dim'));
  return lines;
}

function entryLines(group: readonly RefusedRow[], look: TableLook): string[] {
  const [first] = group as [RefusedRow];
  const { verdict, enforced } = first;
  const names = group.map((row) => `${workloadText(row)} ${row.container}`);
  const more = names.length > workloadsShown ? `, and ${names.length - workloadsShown} more` : '';
  const dim = (line: string) => paint(line, look.colour, 'dim');
  const lines = [
    ...wrap(plain(imageText(first)), look.columns, '  ').map((line) => paint(line, look.colour, 'bold')),
    ...wrap(
      plain(`${enforced ? '' : 'not enforced: '}${names.slice(0, workloadsShown).join(', ')}${more}`),
      look.columns,
      '    ',
    ),
  ];
  for (const { rule, mode, found, fix, outcome, since, by } of verdict.failing) {
    if (mode !== 'enforce') continue;
    const when = since === undefined ? '' : ` since ${dayOf(since)}`;
    const later = by === 'advisories' ? ' (an admission follows with the next signed scan)' : '';
    lines.push(
      ...shortened(
        `${outcome === 'failed' ? '✗' : '?'} ${rule}${when}: ${found}${later}`,
        look.columns,
        '    ',
      ),
    );
    if (fix !== undefined) lines.push(...shortened(`fix: ${fix}`, look.columns, '      ').map(dim));
  }
  const { problem } = verdict;
  if (problem !== undefined)
    lines.push(...shortened(`? ${problem.message} (${problem.code})`, look.columns, '    '));
  return lines;
}

/** Three lines at most. */
function shortened(text: string, columns: number, indent: string): string[] {
  const lines = wrap(plain(text), columns - 2, indent);
  return lines.length <= 3 ? lines : [...lines.slice(0, 2), `${lines[2]} …`];
}
