// Whose verdict another policy may change: every tag's, or where only suppressions differ, that of tags with the finding.
import { isDeepStrictEqual } from 'node:util';
import type { Read } from '../ledger/index.ts';
import type { Suppression } from '../scan/match/index.ts';
import type { ImagePolicy } from '../trust/index.ts';
import type { WatchTables } from '../watch/index.ts';

/** `HOST/REPOSITORY:TAG` each. */
export async function touchedTags(
  read: Read<WatchTables>,
  before: ImagePolicy,
  after: ImagePolicy,
): Promise<string[]> {
  const rest = (policy: ImagePolicy) => ({ ...policy, suppressions: [], hash: '' });
  if (!isDeepStrictEqual(rest(before), rest(after))) {
    const rows = await read.selectFrom('watch_tags').select('reference').orderBy('reference').execute();
    return rows.map(({ reference }) => reference);
  }
  const names = new Set(changedSuppressions(before, after).map(({ purl }) => nameIn(purl)));
  const found = await read
    .selectFrom('watch_items')
    .innerJoin('watch_item_findings', 'watch_item_findings.item', 'watch_items.id')
    .select(['watch_items.id', 'watch_items.purl'])
    .distinct()
    .execute();
  const items = found.flatMap(({ id, purl }) => (names.has(nameIn(purl)) ? [id] : []));
  const references = new Set<string>();
  for (let at = 0; at < items.length; at += 500) {
    const rows = await read
      .selectFrom('watch_tags')
      .innerJoin('watch_platforms', 'watch_platforms.parent', 'watch_tags.digest')
      .innerJoin('watch_image_sets', 'watch_image_sets.digest', 'watch_platforms.digest')
      .innerJoin('watch_set_items', 'watch_set_items.set_id', 'watch_image_sets.set_id')
      .select('watch_tags.reference')
      .where('watch_set_items.item', 'in', items.slice(at, at + 500))
      .distinct()
      .execute();
    for (const { reference } of rows) references.add(reference);
  }
  return [...references].sort();
}

function changedSuppressions(before: ImagePolicy, after: ImagePolicy): Suppression[] {
  const isIn = (list: readonly Suppression[], item: Suppression) =>
    list.some((other) => isDeepStrictEqual(other, item));
  return [
    ...before.suppressions.filter((item) => !isIn(after.suppressions, item)),
    ...after.suppressions.filter((item) => !isIn(before.suppressions, item)),
  ];
}

/** The name of a package as loosely as any ecosystem takes it: rather one verdict too many. */
function nameIn(purl: string): string {
  const path = purl.split(/[@?#]/, 1)[0]!;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.toLowerCase().replace(/%[0-9a-f]{2}|[-_.]+/g, '-');
}
