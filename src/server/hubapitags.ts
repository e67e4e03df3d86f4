// What is watched: every tag with its verdict and findings.
import type { WatchTables } from '../watch/index.ts';
import type { ApiTag } from './contract/index.ts';
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
