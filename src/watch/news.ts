// Findings that came or went, by the tags that they touch: each is told once.
import { type Ledger, sql, type Write } from '../ledger/index.ts';
import { inBatches } from './batch.ts';
import type { WatchTables } from './book.ts';

export interface TagNews {
  reference: string;
  /** Ids of flaws, sorted. */
  added: string[];
  gone: string[];
}

export interface NewsOfBatch {
  /** Tags that want another verdict. */
  references: string[];
  /** Of the first tags only: as many as the caller asked for. */
  news: TagNews[];
}

/**
 * What was not told yet, taken away in the transaction that `told` writes in. Undefined: there is none. `mostTold` bounds
 * `news`.
 */
export async function takeNews(
  ledger: Ledger,
  mostTold: number,
  told: (write: Write<WatchTables>, batch: NewsOfBatch) => Promise<void>,
): Promise<NewsOfBatch | undefined> {
  return ledger.write<WatchTables, NewsOfBatch | undefined>(async (write) => {
    const one = await write.selectFrom('watch_news').select('item').executeTakeFirst();
    if (one === undefined) return undefined;
    // from what changed outwards: a join is planned from the fleet inwards
    const rows = await write
      .selectFrom('watch_tags')
      .select('reference')
      .where('digest', 'in', (tag) =>
        tag
          .selectFrom('watch_platforms')
          .select('parent')
          .where('digest', 'in', (image) =>
            image
              .selectFrom('watch_image_sets')
              .select('watch_image_sets.digest')
              .where('set_id', 'in', (set) =>
                set
                  .selectFrom('watch_set_items')
                  .select('set_id')
                  .where('item', 'in', (news) => news.selectFrom('watch_news').select('watch_news.item')),
              ),
          ),
      )
      .orderBy('reference')
      .execute();
    const references = rows.map(({ reference }) => reference);
    const batch = { references, news: await newsOf(write, references.slice(0, mostTold)) };
    await told(write, batch);
    await write.deleteFrom('watch_news').execute();
    return batch;
  });
}

async function newsOf(write: Write<WatchTables>, references: readonly string[]): Promise<TagNews[]> {
  const news = new Map<string, TagNews>();
  for (const some of inBatches(references, 100)) {
    const rows = await write
      .selectFrom('watch_tags')
      .innerJoin('watch_platforms', 'watch_platforms.parent', 'watch_tags.digest')
      .innerJoin('watch_image_sets', 'watch_image_sets.digest', 'watch_platforms.digest')
      .innerJoin('watch_set_items', 'watch_set_items.set_id', 'watch_image_sets.set_id')
      .innerJoin('watch_news', 'watch_news.item', 'watch_set_items.item')
      .select(['watch_tags.reference', 'watch_news.id', 'watch_news.kind'])
      .where('watch_tags.reference', 'in', some)
      .where('watch_news.id', '!=', sql.lit(''))
      .distinct()
      .execute();
    for (const { reference, id, kind } of rows) {
      const of = news.get(reference) ?? { reference, added: [], gone: [] };
      of[kind].push(id);
      news.set(reference, of);
    }
  }
  return [...news.values()].map(({ reference, added, gone }) => ({
    reference,
    added: added.sort(),
    gone: gone.sort(),
  }));
}
