// Which records speak of the same flaw: only `aliases` merges them; an erratum falls apart into the CVEs it names.
import type { AdvisoryDatabase, AdvisoryRow } from '../advisory/index.ts';

export interface Flaw {
  /** The CVE where the records name one, else an id of their own. */
  id: string;
  /** Every other id of it, sorted. */
  aliases: string[];
}

const CVE = /^CVE-\d{4}-\d{4,}$/;

/** The flaws one row speaks of; more than one only for an erratum. */
export function flawsOf(row: AdvisoryRow, database: AdvisoryDatabase): Flaw[] {
  const same = database.aliasesOf(row.id);
  const ids = same.length > 0 ? same : [row.id, ...row.aliases];
  if (ids.some((id) => CVE.test(id))) return [flaw(ids, row.id)];
  // AlmaLinux names the CVEs of an erratum in `related`, where others name what is only similar.
  const named = [...row.upstream, ...(row.id.startsWith('ALSA-') ? row.related : [])].filter((id) =>
    CVE.test(id),
  );
  if (named.length === 0) return [flaw(ids, row.id)];
  const flaws = new Map<string, Flaw>();
  for (const cve of new Set(named)) {
    const found = flaw([cve, ...database.aliasesOf(cve), ...(named.length === 1 ? ids : [])], cve);
    flaws.set(found.id, found);
  }
  return [...flaws.values()];
}

function flaw(ids: readonly string[], own: string): Flaw {
  const sorted = [...new Set(ids)].sort();
  const id =
    sorted.find((candidate) => CVE.test(candidate)) ?? (sorted.includes(own) ? firstOf(sorted) : own);
  return { id, aliases: sorted.filter((other) => other !== id) };
}

/** Without a CVE every record of the flaw must come to the same id: GHSA before others, then by name. */
function firstOf(sorted: readonly string[]): string {
  return sorted.find((id) => id.startsWith('GHSA-')) ?? sorted[0]!;
}
