// What stands above and below the findings: the target, what could not be decided, what the answer rests on.
import type { Undecided } from '../../core/index.ts';
import type { Finding, ScanResult } from '../match/index.ts';
import { severities } from './tally.ts';
import { counted, paint, plain, type TableLook, wrap } from './text.ts';

export function headLines(result: ScanResult, open: readonly Finding[], look: TableLook): string[] {
  const { target } = result;
  const where =
    target.kind === 'image' ? ` (${target.from}${target.platform ? `, ${target.platform}` : ''})` : '';
  const lines = wrap(plain(`${target.reference}${where}`), look.columns).map((line) =>
    paint(line, look.colour, 'bold'),
  );
  if (target.digest)
    lines.push(...wrap(plain(target.digest), look.columns).map((line) => paint(line, look.colour, 'dim')));
  const system = result.distribution ? plain(result.distribution.name) : 'no distribution';
  const base = target.base
    ? `, base ${plain(target.base.reference)} (${counted(target.base.layers, 'layer')} of ${target.layers.length})`
    : '';
  lines.push(...wrap(`${system}, ${counted(result.packages.length, 'package')}${base}`, look.columns));
  for (const item of result.suppressions.expired)
    lines.push(
      ...wrap(
        plain(
          `EXPIRED suppression of ${item.id} (${item.purl}) by ${item.author}, ran out on ${item.expires}: it counts again`,
        ),
        look.columns,
      ).map((line) => paint(line, look.colour, 'red', 'bold')),
    );
  lines.push('', ...summary(result, open, look));
  return lines;
}

function summary(result: ScanResult, open: readonly Finding[], look: TableLook): string[] {
  const undecided =
    result.undecided.length > 0 ? `${counted(result.undecided.length, 'thing')} could not be decided` : '';
  if (open.length > 0) {
    const text = `${counted(open.length, 'finding')}: ${severities(open)}${undecided ? `; ${undecided}` : ''}`;
    return wrap(text, look.columns).map((line) => paint(line, look.colour, 'bold'));
  }
  if (undecided)
    return wrap(`No findings, but ${undecided}: this is not an all-clear.`, look.columns).map((line) =>
      paint(line, look.colour, 'yellow', 'bold'),
    );
  const fixedOnly = result.sources
    .filter((source) => source.knows === 'fixed only')
    .map((source) => source.ecosystem);
  if (fixedOnly.length > 0)
    return wrap(
      `No fixed flaw is missing here; ${fixedOnly.join(', ')} does not tell of flaws without a fix.`,
      look.columns,
    );
  return wrap('No findings.', look.columns).map((line) => paint(line, look.colour, 'green'));
}

/** By code; of one code at most this many in full. */
const shownOfOne = 5;
const subjectsShown = 50;

export function undecidedLines(result: ScanResult, look: TableLook): string[] {
  const lines = [paint('Could not be decided', look.colour, 'bold', 'yellow')];
  const byCode = new Map<string, Undecided[]>();
  for (const entry of result.undecided) byCode.set(entry.code, [...(byCode.get(entry.code) ?? []), entry]);
  for (const [code, entries] of byCode) {
    lines.push(paint(`  ${code}`, look.colour, 'yellow'));
    for (const entry of entries.slice(0, shownOfOne))
      lines.push(...wrap(plain(entry.message), look.columns, '    '));
    if (entries.length > shownOfOne)
      lines.push(...wrap(restOf(entries.slice(shownOfOne)), look.columns, '    '));
    for (const hint of new Set(entries.map((entry) => entry.hint).filter((text) => text !== undefined)))
      lines.push(...wrap(`→ ${plain(hint)}`, look.columns, '    '));
  }
  return lines;
}

/** Named by their subjects as far as a person would read. */
function restOf(entries: readonly Undecided[]): string {
  const subjects = [...new Set(entries.flatMap((entry) => entry.subject ?? []))].map(plain);
  const named = subjects.slice(0, subjectsShown).join(', ');
  const json = subjects.length > subjectsShown || named === '' ? ' (--format json lists them all)' : '';
  return `and ${entries.length} more${named === '' ? '' : `: ${named}`}${json}`;
}

export function databaseLines(result: ScanResult, look: TableLook): string[] {
  const lines: string[] = [];
  const { unowned } = result.executables;
  if (unowned > 0)
    lines.push(
      ...wrap(
        `${counted(unowned, 'executable')} of no package: advisories say nothing of them.`,
        look.columns,
      ),
    );
  for (const { ecosystem, rows, knows } of result.sources)
    lines.push(
      ...wrap(
        `${ecosystem}: ${counted(rows, 'advisory row')}, ${knows === 'fixed only' ? 'fixed only (says nothing of flaws without a fix)' : 'also unfixed'}`,
        look.columns,
      ),
    );
  const { database } = result;
  if (database) {
    const judged = new Set(result.sources.map((source) => source.ecosystem.split(':')[0]));
    const ages = database.sources
      .filter((source) => judged.has(source.name))
      .map((source) => source.ageDays ?? Number.POSITIVE_INFINITY);
    const oldest = Math.floor(Math.max(...ages, 0));
    const age = Number.isFinite(oldest) ? `oldest source ${counted(oldest, 'day')} old` : 'of unknown age';
    lines.push(
      ...wrap(
        database.isSeed
          ? `Judged by the seed database that ships with Seaworthy, ${age}.`
          : `Judged by the advisory database of this home, ${age}.`,
        look.columns,
      ),
    );
  }
  return lines.map((line) => paint(line, look.colour, 'dim'));
}
