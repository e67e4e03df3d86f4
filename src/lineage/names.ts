// Names that manifests were seen under, and which of them still stand for them.
import { type Read, sql } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';

interface NameRow {
  platform_digest: string;
  repository: string;
  tag: string;
  digest: string;
  current: string | null;
}

/** Names of manifests; `isCurrent`: the name stands for that very manifest now, though its index may be another. */
export async function namesOf(
  book: Read<LineageTables>,
  digests: readonly string[],
): Promise<Map<string, { reference: string; digest: string; isCurrent: boolean }[]>> {
  const found = new Map<string, { reference: string; digest: string; isCurrent: boolean }[]>();
  for (let at = 0; at < digests.length; at += 500) {
    const { rows } = await sql<NameRow>`
      select n.platform_digest, n.repository, n.tag, n.digest, (
        select now.digest from lineage_tags now where now.repository = n.repository and now.tag = n.tag
          and now.platform_digest = n.platform_digest) as current
      from lineage_names n
      where n.tag <> '' and n.platform_digest in (${sql.join(digests.slice(at, at + 500))})
      order by n.last_seen desc, n.repository, n.tag`.execute(book);
    for (const { platform_digest, repository, tag, digest, current } of rows) {
      const list = found.get(platform_digest) ?? [];
      found.set(platform_digest, list);
      const reference = `${repository}:${tag}`;
      if (!list.some((one) => one.reference === reference))
        list.push({ reference, digest, isCurrent: current !== null });
    }
  }
  return found;
}
