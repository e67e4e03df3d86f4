// A preview for a person at a terminal: what is newly refused first, one entry for what has one reason.
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import { isRefused, type Preview, type PreviewRow } from './preview.ts';
import { entriesLines } from './statusentry.ts';
import { countOf } from './statustext.ts';

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
    ...(preview.isInForce
      ? []
      : wrap(
          plain(
            before === undefined
              ? 'no policy is in force to compare it with'
              : `compared with ${before.from}: ${fresh.length} newly refused, ${admitted.length} newly admitted`,
          ),
          look.columns,
        )),
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
  const head = paint(`${title}: ${countOf(rows.length, 'container')}`, look.colour, 'bold');
  return [entriesLines(head, rows, look)];
}
