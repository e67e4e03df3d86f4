// What has to be renewed once a base moved, level by level.
import type { Read } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';
import { dependentsOf } from './graph.ts';
import { namesOf } from './names.ts';

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
export async function staleOn(book: Read<LineageTables>, reference: string): Promise<Dependent[]> {
  const { images } = await dependentsOf(book, { reference });
  if (images.length === 0) return [];
  const names = await namesOf(book, [...new Set(images.map(({ basePlatformDigest }) => basePlatformDigest))]);
  const stale = new Map<string, Dependent>();
  /** Names whose image is to be renewed: what stands on them is, too. */
  const moving = new Set<string>();
  for (const image of images) {
    const bases = names.get(image.basePlatformDigest) ?? [];
    const named = bases.find((one) => one.reference === image.baseName);
    const base =
      image.level === 1
        ? // two names of one digest part one day: an image follows the one that it names
          bases.find((one) => one.reference === reference && (named ?? one) === one)
        : (named ?? bases.find((one) => moving.has(one.reference)) ?? bases[0]);
    if (base === undefined) continue;
    if (base.isCurrent && !moving.has(base.reference)) continue;
    moving.add(image.reference);
    // the lowest level of a name comes first, as they come by level
    if (stale.has(image.reference)) continue;
    const { digest, level } = image;
    stale.set(image.reference, {
      reference: image.reference,
      digest,
      base: base.reference,
      baseDigest: base.digest,
      level,
    });
  }
  return [...stale.values()];
}
