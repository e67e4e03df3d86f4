// The facts of an inventory that neither format has a field for, as names and texts: written out and read back.
import { parseJson, type Undecided, type UndecidedCode, undecidedCodes } from '../../core/index.ts';
import type { IntroducedBy, Inventory, OsOwner, Package } from '../inventory/index.ts';
import type { OsRelease } from '../package/index.ts';
import { SbomFault } from './fault.ts';
import type { Facts } from './subject.ts';

const osTexts = ['versionId', 'versionCodename', 'name', 'prettyName', 'cpeName', 'variantId'];

export function packageFacts(item: Package): Facts {
  const facts: Facts = {
    type: item.type,
    name: item.name,
    version: item.version,
    location: item.location,
    introducedBy: item.introducedBy,
  };
  if (item.namespace) facts['namespace'] = item.namespace;
  if (item.arch) facts['arch'] = item.arch;
  if (item.layer) facts['layer'] = item.layer;
  if (item.source) facts['source'] = JSON.stringify(item.source);
  if (item.modularity) facts['modularity'] = item.modularity;
  if (item.vendor) facts['vendor'] = item.vendor;
  if (item.maintainer) facts['maintainer'] = item.maintainer;
  if (item.main) facts['main'] = 'true';
  if (item.inside) facts['inside'] = item.inside;
  if (item.ownedBy) facts['ownedBy'] = JSON.stringify(item.ownedBy);
  return facts;
}

export function packageOf(purl: string, facts: Facts): Package {
  const { type, name, version, location } = facts;
  if (type === undefined || name === undefined || version === undefined || location === undefined)
    throw new SbomFault('sbom-invalid', `expected type, name, version and location of ${purl}, got fewer`);
  const source = jsonFact<{ name: string; version: string }>(facts['source'], ['name', 'version']);
  const ownedBy = jsonFact<OsOwner>(facts['ownedBy'], ['type', 'name', 'version'], ['vendor', 'maintainer']);
  return {
    type,
    ...(facts['namespace'] ? { namespace: facts['namespace'] } : {}),
    name,
    version,
    ...(facts['arch'] ? { arch: facts['arch'] } : {}),
    ...(source ? { source } : {}),
    ...(facts['modularity'] ? { modularity: facts['modularity'] } : {}),
    ...(facts['vendor'] ? { vendor: facts['vendor'] } : {}),
    ...(facts['maintainer'] ? { maintainer: facts['maintainer'] } : {}),
    ...(facts['main'] ? { main: true as const } : {}),
    ...(facts['inside'] ? { inside: facts['inside'] } : {}),
    purl,
    location,
    ...(facts['layer'] ? { layer: facts['layer'] } : {}),
    introducedBy: introducedBy(facts['introducedBy']),
    ...(ownedBy ? { ownedBy } : {}),
  };
}

/** What belongs to the whole: os-release, executables, everything undecided. */
export function inventoryFacts(inventory: Inventory): [name: string, value: string][] {
  const facts: [string, string][] = [['unownedExecutables', String(inventory.unownedExecutables)]];
  if (inventory.osRelease) facts.push(['osRelease', JSON.stringify(inventory.osRelease)]);
  for (const item of inventory.unattributed) facts.push(['unattributed', JSON.stringify(item)]);
  for (const entry of inventory.undecided) facts.push(['undecided', JSON.stringify(entry)]);
  return facts;
}

export function readInventoryFacts(
  facts: readonly (readonly [string, string])[],
  packages: Package[],
): Inventory {
  const inventory: Inventory = { packages, unattributed: [], unownedExecutables: 0, undecided: [] };
  for (const [name, value] of facts) {
    if (name === 'unownedExecutables' && /^\d{1,9}$/.test(value))
      inventory.unownedExecutables = Number(value);
    else if (name === 'osRelease')
      inventory.osRelease = { ...jsonFact<OsRelease>(value, ['id'], osTexts)!, idLike: [] };
    else if (name === 'unattributed')
      inventory.unattributed.push(jsonFact(value, ['path', 'name'], ['layer'])!);
    else if (name === 'undecided') {
      const entry = jsonFact<Undecided>(value, ['code', 'message'], ['subject', 'hint'])!;
      if (!Object.hasOwn(undecidedCodes, entry.code))
        throw new SbomFault('sbom-invalid', `expected a code that Seaworthy knows, got ${entry.code}`);
      inventory.undecided.push({ ...entry, code: entry.code as UndecidedCode });
    }
  }
  return inventory;
}

function introducedBy(text: string | undefined): IntroducedBy {
  return text === 'base' || text === 'app' ? text : 'unknown';
}

/** The named texts of an object, after looking that those needed are there; all else is left out. */
function jsonFact<T>(
  text: string | undefined,
  needed: readonly string[],
  optional: readonly string[] = [],
): T | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  const said =
    typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)) : undefined;
  const fields: Record<string, string> = {};
  for (const name of [...needed, ...optional]) {
    const found = said?.get(name);
    if (typeof found === 'string') fields[name] = found;
  }
  for (const name of needed)
    if (fields[name] === undefined)
      throw new SbomFault('sbom-invalid', `expected ${name} in ${text.slice(0, 80)}, got none`);
  return fields as T;
}
