// One package as advisories see it, without where it lies: judged once, whatever number of images have it.
import { hash } from 'node:crypto';
import { version } from '../core/index.ts';
import type { AdvisoryDatabase } from '../scan/index.ts';
import { analyserVersion, type Inventory, type Package } from '../scan/inventory/index.ts';
import { type AdvisoryKey, match, recordKeys } from '../scan/match/index.ts';

/** Changes when packages may be judged otherwise by the same advisories. */
export const itemRules = `${version} ${analyserVersion}`;

export interface Item {
  hash: string;
  purl: string;
  /** JSON of an inventory of this package alone. */
  body: string;
}

export interface ItemFinding {
  id: string;
  severity: string;
  state: string;
  fixed_in: string | null;
}

export interface JudgedItem {
  findings: ItemFinding[];
  keys: AdvisoryKey[];
}

/** Items by the layer that brought them; each is in one layer only. */
export function itemsOf(inventory: Inventory): Item[][] {
  // Windows: `judgeInventory` judges nothing of it
  if (inventory.undecided.some(({ code }) => code === 'windows-image')) return [];
  const seen = new Set<string>();
  const layers = new Map<string, Item[]>();
  for (const found of inventory.packages) {
    const item = itemOf(found, inventory.osRelease);
    if (seen.has(item.hash)) continue;
    seen.add(item.hash);
    const layer = found.layer ?? '';
    const items = layers.get(layer);
    if (items === undefined) layers.set(layer, [item]);
    else items.push(item);
  }
  return [...layers.values()];
}

/** The distribution counts for its own packages, and for those that one of its packages owns. */
function itemOf(found: Package, osRelease: Inventory['osRelease']): Item {
  const { location: _, layer: _layer, introducedBy: _by, inside: _inside, ...seen } = found;
  const isOs = found.type === 'deb' || found.type === 'apk' || found.type === 'rpm';
  const body = JSON.stringify({
    ...(osRelease !== undefined && (isOs || found.ownedBy !== undefined) ? { osRelease } : {}),
    package: seen,
  });
  return { hash: hash('sha256', body, 'base64url'), purl: found.purl, body };
}

/** As `judgeInventory` does it, with what it asked; without a database nothing is found and nothing was asked. */
export function judgeItem(body: string, database: AdvisoryDatabase | undefined, now: Date): JudgedItem {
  if (database === undefined) return { findings: [], keys: [] };
  const { osRelease, package: seen } = JSON.parse(body);
  const inventory: Inventory = {
    ...(osRelease === undefined ? {} : { osRelease }),
    packages: [{ ...seen, location: '', introducedBy: 'unknown' }],
    unattributed: [],
    unownedExecutables: 0,
    undecided: [],
  };
  const recorder = recordKeys(database);
  const { findings } = match(inventory, recorder.database, now, undefined, false);
  return {
    findings: findings
      .filter(({ state, suppressed }) => state === 'affected' && suppressed === undefined)
      .map(({ id, severity, state, fixedIn }) => ({
        id,
        severity: severity.level,
        state,
        fixed_in: fixedIn[0]?.version ?? null,
      })),
    keys: recorder.keys(),
  };
}
