// Flaws that reach an image by its base and that the base, as it is now, no longer has.
import type { LineageTables } from '../lineage/index.ts';
import type { Dependent } from '../renewal/index.ts';
import { readInventory, type WatchTables } from '../watch/index.ts';
import type { HubParts } from './hubparts.ts';

type Parts = Pick<HubParts, 'ledger'>;

/** By reference. A base that was not looked into yet fixes nothing: unknown is no fix. */
export async function fixedBy(
  parts: Parts,
  to: string,
  images: readonly Dependent[],
): Promise<Map<string, string[]>> {
  const fixes = new Map<string, string[]>();
  const base = await platformsOf(parts, to);
  if (base.length === 0 || base.some(({ isKnown }) => !isKnown)) return fixes;
  const there = new Set((await findingsOf(parts, base)).map(({ id }) => id));
  for (const { reference, digest } of images) {
    const platforms = (await platformsOf(parts, digest)).filter(({ isKnown }) => isKnown);
    const gone = (await findingsOf(parts, platforms)).filter(({ id }) => !there.has(id));
    const ids = new Set<string>();
    for (const platform of new Set(gone.map((finding) => finding.digest))) {
      const purls = await purlsOfBase(parts, platform);
      for (const { id, purl, digest: on } of gone) if (on === platform && purls.has(purl)) ids.add(id);
    }
    if (ids.size > 0) fixes.set(reference, [...ids].sort());
  }
  return fixes;
}

async function platformsOf({ ledger }: Parts, parent: string) {
  const rows = await ledger
    .read<WatchTables>()
    .selectFrom('watch_platforms')
    .leftJoin('watch_images', 'watch_images.digest', 'watch_platforms.digest')
    .select(['watch_platforms.digest', 'watch_images.rules'])
    .where('watch_platforms.parent', '=', parent)
    .execute();
  return rows.map(({ digest, rules }) => ({ digest, isKnown: rules !== null && rules !== '' }));
}

async function findingsOf({ ledger }: Parts, platforms: readonly { digest: string }[]) {
  if (platforms.length === 0) return [];
  const digests = platforms.map(({ digest }) => digest);
  return ledger
    .read<WatchTables>()
    .selectFrom('watch_findings')
    .select(['digest', 'id', 'purl'])
    .where('digest', 'in', digests)
    .execute();
}

/** Packages in those layers of an image that are its base's. */
async function purlsOfBase({ ledger }: Parts, digest: string): Promise<Set<string>> {
  const row = await ledger
    .read<LineageTables>()
    .selectFrom('lineage_images')
    .select('base_layers')
    .where('digest', '=', digest)
    .executeTakeFirst();
  const inspected = await readInventory(ledger, digest);
  const layers = new Set(
    inspected?.target.layers.slice(0, row?.base_layers ?? 0).map(({ diffId }) => diffId) ?? [],
  );
  const packages = inspected?.inventory.packages ?? [];
  return new Set(packages.filter(({ layer }) => layers.has(layer ?? '')).map(({ purl }) => purl));
}
