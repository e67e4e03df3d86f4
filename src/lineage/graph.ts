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
  // one text for all: ten thousand rows would cost more to hand over than to find
  const { rows } = await sql<{ lines: string | null }>`
    with recursive standing (id, base, name, level) as (
      select i.id, i.base_id, i.base_name, 1 from lineage_images i where i.base_id in (
        select j.id from lineage_images j where j.digest in (${startOf(ground)}))
      union all
      select i.id, i.base_id, i.base_name, s.level + 1 from standing s cross join lineage_images i
      where i.base_id = s.id and s.level < ${deepest})
    select string_agg(line, ${'\n'}) as lines from (
      select t.repository || ':' || t.tag || ' ' || t.digest || ' ' || t.platform || ' ' || t.platform_digest
        || ' ' || b.digest || ' ' || s.level || ' ' || coalesce(s.name, '') as line
      from standing s cross join lineage_tags t cross join lineage_images b
      where t.image_id = s.id and b.id = s.base) found`.execute(book);
  const images: Standing[] = [];
  const found = new Map<string, Standing>();
  const circle = new Set<string>();
  for (const line of rows[0]?.lines?.split('\n') ?? []) {
    const image = standingOf(line);
    const key = `${image.platformDigest} ${image.reference}`;
    const known = found.get(key);
    // a manifest has one base, so it is at one level; far more than one of them is a circle that was gone around
    if (image.level > deepest / 2) circle.add(image.platformDigest);
    if (known !== undefined) {
      known.level = Math.min(known.level, image.level);
      continue;
    }
    found.set(key, image);
    images.push(image);
  }
  images.sort(
    (a, b) => a.level - b.level || compare(a.reference, b.reference) || compare(a.platform, b.platform),
  );
  return { images, circle: [...circle] };
}

function standingOf(line: string): Standing {
  const [
    reference = '',
    digest = '',
    platform = '',
    platformDigest = '',
    basePlatformDigest = '',
    level,
    name,
  ] = line.split(' ');
  const standing = { reference, digest, platform, platformDigest, basePlatformDigest, level: Number(level) };
  return name === undefined || name === '' ? standing : { ...standing, baseName: name };
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function startOf(ground: Ground) {
  if ('reference' in ground) {
    const { repository, tag } = nameOf(ground.reference);
    return sql`select platform_digest from lineage_names where repository = ${repository} and tag = ${tag}`;
  }
  return sql`select platform_digest from lineage_names where digest = ${ground.digest}
    union select digest from lineage_images where digest = ${ground.digest}`;
}
