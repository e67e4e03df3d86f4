// All advisory rows that name one package, judged together: one finding for each flaw.
import { type Undecided, undecided } from '../../core/index.ts';
import type { AdvisoryDatabase, AdvisoryRow } from '../advisory/index.ts';
import type { Package } from '../inventory/index.ts';
import { compareVersions } from '../version/index.ts';
import { judge } from './affected.ts';
import type { Candidate } from './candidate.ts';
import type { Finding, FindingState, Fix } from './finding.ts';
import { type Flaw, flawsOf } from './flaw.ts';
import { onOtherSystems } from './goos.ts';
import { moduleFit } from './modular.ts';
import { priorityOf } from './priority.ts';
import { severityOf } from './severity.ts';

interface Gathered {
  flaw: Flaw;
  rows: AdvisoryRow[];
  fixes: Fix[];
  /** A row says yes, whatever others say. */
  affected: boolean;
  /** A channel's row says that the installed version has the channel's fix. */
  fixedByChannel: boolean;
  unknown: string | undefined;
  /** A row is surely of this package: what others leave open does not matter. */
  certain: boolean;
  /** Every affected row is for another operating system. */
  elsewhere: boolean;
}

export interface JudgedPackage {
  findings: Finding[];
  undecided: Undecided[];
}

/** `harmless`: why nothing of this package can be exploited, where that is known beforehand. */
export function findingsOf(
  item: Package,
  candidates: readonly Candidate[],
  database: AdvisoryDatabase,
  harmless: string | undefined,
): JudgedPackage {
  const flaws = new Map<string, Gathered>();
  const notes = new Map<string, Undecided>();
  for (const candidate of candidates) {
    const { row } = candidate;
    const fit = item.type === 'rpm' ? moduleFit(row, item) : 'applies';
    if (fit === 'other') continue;
    const judgement = judge(row, candidate.version, candidate.order, candidate.ranges);
    if (judgement.affected === undefined) {
      notes.set(
        judgement.code,
        undecided(judgement.code, `${item.name}: ${judgement.reason}`, { subject: item.purl }),
      );
      continue;
    }
    if (!judgement.affected && candidate.channel === undefined) continue;
    for (const flaw of flawsOf(row, database)) {
      const into = gathered(flaws, flaw);
      if (!judgement.affected) {
        into.fixedByChannel = true;
        continue;
      }
      into.affected = true;
      into.rows.push(row);
      if (typeof fit === 'object') into.unknown ??= fit.unknown;
      else into.certain = true;
      into.elsewhere &&= onOtherSystems(row);
      for (const version of judgement.fixes)
        into.fixes.push({
          version,
          advisory: row.id,
          ...(candidate.channel ? { channel: candidate.channel } : {}),
        });
    }
  }
  const order = candidates[0]?.order;
  const findings = [...flaws.values()]
    .filter((flaw) => flaw.affected && !flaw.fixedByChannel)
    .map((flaw) =>
      finding(item, flaw, database, harmless, (a, b) => (order ? (compareVersions(order, a, b) ?? 0) : 0)),
    );
  return { findings, undecided: [...notes.values()] };
}

function gathered(flaws: Map<string, Gathered>, flaw: Flaw): Gathered {
  const known = flaws.get(flaw.id);
  if (known) {
    known.flaw = { id: flaw.id, aliases: [...new Set([...known.flaw.aliases, ...flaw.aliases])].sort() };
    return known;
  }
  const fresh: Gathered = {
    flaw,
    rows: [],
    fixes: [],
    affected: false,
    fixedByChannel: false,
    unknown: undefined,
    certain: false,
    elsewhere: true,
  };
  flaws.set(flaw.id, fresh);
  return fresh;
}

function finding(
  item: Package,
  { flaw, rows, fixes, unknown, certain, elsewhere }: Gathered,
  database: AdvisoryDatabase,
  harmless: string | undefined,
  compare: (a: string, b: string) => number,
): Finding {
  const ids = [flaw.id, ...flaw.aliases].filter((id) => id.startsWith('CVE-'));
  const facts = ids.map((id) => database.cve(id));
  const epss = facts.map((fact) => fact.epss).filter((score) => score !== undefined);
  const kev = facts.find((fact) => fact.kev !== undefined)?.kev;
  const published = rows
    .map((row) => row.published)
    .filter((date) => date !== undefined)
    .sort()[0];
  const told =
    rows.find((row) => row.summary !== undefined && row.upstream.length < 2) ??
    rows.find((row) => row.summary !== undefined);
  const advisories = [...new Set(rows.map((row) => row.id))].sort();
  const without: Finding = {
    ...stateOf(harmless, certain ? undefined : unknown, elsewhere),
    id: flaw.id,
    aliases: [...new Set([...flaw.aliases, ...advisories])].filter((id) => id !== flaw.id).sort(),
    advisories,
    purl: item.purl,
    name: item.namespace ? `${item.namespace}${item.type === 'maven' ? ':' : '/'}${item.name}` : item.name,
    version: item.version,
    location: item.location,
    ...(item.layer ? { layer: item.layer } : {}),
    introducedBy: item.introducedBy,
    severity: severityOf(flaw.id, rows, database),
    fixedIn: uniqueFixes(fixes, compare),
    ...(told?.summary ? { summary: told.summary } : {}),
    url: rows[0]!.url,
    ...(published ? { published } : {}),
    ...(epss.length > 0 ? { epss: Math.max(...epss) } : {}),
    ...(kev ? { kev } : {}),
    priority: 0,
  };
  return { ...without, priority: priorityOf(without) };
}

function stateOf(
  harmless: string | undefined,
  unknown: string | undefined,
  elsewhere: boolean,
): FindingState {
  if (harmless !== undefined) return { state: 'not_affected', reason: harmless };
  if (elsewhere) return { state: 'not_affected', reason: 'only on other operating systems' };
  if (unknown !== undefined) return { state: 'unknown', reason: unknown };
  return { state: 'affected' };
}

/** Lowest first; of equal versions the one that no channel guards stands, then the first advisory by name. */
function uniqueFixes(fixes: readonly Fix[], compare: (a: string, b: string) => number): Fix[] {
  const sorted = [...fixes].sort(
    (a, b) =>
      compare(a.version, b.version) ||
      Number(a.channel !== undefined) - Number(b.channel !== undefined) ||
      (a.advisory < b.advisory ? -1 : a.advisory > b.advisory ? 1 : 0),
  );
  return sorted.filter((fix, i) => i === 0 || compare(sorted[i - 1]!.version, fix.version) !== 0);
}
