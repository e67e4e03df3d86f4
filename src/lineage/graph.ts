// The graph of lineage: everything that stands on a base, level by level, and everything an image stands on.
import { type Read, sql } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';
import { nameOf } from './seen.ts';

type Book = Read<LineageTables>;

/** Deeper than any chain of bases that people build; a circle of lying claims ends here. */
const deepest = 32;

export interface Standing {
  /** `HOST/REPOSITORY:TAG`, a name that stands for it now. */
  reference: string;
  /** What that name stands for: its index, or the manifest itself. */
  digest: string;
  platform: string;
  platformDigest: string;
  /** The manifest it stands on. */
  basePlatformDigest: string;
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
    with recursive standing (id, base, level) as (
      select i.id, i.base_id, 1 from lineage_images i where i.base_id in (
        select j.id from lineage_images j where j.digest in (${startOf(ground)}))
      union all
      select i.id, i.base_id, s.level + 1 from standing s cross join lineage_images i
      where i.base_id = s.id and s.level < ${deepest})
    select string_agg(line, ${'\n'}) as lines from (
      select t.repository || ':' || t.tag || ' ' || t.digest || ' ' || t.platform || ' ' || t.platform_digest
        || ' ' || b.digest || ' ' || s.level as line
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
  const [reference = '', digest = '', platform = '', platformDigest = '', basePlatformDigest = '', level] =
    line.split(' ');
  return { reference, digest, platform, platformDigest, basePlatformDigest, level: Number(level) };
}

function compare(a: string, b: string): number {
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

/** An image that has to be renewed for a base to reach it. */
export interface Dependent {
  /** `HOST/REPOSITORY:TAG` */
  reference: string;
  /** What the tag names now. */
  digest: string;
  /** `HOST/REPOSITORY:TAG` of what it stands on, and the digest it stood on. */
  base: string;
  baseDigest: string;
  level: number;
}

/**
 * Everything that stands on what a name stood for and not on what it stands for now, and everything that stands on
 * those, in levels: the order in which they are renewed. One entry for each name, whatever its platforms.
 */
export async function staleOn(book: Book, reference: string): Promise<Dependent[]> {
  const { images } = await dependentsOf(book, { reference });
  if (images.length === 0) return [];
  const names = await namesOf(book, [...new Set(images.map(({ basePlatformDigest }) => basePlatformDigest))]);
  const stale = new Map<string, Dependent>();
  /** Names whose image is to be renewed: what stands on them is, too. */
  const moving = new Set<string>();
  for (const image of images) {
    const bases = names.get(image.basePlatformDigest) ?? [];
    const base =
      image.level === 1
        ? bases.find((one) => one.reference === reference)
        : (bases.find((one) => moving.has(one.reference)) ?? bases[0]);
    if (base === undefined) continue;
    if (base.isCurrent && !moving.has(base.reference)) continue;
    moving.add(image.reference);
    const known = stale.get(image.reference);
    if (known === undefined || known.level > image.level)
      stale.set(image.reference, {
        reference: image.reference,
        digest: image.digest,
        base: base.reference,
        baseDigest: base.digest,
        level: image.level,
      });
  }
  return [...stale.values()].sort((a, b) => a.level - b.level || compare(a.reference, b.reference));
}

interface NameRow {
  platform_digest: string;
  repository: string;
  tag: string;
  digest: string;
  current: string | null;
}

/** Names of manifests; `isCurrent`: the name stands for that very manifest now, though its index may be another. */
async function namesOf(
  book: Book,
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

export interface Ancestor {
  platformDigest: string;
  platform: string;
  /** Names it was seen under, the newest first. */
  references: string[];
  layers: number;
  /** What told that the one before stands on it. */
  by: string[];
}

interface AncestorRow {
  digest: string;
  platform: string;
  layers: number;
  base_by: string | null;
}

/** What an image of one platform stands on, the nearest first; ends where nobody knows further or in a circle. */
export async function ancestorsOf(book: Book, platformDigest: string): Promise<Ancestor[]> {
  const found: Ancestor[] = [];
  const seen = new Set([platformDigest]);
  for (let digest = platformDigest; found.length < deepest; ) {
    const { rows } = await sql<AncestorRow>`
      select b.digest, b.platform, b.layers, i.base_by from lineage_images i
      join lineage_images b on b.id = i.base_id where i.digest = ${digest}`.execute(book);
    const [base] = rows;
    if (base === undefined || seen.has(base.digest)) return found;
    seen.add(base.digest);
    const names = (await namesOf(book, [base.digest])).get(base.digest) ?? [];
    found.push({
      platformDigest: base.digest,
      platform: base.platform,
      references: names.map(({ reference }) => reference),
      layers: base.layers,
      by: base.base_by === null ? [] : (JSON.parse(base.base_by) as string[]),
    });
    digest = base.digest;
  }
  return found;
}
