// The graph of lineage: everything that stands on a base, level by level.
import { type Read, sql } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';
import { nameOf } from './seen.ts';

type Book = Read<LineageTables>;

/** Deeper than any chain of bases that people build; a circle of lying claims ends here. */
export const deepest = 32;

export interface Standing {
  /** `HOST/REPOSITORY:TAG`, a name that stands for it now. */
  reference: string;
  /** What that name stands for: its index, or the manifest itself. */
  digest: string;
  platform: string;
  platformDigest: string;
  /** The manifest it stands on. */
  basePlatformDigest: string;
  /** `HOST/REPOSITORY:TAG` of that one as the image itself names it. */
  baseName?: string;
  /** 1 stands on the base itself. */
  level: number;
}

export interface Standings {
  /** By level, then by name. */
  images: Standing[];
  /** Manifests that stand on each other in a circle, which no true layers do; they are in no level that counts. */
  circle: string[];
}

/** `{ reference }`: every digest that the name ever stood for; `{ digest }`: an index or a manifest. */
export type Ground = { reference: string } | { digest: string };

/**
 * What stands on a base, in one query: images that some name stands for now, whether what is between still has a name
 * or not.
 */
export async function dependentsOf(book: Book, ground: Ground): Promise<Standings> {
  // one text for all: ten thousand rows would cost more to hand over than to find; few bases, so their digests go apart
  const { rows } = await sql<{ lines: string | null; bases: string | null }>`
    with recursive standing (id, base, name, level) as (
      select i.id, i.base_id, i.base_name, ${sql.lit(levelBase + 1)} from lineage_images i where i.base_id in (
        select j.id from lineage_images j where j.digest in (${startOf(ground)}))
      union all
      select i.id, i.base_id, i.base_name, s.level + 1 from standing s cross join lineage_images i
      where i.base_id = s.id and s.level < ${sql.lit(levelBase + deepest)})
    select (select string_agg(
        s.level || ' ' || t.repository || ':' || t.tag || ' ' || t.platform || ' ' || s.id || ' ' || s.base || ' '
          || t.platform_digest || ' ' || case when t.digest = t.platform_digest then '' else t.digest end || ' '
          || coalesce(s.name, ''), ${'\n'})
      from standing s cross join lineage_tags t where t.image_id = s.id) as lines,
    (select string_agg(b.id || ' ' || b.digest, ${'\n'}) from lineage_images b
      where b.id in (select base from standing)) as bases`.execute(book);
  const [row] = rows;
  const bases = new Map(linesOf(row?.bases).map((line) => line.split(' ') as [string, string]));
  const images: Standing[] = [];
  /** The level that a manifest is at: the first that is met, as the lines begin with it. */
  const levels = new Map<string, number>();
  const circle = new Set<string>();
  for (const line of linesOf(row?.lines).sort()) {
    const [at, reference, platform, id, base, platformDigest, index, name] = line.split(' ') as Line;
    const level = Number(at) - levelBase;
    // a manifest has one base, so it is at one level; far more than one of them is a circle that was gone around
    if (level > deepest / 2) circle.add(platformDigest);
    const first = levels.get(id);
    if (first === undefined) levels.set(id, level);
    else if (first !== level) continue;
    images.push({
      reference,
      digest: index === '' ? platformDigest : index,
      platform,
      platformDigest,
      basePlatformDigest: bases.get(base) ?? '',
      ...(name === '' ? {} : { baseName: name }),
      level,
    });
  }
  return { images, circle: [...circle] };
}

/** Level, reference, platform, id, base's id, digest of the platform, of the index if it is another, the base's name. */
type Line = [string, string, string, string, string, string, string, string];

/** So that levels have two digits, and lines that begin with one are sorted by it. */
const levelBase = 10;

function linesOf(text: string | null | undefined): string[] {
  return text === null || text === undefined ? [] : text.split('\n');
}

function startOf(ground: Ground) {
  if ('reference' in ground) {
    const { repository, tag } = nameOf(ground.reference);
    return sql`select platform_digest from lineage_names where repository = ${repository} and tag = ${tag}`;
  }
  return sql`select platform_digest from lineage_names where digest = ${ground.digest}
    union select digest from lineage_images where digest = ${ground.digest}`;
}
