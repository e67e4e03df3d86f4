// What is watched: every tag with its verdict and findings, and what one flaw reaches.
import type { WatchTables } from '../watch/index.ts';
import type { ApiReached, ApiReachedWorkload, ApiTag } from './contract/index.ts';
import { iso } from './hubname.ts';
import type { HubParts } from './hubparts.ts';

export async function tags({ ledger }: HubParts): Promise<ApiTag[]> {
  const read = ledger.read<WatchTables>();
  const rows = await read
    .selectFrom('watch_tags')
    .leftJoin('watch_verdicts', (join) =>
      join
        .onRef('watch_verdicts.reference', '=', 'watch_tags.reference')
        .onRef('watch_verdicts.digest', '=', 'watch_tags.digest'),
    )
    .select([
      'watch_tags.reference',
      'watch_tags.role',
      'watch_tags.digest',
      'watch_tags.looked_at',
      'watch_tags.moved_at',
      'watch_tags.trouble',
      'watch_verdicts.decision',
    ])
    .orderBy('watch_tags.reference')
    .execute();
  const found = await read
    .selectFrom('watch_tags')
    .innerJoin('watch_platforms', 'watch_platforms.parent', 'watch_tags.digest')
    .innerJoin('watch_findings', 'watch_findings.digest', 'watch_platforms.digest')
    .select((the) => [
      'watch_tags.reference',
      'watch_findings.severity',
      the.fn.countAll<number>().as('count'),
    ])
    .groupBy(['watch_tags.reference', 'watch_findings.severity'])
    .execute();
  return rows.map((row) => ({
    reference: row.reference,
    role: row.role,
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(row.looked_at === null ? {} : { lookedAt: iso(row.looked_at) }),
    ...(row.moved_at === null ? {} : { movedAt: iso(row.moved_at) }),
    ...(row.trouble === null ? {} : { trouble: row.trouble }),
    ...(row.decision === null ? {} : { decision: row.decision }),
    findings: Object.fromEntries(
      found
        .filter(({ reference }) => reference === row.reference)
        .map(({ severity, count }) => [severity, Number(count)]),
    ),
  }));
}

/** Findings go by the CVE: who asks by another name of the flaw means the same one. */
function namesOf({ database }: HubParts, id: string): string[] {
  return [...new Set([id, ...(database()?.aliasesOf(id) ?? [])])];
}

export async function reached(parts: HubParts, id: string): Promise<ApiReached[]> {
  const { ledger } = parts;
  const ids = namesOf(parts, id);
  const rows = await ledger
    .read<WatchTables>()
    .selectFrom('watch_findings')
    .innerJoin('watch_platforms', 'watch_platforms.digest', 'watch_findings.digest')
    .innerJoin('watch_tags', 'watch_tags.digest', 'watch_platforms.parent')
    .innerJoin('watch_images', 'watch_images.digest', 'watch_findings.digest')
    .select([
      'watch_tags.reference',
      'watch_findings.digest',
      'watch_images.platform',
      'watch_findings.id',
      'watch_findings.purl',
      'watch_findings.severity',
      'watch_findings.fixed_in',
      'watch_findings.since',
    ])
    .where('watch_findings.id', 'in', ids)
    .orderBy('watch_tags.reference')
    .orderBy('watch_images.platform')
    .execute();
  return rows.map(({ fixed_in, since, ...row }) => ({
    ...row,
    ...(fixed_in === null ? {} : { fixedIn: fixed_in }),
    since: iso(since),
  }));
}

/** A cluster names the digest of an index or of one platform: both are looked for. */
export async function reachedWorkloads(parts: HubParts, id: string): Promise<ApiReachedWorkload[]> {
  const { ledger } = parts;
  const ids = namesOf(parts, id);
  const read = ledger.read<WatchTables>();
  const columns = [
    'watch_running.cluster',
    'watch_running.namespace',
    'watch_running.kind',
    'watch_running.name',
    'watch_running.container',
    'watch_running.reference',
    'watch_running.digest',
    'watch_running.reported_at',
    'watch_findings.severity',
  ] as const;
  const direct = await read
    .selectFrom('watch_findings')
    .innerJoin('watch_running', 'watch_running.digest', 'watch_findings.digest')
    .select(columns)
    .where('watch_findings.id', 'in', ids)
    .execute();
  const byIndex = await read
    .selectFrom('watch_findings')
    .innerJoin('watch_platforms', 'watch_platforms.digest', 'watch_findings.digest')
    .innerJoin('watch_running', 'watch_running.digest', 'watch_platforms.parent')
    .select(columns)
    .where('watch_findings.id', 'in', ids)
    .execute();
  const found = new Map<string, ApiReachedWorkload>();
  for (const { reported_at, ...row } of [...direct, ...byIndex]) {
    const name = `${row.cluster}/${row.namespace}/${row.kind}/${row.name}/${row.container} ${row.digest}`;
    const known = found.get(name);
    if (known === undefined || isWorse(row.severity, known.severity))
      found.set(name, { ...row, reportedAt: iso(reported_at) });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, workload]) => workload);
}

const levels = ['unknown', 'negligible', 'low', 'medium', 'high', 'critical'];

function isWorse(severity: string, than: string): boolean {
  return levels.indexOf(severity) > levels.indexOf(than);
}
