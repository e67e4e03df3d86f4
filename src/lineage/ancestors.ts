// What an image stands on, as the book knows it, down to the ground.
import { type Read, sql } from '../ledger/index.ts';
import type { LineageTables } from './book.ts';
import { deepest } from './graph.ts';
import { namesOf } from './names.ts';

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
export async function ancestorsOf(book: Read<LineageTables>, platformDigest: string): Promise<Ancestor[]> {
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
