// By which advisories and rules the book's items are judged: what does not fit is judged again, through any crash.
import { sql, type Write } from '../ledger/index.ts';
import type { AdvisoryDelta } from '../scan/index.ts';
import { inBatches } from './batch.ts';
import type { WatchTables } from './book.ts';
import { itemRules } from './item.ts';

export async function stateOf(
  write: Write<WatchTables>,
  name: 'revision' | 'rules',
): Promise<string | undefined> {
  const row = await write
    .selectFrom('watch_state')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.value;
}

async function setState(write: Write<WatchTables>, name: 'revision' | 'rules', value: string): Promise<void> {
  await write
    .insertInto('watch_state')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/**
 * The advisories went from one revision to another. Marks what that touches and nothing else; all, where the book was not
 * at `before`: somebody died between the update and this, or another one updated. Tells whether anything is to be judged.
 */
export async function noteAdvisories(
  write: Write<WatchTables>,
  update: { before: string; revision: string; changed: AdvisoryDelta },
): Promise<boolean> {
  const known = await stateOf(write, 'revision');
  const rules = await stateOf(write, 'rules');
  if (known !== update.revision) {
    if (known === update.before && update.changed !== 'all') await markTouched(write, update.changed);
    else await write.updateTable('watch_items').set({ stale: 1 }).where('stale', '=', 0).execute();
    await setState(write, 'revision', update.revision);
  }
  if (rules !== itemRules) {
    await write.updateTable('watch_items').set({ stale: 1 }).where('stale', '=', 0).execute();
    await setState(write, 'rules', itemRules);
  }
  const stale = await write.selectFrom('watch_items').select('id').where('stale', '>', 0).executeTakeFirst();
  if (stale !== undefined) return true;
  const bare = await write
    .selectFrom('watch_images')
    .select('digest')
    .where('rules', '!=', itemRules)
    .executeTakeFirst();
  return bare !== undefined;
}

async function markTouched(
  write: Write<WatchTables>,
  { packages, ids, kev }: Exclude<AdvisoryDelta, 'all'>,
): Promise<void> {
  const asked = [...packages, ...ids.map((name) => ({ ecosystem: '', name }))];
  for (const keys of inBatches(asked)) await mark(write, keys, 1);
  for (const keys of inBatches(kev.map((name) => ({ ecosystem: '', name })))) await mark(write, keys, 2);
}

async function mark(
  write: Write<WatchTables>,
  keys: readonly { ecosystem: string; name: string }[],
  stale: 1 | 2,
): Promise<void> {
  const rows = sql.join(keys.map(({ ecosystem, name }) => sql`(${ecosystem}, ${name})`));
  // the keys lead: never a walk over all that is in the book
  await sql`
    update watch_items set stale = ${sql.lit(stale)} where stale < ${sql.lit(stale)} and id in (
      with asked (ecosystem, name) as (values ${rows})
      select p.item from asked a join watch_packages p on p.ecosystem = a.ecosystem and p.name = a.name)`.execute(
    write,
  );
}
