// What a status could not decide: images that could not be read, verdicts that could not be made, gaps in what is known.
import type { UndecidedCode } from '../core/index.ts';
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import type { ClusterStatus } from './statusanswer.ts';
import { countOf, cut, imageText, moreLine, workloadText } from './statustext.ts';

const rowsShown = 10;

export function undecidedLines({ contexts, images }: ClusterStatus, look: TableLook): string[] {
  const lines: string[] = [];
  const away = images.filter(({ problem }) => problem !== undefined);
  for (const { reference, problem } of away.slice(0, rowsShown))
    lines.push(
      cut(`  ${plain(reference)}`, look.columns),
      ...wrap(plain(`${problem!.message} (${problem!.code})`), look.columns, '    ').slice(0, 3),
    );
  lines.push(...moreLine(away.length - rowsShown, look));
  const byCode = new Map<UndecidedCode, { images: Set<string>; message: string; hints: Set<string> }>();
  for (const { key, digest, undecided } of images)
    for (const { code, message, hint } of undecided) {
      const known = byCode.get(code) ?? { images: new Set(), message, hints: new Set() };
      known.images.add(digest ?? key);
      if (hint !== undefined) known.hints.add(hint);
      byCode.set(code, known);
    }
  for (const [code, { images: its, message, hints }] of byCode) {
    lines.push(
      `  ${paint(code, look.colour, 'yellow')} in ${countOf(its.size, 'image')}`,
      ...wrap(plain(message), look.columns, '    ').slice(0, 2),
      ...[...hints].slice(0, 2).flatMap((hint) => wrap(plain(`→ ${hint}`), look.columns, '    ')),
    );
  }
  const open = contexts.flatMap(({ running }) =>
    running.filter(({ verdict }) => verdict?.decision === 'undecided' && verdict.problem === undefined),
  );
  for (const row of open.slice(0, rowsShown)) {
    const [first] = row.verdict!.failing.filter(
      ({ outcome, mode }) => outcome === 'undecided' && mode === 'enforce',
    );
    const why = first === undefined ? 'no verdict' : `${first.rule}: ${first.found} (${first.code})`;
    lines.push(
      ...wrap(plain(`${workloadText(row)} ${row.container} ${imageText(row)}`), look.columns, '  '),
      ...wrap(plain(why), look.columns, '    ').slice(0, 2),
    );
  }
  lines.push(...moreLine(open.length - rowsShown, look));
  return lines.length === 0 ? [] : [paint('Could not be decided', look.colour, 'bold', 'yellow'), ...lines];
}
