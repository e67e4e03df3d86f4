// Writes what was seen into the book: manifests for ever, names as they move, and what stands on what.
import { formatPlatform, type ImageConfig, parseConfig, parseManifest } from '../image/index.ts';
import { sql, type Write } from '../ledger/index.ts';
import { chainIds } from './base.ts';
import type { LineageTables } from './book.ts';
import type { Lineage } from './lineage.ts';

export interface SeenPlatform {
  digest: string;
  manifest: Uint8Array;
  config: Uint8Array;
}

export interface Sighting {
  /** `HOST/REPOSITORY` */
  repository: string;
  /** Absent: it was named by its digest. */
  tag?: string;
  /** Of the index, or of the one manifest. */
  digest: string;
  /** Bytes of the index where it is one. */
  index?: Uint8Array;
  platforms: readonly SeenPlatform[];
  /** It is watched as a base, or was given as one. */
  isBase: boolean;
  /** The tag stood for it once, as an image says that stands on it: what it stands for now is not known by this. */
  isPast?: boolean;
}

/** A name without a tag. */
export const untagged = '';

/** Ms since 1970. Seeing the same again changes only when it was last seen. Throws ImageFault for documents that are none. */
export async function recordSighting(
  write: Write<LineageTables>,
  { repository, tag = untagged, digest, index, platforms, isBase, isPast = false }: Sighting,
  now: number,
): Promise<void> {
  if (index !== undefined) await keep(write, digest, index);
  const isCurrent = tag !== untagged && !isPast;
  if (isCurrent)
    await write
      .deleteFrom('lineage_tags')
      .where('repository', '=', repository)
      .where('tag', '=', tag)
      .where('digest', '!=', digest)
      .execute();
  for (const platform of platforms) {
    const manifest = parseManifest(platform.manifest);
    if (manifest.kind !== 'manifest') continue;
    const config: ImageConfig = parseConfig(platform.config);
    await keep(write, platform.digest, platform.manifest);
    await keep(write, manifest.config.digest, platform.config);
    await write
      .insertInto('lineage_images')
      .values({
        digest: platform.digest,
        platform: formatPlatform(config.platform),
        layers: config.diffIds.length,
        chain_id: chainIds(config.diffIds).at(-1) ?? '',
        config_digest: manifest.config.digest,
        is_base: isBase ? 1 : 0,
        base_id: null,
        base_layers: null,
        base_by: null,
        base_name: null,
        first_seen: now,
      })
      .onConflict((conflict) =>
        isBase
          ? conflict.column('digest').doUpdateSet({ is_base: 1 })
          : conflict.column('digest').doNothing(),
      )
      .execute();
    await write
      .insertInto('lineage_names')
      .values({
        repository,
        tag,
        digest,
        platform_digest: platform.digest,
        first_seen: now,
        last_seen: now,
      })
      .onConflict((conflict) =>
        conflict.columns(['repository', 'tag', 'digest', 'platform_digest']).doUpdateSet({ last_seen: now }),
      )
      .execute();
    if (isCurrent)
      await write
        .insertInto('lineage_tags')
        .values({
          repository,
          tag,
          digest,
          platform: formatPlatform(config.platform),
          platform_digest: platform.digest,
          image_id: idOf(platform.digest),
          seen_at: now,
        })
        .onConflict((conflict) =>
          conflict.columns(['repository', 'tag', 'platform_digest']).doUpdateSet({ digest, seen_at: now }),
        )
        .execute();
  }
}

/** Null for one that was never seen. */
function idOf(digest: string) {
  return sql<number>`(select id from lineage_images where digest = ${digest})`;
}

async function keep(write: Write<LineageTables>, digest: string, bytes: Uint8Array): Promise<void> {
  await write
    .insertInto('lineage_documents')
    .values({ digest, bytes })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
}

/**
 * What an image of one platform stands on. Only a base whose layers are the image's lowest is written down; of anything
 * else it is written that nobody knows. An image never stands on itself, nor on one with more layers.
 */
export async function recordBase(
  write: Write<LineageTables>,
  platformDigest: string,
  lineage: Lineage,
): Promise<void> {
  const isBase = lineage.kind === 'base' && lineage.platformDigest !== platformDigest;
  await write
    .updateTable('lineage_images')
    .set(
      isBase
        ? {
            base_id: idOf(lineage.platformDigest),
            base_layers: lineage.layers,
            base_by: JSON.stringify(lineage.by),
            base_name: lineage.named ?? null,
          }
        : { base_id: null, base_layers: null, base_by: null, base_name: null },
    )
    .where('digest', '=', platformDigest)
    .execute();
}

/** A name that no longer stands for anything: what it stood for is still known. */
export async function forgetTag(write: Write<LineageTables>, repository: string, tag: string): Promise<void> {
  await write
    .deleteFrom('lineage_tags')
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .execute();
}
