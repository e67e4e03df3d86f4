// An image is looked into once and judged for ever after: its inventory is kept, and what affects it today.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Clock } from '../core/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { AdvisoryDatabase, Inspected } from '../scan/index.ts';
import { analyserVersion } from '../scan/inventory/index.ts';
import { pinned, platformsOf, type ResolvedImage, resolveDigest } from '../trust/index.ts';
import type { WatchTables } from './book.ts';
import { itemRules } from './item.ts';
import { keepItems } from './keep.ts';

export interface Observing {
  ledger: Ledger;
  clock: Clock;
  /** Inventory of `registry:HOST/REPOSITORY@DIGEST`. */
  inspect(target: string): Promise<Inspected>;
  database(): AdvisoryDatabase | undefined;
  /** The advisories changed while an image was judged: what is marked is to be judged again. */
  overtaken?(): Promise<void>;
}

export interface Observed {
  digest: string;
  platform: string;
  inspected: Inspected;
  /** False: it was known. */
  isNew: boolean;
}

/** Every platform of an image or index; layers that were read before are not read again. Rejects with Faults of scan. */
export async function observeImage(parts: Observing, image: ResolvedImage): Promise<Observed[]> {
  const seen: Observed[] = [];
  for (const { digest } of platformsOf(image)) {
    const known = await readInventory(parts.ledger, digest);
    if (known !== undefined) {
      if (!(await hasItems(parts.ledger, digest))) await keep(parts, digest, known);
      seen.push({ digest, platform: known.target.platform ?? '', inspected: known, isNew: false });
      continue;
    }
    const one = await resolveDigest(image, digest);
    const inspected = await parts.inspect(`registry:${pinned(one)}`);
    await keepInventory(parts, digest, inspected);
    await keep(parts, digest, inspected);
    seen.push({ digest, platform: inspected.target.platform ?? '', inspected, isNew: true });
  }
  return seen;
}

async function keep(parts: Observing, digest: string, { inventory }: Inspected): Promise<void> {
  if (!(await keepItems(parts, [{ digest, inventory }]))) await parts.overtaken?.();
}

async function hasItems(ledger: Ledger, digest: string): Promise<boolean> {
  const row = await ledger
    .read<WatchTables>()
    .selectFrom('watch_images')
    .select('rules')
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row?.rules === itemRules;
}

/** Undefined: it was never looked into, or by an analyser that found less. */
export async function readInventory(ledger: Ledger, digest: string): Promise<Inspected | undefined> {
  const row = await ledger
    .read<WatchTables>()
    .selectFrom('watch_images')
    .select(['target', 'inventory', 'analyser'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (row === undefined || row.analyser !== analyserVersion) return undefined;
  return {
    target: JSON.parse(row.target),
    inventory: JSON.parse(gunzipSync(row.inventory).toString('utf8')),
  };
}

async function keepInventory(parts: Observing, digest: string, inspected: Inspected): Promise<void> {
  const row = {
    digest,
    platform: inspected.target.platform ?? '',
    target: JSON.stringify(inspected.target),
    inventory: gzipSync(JSON.stringify(inspected.inventory)),
    analyser: analyserVersion,
    seen_at: parts.clock.now().getTime(),
  };
  await parts.ledger.write<WatchTables, void>(async (write) => {
    await write
      .insertInto('watch_images')
      .values(row)
      .onConflict((conflict) => {
        // what affects it is as old as the first look
        const { seen_at: _, ...later } = row;
        return conflict.column('digest').doUpdateSet(later);
      })
      .execute();
  });
}
