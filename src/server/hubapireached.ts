// What one flaw reaches, in pages: watched images first, then the containers that clusters run.
import { sql } from '../ledger/index.ts';
import type { WatchTables } from '../watch/index.ts';
import type { ApiReached, ApiReachedPage, ApiReachedWorkload } from './contract/index.ts';
import { iso } from './hubname.ts';
import type { HubParts } from './hubparts.ts';
import { type Cursor, cursorOf, formatCursor, numberOf } from './hubquery.ts';

const mostRows = 1000;
const cursors = { images: 7, workloads: 6 };

export async function reachedPage(
  parts: HubParts,
  id: string,
  query: Readonly<Record<string, string>> = {},
): Promise<ApiReachedPage> {
  const limit = numberOf(query, 'limit', mostRows, mostRows);
  const after: Cursor = cursorOf(query, cursors) ?? { of: 'images', at: [] };
  const ids = namesOf(parts, id);
  const images = after.of === 'images' ? await imagesAfter(parts, ids, after.at, limit + 1) : [];
  const reached = images.slice(0, limit).map(({ row }) => row);
  if (images.length > limit)
    return { reached, workloads: [], next: formatCursor({ of: 'images', at: images[limit - 1]!.at }) };
  const left = limit - reached.length;
  // one that comes after these is asked for too: whether it is there says whether there is another page
  const more = await workloadsAfter(parts, ids, after.of === 'workloads' ? after.at : [], left + 1);
  const workloads = more.slice(0, left).map(({ row }) => row);
  if (more.length <= left) return { reached, workloads };
  const at = left === 0 ? (after.of === 'workloads' ? after.at : []) : more[left - 1]!.at;
  return { reached, workloads, next: formatCursor({ of: 'workloads', at }) };
}

/** Findings go by the CVE: who asks by another name of the flaw means the same one. */
function namesOf({ database }: HubParts, id: string): string[] {
  return [...new Set([id, ...(database()?.aliasesOf(id) ?? [])])];
}

interface Placed<T> {
  row: T;
  /** What it is ordered by. */
  at: string[];
}

interface ImageRow {
  reference: string;
  platform: string;
  digest: string;
  id: string;
  purl: string;
  severity: string;
  fixed: string;
  since: number;
}

async function imagesAfter(
  { ledger }: HubParts,
  ids: readonly string[],
  at: readonly string[],
  limit: number,
): Promise<Placed<ApiReached>[]> {
  const { rows } = await sql<ImageRow>`
    select * from (
      select t.reference, m.platform, f.digest, f.id, f.purl, f.severity, coalesce(f.fixed_in, '') as fixed,
        min(f.since) as since
      from watch_findings f
      join watch_platforms p on p.digest = f.digest join watch_tags t on t.digest = p.parent
      join watch_images m on m.digest = f.digest
      where f.id in (${sql.join(ids)})
      group by t.reference, m.platform, f.digest, f.id, f.purl, f.severity, coalesce(f.fixed_in, '')) found
    ${at.length === 0 ? sql`` : sql`where (reference, platform, digest, id, purl, severity, fixed) > (${sql.join(at)})`}
    order by reference, platform, digest, id, purl, severity, fixed limit ${limit}`.execute(
    ledger.read<WatchTables>(),
  );
  return rows.map(({ fixed, since, ...row }) => ({
    row: { ...row, ...(fixed === '' ? {} : { fixedIn: fixed }), since: iso(Number(since)) },
    at: [row.reference, row.platform, row.digest, row.id, row.purl, row.severity, fixed],
  }));
}

const levels = ['unknown', 'negligible', 'low', 'medium', 'high', 'critical'];

interface WorkloadRow extends Omit<ApiReachedWorkload, 'severity' | 'reportedAt'> {
  reported_at: number;
  level: number;
}

/** A cluster names the digest of an index or of one platform: both are looked for. The worst severity counts. */
async function workloadsAfter(
  { ledger }: HubParts,
  ids: readonly string[],
  at: readonly string[],
  limit: number,
): Promise<Placed<ApiReachedWorkload>[]> {
  const level = sql`case f.severity ${sql.join(
    levels.map((name, rank) => sql`when ${name} then ${sql.lit(rank)}`),
    sql` `,
  )} else 0 end`;
  const { rows } = await sql<WorkloadRow>`
    select cluster, namespace, kind, name, container, digest, max(reference) as reference,
      max(reported_at) as reported_at, max(level) as level
    from (
      select r.*, ${level} as level from watch_findings f join watch_running r on r.digest = f.digest
      where f.id in (${sql.join(ids)})
      union all
      select r.*, ${level} as level from watch_findings f join watch_platforms p on p.digest = f.digest
      join watch_running r on r.digest = p.parent where f.id in (${sql.join(ids)})) found
    ${at.length === 0 ? sql`` : sql`where (cluster, namespace, kind, name, container, digest) > (${sql.join(at)})`}
    group by cluster, namespace, kind, name, container, digest
    order by cluster, namespace, kind, name, container, digest limit ${limit}`.execute(
    ledger.read<WatchTables>(),
  );
  return rows.map(({ level: rank, reported_at, ...row }) => ({
    row: { ...row, severity: levels[Number(rank)]!, reportedAt: iso(Number(reported_at)) },
    at: [row.cluster, row.namespace, row.kind, row.name, row.container, row.digest],
  }));
}
