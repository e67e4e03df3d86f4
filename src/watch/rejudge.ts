// Items whose advisories changed, judged again: the cost grows with what changed, never with the fleet.
import { sql, type Write } from '../ledger/index.ts';
import { inBatches, turns } from './batch.ts';
import type { WatchTables } from './book.ts';
import { type ItemFinding, itemRules, type JudgedItem, judgeItem } from './item.ts';
import { type Judging, keepItems } from './keep.ts';
import { readInventory } from './observe.ts';
import { stateOf } from './state.ts';

const batchSize = 500;

export interface Rejudged {
  judged: number;
  /** Items with findings that came or went, or with a verdict wanted. */
  changed: number;
}

/**
 * One batch of what is marked, in one transaction with the news of it; `judged` is 0 when nothing is left. Undefined: the
 * advisories changed meanwhile, so it is for the next call.
 */
export async function rejudgeBatch(judging: Judging): Promise<Rejudged | undefined> {
  const { ledger, clock } = judging;
  const items = await ledger
    .read<WatchTables>()
    .selectFrom('watch_items')
    .select(['id', 'body', 'stale'])
    .where('stale', '>', 0)
    .orderBy('id')
    .limit(batchSize)
    .execute();
  if (items.length === 0) return { judged: 0, changed: 0 };
  const turn = turns();
  const revision = judging.database()?.revision ?? '';
  const judged = new Map<number, JudgedItem>();
  for (const { id, body } of items) {
    const database = judging.database();
    if ((database?.revision ?? '') !== revision) return undefined;
    judged.set(id, judgeItem(body, database, clock.now()));
    await turn();
  }
  const now = clock.now().getTime();
  return ledger.write<WatchTables, Rejudged | undefined>(async (write) => {
    if ((await stateOf(write, 'revision')) !== revision) return undefined;
    const changed = await keepJudgements(write, items, judged, now);
    return { judged: items.length, changed };
  });
}

async function keepJudgements(
  write: Write<WatchTables>,
  items: readonly { id: number; stale: number }[],
  judged: ReadonlyMap<number, JudgedItem>,
  now: number,
): Promise<number> {
  const ids = items.map(({ id }) => id);
  await keepKeys(write, ids, judged);
  const before = Map.groupBy(
    await write.selectFrom('watch_item_findings').selectAll().where('item', 'in', ids).execute(),
    ({ item }) => item,
  );
  const rows: WatchTables['watch_item_findings'][] = [];
  const dropped: { item: number; id: string }[] = [];
  const news: WatchTables['watch_news'][] = [];
  for (const { id: item, stale } of items) {
    const old = new Map((before.get(item) ?? []).map((row) => [row.id, row]));
    for (const finding of judged.get(item)!.findings) {
      const row = old.get(finding.id);
      old.delete(finding.id);
      if (row === undefined) news.push({ item, id: finding.id, kind: 'added' });
      else if (isSame(row, finding)) continue;
      else dropped.push({ item, id: finding.id });
      rows.push({ ...finding, item, since: row?.since ?? now });
      // another severity or fix is no news, but another verdict perhaps
      if (row !== undefined) news.push({ item, id: '', kind: 'added' });
    }
    for (const id of old.keys()) {
      news.push({ item, id, kind: 'gone' });
      dropped.push({ item, id });
    }
    if (stale === 2) news.push({ item, id: '', kind: 'added' });
  }
  for (const some of inBatches(dropped)) {
    const keys = some.map(({ item, id }) => sql`(cast(${item} as bigint), ${id})`);
    await sql`delete from watch_item_findings where (item, id) in (values ${sql.join(keys)})`.execute(write);
  }
  for (const some of inBatches(rows)) await write.insertInto('watch_item_findings').values(some).execute();
  for (const some of inBatches(news))
    await write
      .insertInto('watch_news')
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  await write.updateTable('watch_items').set({ stale: 0 }).where('id', 'in', ids).execute();
  return new Set(news.map(({ item }) => item)).size;
}

async function keepKeys(
  write: Write<WatchTables>,
  ids: readonly number[],
  judged: ReadonlyMap<number, JudgedItem>,
): Promise<void> {
  const before = Map.groupBy(
    await write.selectFrom('watch_packages').selectAll().where('item', 'in', ids).execute(),
    ({ item }) => item,
  );
  const rows: WatchTables['watch_packages'][] = [];
  const gone: WatchTables['watch_packages'][] = [];
  for (const item of ids) {
    const old = new Map((before.get(item) ?? []).map((row) => [`${row.ecosystem}\0${row.name}`, row]));
    for (const { ecosystem, name } of judged.get(item)!.keys)
      if (!old.delete(`${ecosystem}\0${name}`)) rows.push({ ecosystem, name, item });
    gone.push(...old.values());
  }
  for (const some of inBatches(gone)) {
    const keys = some.map(
      ({ ecosystem, name, item }) => sql`(${ecosystem}, ${name}, cast(${item} as bigint))`,
    );
    await sql`delete from watch_packages where (ecosystem, name, item) in (values ${sql.join(keys)})`.execute(
      write,
    );
  }
  for (const some of inBatches(rows)) await write.insertInto('watch_packages').values(some).execute();
}

function isSame(row: ItemFinding, finding: ItemFinding): boolean {
  return (
    row.severity === finding.severity && row.state === finding.state && row.fixed_in === finding.fixed_in
  );
}

/** Images that were looked into before there were items, or under other rules. Gives how many; 0: none is left. */
export async function keepOlderImages(judging: Judging): Promise<number> {
  const { ledger } = judging;
  const rows = await ledger
    .read<WatchTables>()
    .selectFrom('watch_images')
    .select('digest')
    .where('rules', '!=', itemRules)
    .limit(20)
    .execute();
  const images: Parameters<typeof keepItems>[1][number][] = [];
  for (const { digest } of rows) {
    const inspected = await readInventory(ledger, digest);
    if (inspected !== undefined) images.push({ digest, inventory: inspected.inventory });
  }
  if (images.length > 0) await keepItems(judging, images);
  // an analyser that found less looked into these: the next look at their tag does it anew
  const lost = rows.filter(({ digest }) => !images.some((image) => image.digest === digest));
  if (lost.length > 0)
    await ledger.write<WatchTables, void>(async (write) => {
      await write
        .updateTable('watch_images')
        .set({ rules: itemRules })
        .where(
          'digest',
          'in',
          lost.map(({ digest }) => digest),
        )
        .execute();
    });
  return rows.length;
}
