// A preview for a person at a terminal: what is newly refused first, one entry for what has one reason.
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import { isRefused, type Preview, type PreviewRow } from './preview.ts';
import { countOf, imageText, moreLine, workloadText } from './statustext.ts';

/** Entries of one section, and workloads of one entry; the others are counted. */
const entriesShown = 20;
const workloadsShown = 8;

export function formatPreview(preview: Preview, look: TableLook): string {
  const { context, policy, before, rows, enforcing, notes } = preview;
  const refused = rows.filter(({ verdict }) => isRefused(verdict));
  const fresh = refused.filter((row) => row.before !== undefined && !isRefused(row.before));
  const stale = refused.filter((row) => !fresh.includes(row));
  const admitted = rows.filter((row) => isRefused(row.before) && !isRefused(row.verdict));
  const enforced = refused.filter((row) => row.enforced);
  const head = [
    paint(
      plain(
        `${context}: policy ${policy.policy.name} (${policy.from}) would refuse ${countOf(refused.length, 'container')} of ${rows.length}, ${enforced.length} of them where it is enforced`,
      ),
      look.colour,
      'bold',
      ...(refused.length > 0 ? (['red'] as const) : (['green'] as const)),
    ),
    ...wrap(
      plain(
        before === undefined
          ? 'no policy is in force to compare it with'
          : `compared with ${before.from}: ${fresh.length} newly refused, ${admitted.length} newly admitted`,
      ),
      look.columns,
    ),
    ...wrap(
      plain(
        enforcing.length === 0
          ? 'no namespace enforces a policy yet: every refusal is a warning only (seaworthy cluster enforce NAMESPACE)'
          : `enforced in ${enforcing.slice(0, 10).join(', ')}${enforcing.length > 10 ? ` and ${enforcing.length - 10} more` : ''}`,
      ),
      look.columns,
    ).map((line) => paint(line, look.colour, 'dim')),
  ];
  const blocks = [
    head,
    ...section('Newly refused', fresh, look),
    ...section(before === undefined ? 'Would be refused' : 'Refused as before', stale, look),
    ...section('Newly admitted', admitted, look),
    ...(notes.length === 0
      ? []
      : [notes.slice(0, 10).flatMap((note) => wrap(plain(`note: ${note}`), look.columns))]),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function section(title: string, rows: readonly PreviewRow[], look: TableLook): string[][] {
  if (rows.length === 0) return [];
  const groups = new Map<string, PreviewRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([
      imageText(row),
      row.verdict.decision,
      row.verdict.failing,
      row.verdict.problem,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const shown = [...groups.values()].slice(0, entriesShown);
  return [
    [
      paint(`${title}: ${countOf(rows.length, 'container')}`, look.colour, 'bold'),
      ...shown.flatMap((group) => entryLines(group, look)),
      ...moreLine(groups.size - entriesShown, look),
    ],
  ];
}

function entryLines(group: readonly PreviewRow[], look: TableLook): string[] {
  const [first] = group as [PreviewRow];
  const { verdict } = first;
  const names = group.map(
    (row) => `${workloadText(row)} ${row.container}${row.enforced ? '' : ' (not enforced)'}`,
  );
  const more = names.length > workloadsShown ? `, and ${names.length - workloadsShown} more` : '';
  const lines = [
    ...wrap(plain(imageText(first)), look.columns, '  ').map((line) => paint(line, look.colour, 'bold')),
    ...wrap(plain(`${names.slice(0, workloadsShown).join(', ')}${more}`), look.columns, '    '),
  ];
  const reasons = verdict.failing.filter(({ mode }) => mode === 'enforce');
  for (const { rule, found, fix, command, outcome } of reasons) {
    lines.push(
      ...wrap(plain(`${outcome === 'failed' ? '✗' : '?'} ${rule}: ${found}`), look.columns, '    ').slice(
        0,
        3,
      ),
    );
    if (fix !== undefined)
      lines.push(
        ...wrap(plain(`fix: ${fix}`), look.columns, '      ')
          .slice(0, 2)
          .map((line) => paint(line, look.colour, 'dim')),
      );
    if (command !== undefined)
      lines.push(
        ...wrap(plain(`$ ${command}`), look.columns, '      ')
          .slice(0, 3)
          .map((line) => paint(line, look.colour, 'dim')),
      );
  }
  if (verdict.problem !== undefined)
    lines.push(
      ...wrap(plain(`? ${verdict.problem.message} (${verdict.problem.code})`), look.columns, '    ').slice(
        0,
        3,
      ),
    );
  return lines;
}
