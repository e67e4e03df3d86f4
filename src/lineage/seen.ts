// Reads the book: bases under an image, documents that were kept, everything that stands on a base, in levels.
import { parseConfig } from '../image/index.ts';
import { type Read, sql } from '../ledger/index.ts';
import { chainIds, type SeenBase } from './base.ts';
import type { LineageTables } from './book.ts';
import { untagged } from './record.ts';

type Book = Read<LineageTables>;

interface BaseRow {
  platform_digest: string;
  is_base: number;
  config: Uint8Array;
  repository: string | null;
  tag: string | null;
  digest: string | null;
}

export interface BaseQuery {
  diffIds: readonly string[];
  /** Digests and names that the image claims. */
  digests?: readonly string[];
  references?: readonly string[];
}

const mostTerms = 500;

/** Every base that may be under an image of these layers, and those that it claims: one query, by chain. */
export async function basesUnder(book: Book, query: BaseQuery): Promise<SeenBase[]> {
  const chains = chainIds(query.diffIds);
  const claimed = (query.digests ?? []).slice(0, mostTerms);
  const names = (query.references ?? []).slice(0, mostTerms).map(nameOf);
  const conditions = [
    ...(chains.length > 0 ? [sql`i.chain_id in (${sql.join(chains)})`] : []),
    ...(claimed.length > 0
      ? [
          sql`i.digest in (${sql.join(claimed)})`,
          sql`i.digest in (select platform_digest from lineage_names where digest in (${sql.join(claimed)}))`,
        ]
      : []),
    ...names.map(
      ({ repository, tag }) =>
        sql`i.digest in (select platform_digest from lineage_names where repository = ${repository} and tag = ${tag})`,
    ),
  ];
  if (conditions.length === 0) return [];
  const { rows } = await sql<BaseRow>`
    select i.digest as platform_digest, i.is_base, d.bytes as config, n.repository, n.tag, n.digest
    from lineage_images i
    join lineage_documents d on d.digest = i.config_digest
    left join lineage_names n on n.platform_digest = i.digest
    where ${sql.join(conditions, sql` or `)}
    order by n.last_seen desc, n.repository, n.tag, n.digest`.execute(book);
  const found = new Map<string, SeenBase>();
  for (const row of rows) {
    const known = found.get(row.platform_digest) ?? {
      references: [],
      digests: [],
      platformDigest: row.platform_digest,
      diffIds: parseConfig(row.config).diffIds,
      isBase: row.is_base === 1,
    };
    found.set(row.platform_digest, known);
    if (row.repository === null || row.digest === null) continue;
    const reference =
      row.tag === untagged ? `${row.repository}@${row.digest}` : `${row.repository}:${row.tag}`;
    if (!known.references.includes(reference)) known.references.push(reference);
    if (!known.digests.includes(row.digest)) known.digests.push(row.digest);
  }
  return [...found.values()];
}

/** Bytes of a manifest, an index or a config that was seen once; for a base that its registry has no more. */
export async function keptDocument(book: Book, digest: string): Promise<Buffer | undefined> {
  const row = await book
    .selectFrom('lineage_documents')
    .select('bytes')
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row === undefined ? undefined : Buffer.from(row.bytes);
}

/** `HOST/REPOSITORY:TAG` taken apart. */
export function nameOf(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: 'latest' };
}
