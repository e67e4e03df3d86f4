// An image's packages put into the book as items; only what no other image has is judged.
import { hash } from 'node:crypto';
import type { Clock } from '../core/index.ts';
import type { Ledger, Write } from '../ledger/index.ts';
import type { AdvisoryDatabase } from '../scan/index.ts';
import type { Inventory } from '../scan/inventory/index.ts';
import { inBatches, turns } from './batch.ts';
import type { WatchTables } from './book.ts';
import { type Item, itemRules, itemsOf, type JudgedItem, judgeItem } from './item.ts';
import { stateOf } from './state.ts';

export interface Judging {
  ledger: Ledger;
  clock: Clock;
  database(): AdvisoryDatabase | undefined;
}

interface Judgements {
  /** By hash. */
  items: Map<string, JudgedItem>;
  /** Of the advisories; undefined: they changed meanwhile. */
  revision: string | undefined;
}

/**
 * The images are in the book. Gives false where the advisories changed meanwhile: what is new is then marked to be judged
 * again.
 */
export async function keepItems(
  judging: Judging,
  images: readonly { digest: string; inventory: Inventory }[],
): Promise<boolean> {
  const taken = images.map(({ digest, inventory }) => ({ digest, layers: itemsOf(inventory) }));
  const items = new Map<string, Item>();
  for (const { layers } of taken)
    for (const layer of layers) for (const one of layer) items.set(one.hash, one);
  const known = await idsOf(judging.ledger.read<WatchTables>(), 'watch_items', [...items.keys()]);
  const judged = await judgeAll(
    judging,
    [...items.values()].filter(({ hash }) => !known.has(hash)),
  );
  const now = judging.clock.now().getTime();
  return judging.ledger.write<WatchTables, boolean>(async (write) => {
    const isCurrent = judged.revision === ((await stateOf(write, 'revision')) ?? judged.revision);
    const ids = await addItems(write, items, judged.items, isCurrent ? 0 : 1, now);
    await addSets(write, taken, ids);
    return isCurrent;
  });
}

async function judgeAll({ database, clock }: Judging, items: readonly Item[]): Promise<Judgements> {
  const turn = turns();
  const revision = database()?.revision ?? '';
  const judged: Judgements = { items: new Map(), revision };
  for (const { hash: name, body } of items) {
    const current = database();
    if ((current?.revision ?? '') !== revision) judged.revision = undefined;
    judged.items.set(name, judgeItem(body, current, clock.now()));
    await turn();
  }
  return judged;
}

async function addItems(
  write: Write<WatchTables>,
  items: ReadonlyMap<string, Item>,
  judged: Judgements['items'],
  stale: 0 | 1,
  now: number,
): Promise<Map<string, number>> {
  const ids = await idsOf(write, 'watch_items', [...items.keys()]);
  const fresh = [...items.values()].filter((item) => !ids.has(item.hash));
  // what was taken away between the look and now was not judged: as good as stale
  for (const rows of inBatches(fresh))
    await write
      .insertInto('watch_items')
      .values(rows.map((item) => ({ ...item, stale: judged.has(item.hash) ? stale : 1 })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  const added = await idsOf(
    write,
    'watch_items',
    fresh.map((item) => item.hash),
  );
  const keys: WatchTables['watch_packages'][] = [];
  const findings: WatchTables['watch_item_findings'][] = [];
  for (const [name, item] of added) {
    ids.set(name, item);
    const found = judged.get(name);
    for (const key of found?.keys ?? []) keys.push({ ...key, item });
    for (const finding of found?.findings ?? []) findings.push({ ...finding, item, since: now });
  }
  for (const rows of inBatches(keys))
    await write
      .insertInto('watch_packages')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  for (const rows of inBatches(findings))
    await write
      .insertInto('watch_item_findings')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  return ids;
}

async function addSets(
  write: Write<WatchTables>,
  images: readonly { digest: string; layers: Item[][] }[],
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  const sets = new Map<string, number[]>();
  const holds: { digest: string; set: string }[] = [];
  for (const { digest, layers } of images)
    for (const layer of layers) {
      const hashes = layer.map((item) => item.hash).sort();
      const set = hash('sha256', hashes.join(' '), 'base64url');
      sets.set(
        set,
        hashes.map((one) => ids.get(one)!),
      );
      holds.push({ digest, set });
    }
  const known = await idsOf(write, 'watch_sets', [...sets.keys()]);
  const fresh = [...sets.keys()].filter((set) => !known.has(set));
  for (const rows of inBatches(fresh))
    await write
      .insertInto('watch_sets')
      .values(rows.map((set) => ({ hash: set })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  const added = await idsOf(write, 'watch_sets', fresh);
  const members = [...added].flatMap(([set, set_id]) => sets.get(set)!.map((item) => ({ set_id, item })));
  for (const rows of inBatches(members))
    await write
      .insertInto('watch_set_items')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  for (const digests of inBatches(images.map(({ digest }) => digest))) {
    await write.deleteFrom('watch_image_sets').where('digest', 'in', digests).execute();
    await write
      .updateTable('watch_images')
      .set({ rules: itemRules })
      .where('digest', 'in', digests)
      .execute();
  }
  const all = new Map([...known, ...added]);
  for (const rows of inBatches(holds))
    await write
      .insertInto('watch_image_sets')
      .values(rows.map(({ digest, set }) => ({ digest, set_id: all.get(set)! })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

async function idsOf(
  read: Pick<Write<WatchTables>, 'selectFrom'>,
  table: 'watch_items' | 'watch_sets',
  hashes: readonly string[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const batch of inBatches(hashes))
    for (const { hash: name, id } of await read
      .selectFrom(table)
      .select(['hash', 'id'])
      .where('hash', 'in', batch)
      .execute())
      ids.set(name, id);
  return ids;
}
