// What a name stands on now, as a renewal needs it; and names that have images on what they no longer stand for.
import { type Read, sql } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';
import { namesOf } from './names.ts';
import { nameOf } from './seen.ts';
import type { Dependent } from './stale.ts';

/**
 * By the first of its platforms of which anybody knows a base; the name that the image itself says comes first, then one
 * that still stands for that base. Undefined: nobody knows.
 */
export async function standsOn(book: Read<LineageTables>, reference: string): Promise<Dependent | undefined> {
  const { repository, tag } = nameOf(reference);
  const { rows } = await sql<{ digest: string; base: string; named: string | null }>`
    select t.digest, b.digest as base, i.base_name as named from lineage_tags t
    join lineage_images i on i.id = t.image_id join lineage_images b on b.id = i.base_id
    where t.repository = ${repository} and t.tag = ${tag} order by t.platform`.execute(book);
  const [row] = rows;
  if (row === undefined) return undefined;
  const names = (await namesOf(book, [row.base])).get(row.base) ?? [];
  const named = names.find((one) => one.reference === row.named);
  const base = named ?? names.find(({ isCurrent }) => isCurrent) ?? names[0];
  if (base === undefined) return undefined;
  return { reference, digest: row.digest, base: base.reference, baseDigest: base.digest, level: 1 };
}

/** `HOST/REPOSITORY:TAG` of every base on whose earlier digests something stands that has a name. */
export async function staleBases(book: Read<LineageTables>): Promise<string[]> {
  const { rows } = await sql<{ reference: string }>`
    select distinct n.repository || ':' || n.tag as reference
    from lineage_tags t join lineage_images i on i.id = t.image_id
    join lineage_images b on b.id = i.base_id join lineage_names n on n.platform_digest = b.digest
    where n.tag <> '' and not exists (select 1 from lineage_tags now where now.repository = n.repository
      and now.tag = n.tag and now.platform_digest = b.digest)
    order by reference`.execute(book);
  return rows.map(({ reference }) => reference);
}
