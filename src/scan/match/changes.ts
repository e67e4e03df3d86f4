// What changed between two inventories: packages that came, went, rose or fell.
import type { Inventory, Package } from '../inventory/index.ts';
import { languageEcosystem } from '../package/index.ts';
import { compareVersions, orderOf, type VersionOrder } from '../version/index.ts';

export interface PackageChange {
  /** purl type. */
  type: string;
  namespace?: string;
  name: string;
  arch?: string;
  before?: string;
  after?: string;
}

export interface PackageChanges {
  added: PackageChange[];
  removed: PackageChange[];
  upgraded: PackageChange[];
  downgraded: PackageChange[];
  /** Another version, of which nobody can say whether it is the newer one. */
  unordered: PackageChange[];
}

type Packages = Pick<Inventory, 'packages'>;

/** Where a name is there in several versions, the highest that went is compared with the highest that came. */
export function packageChanges(before: Packages, after: Packages): PackageChanges {
  const changes: PackageChanges = { added: [], removed: [], upgraded: [], downgraded: [], unordered: [] };
  const old = byName(before);
  const now = byName(after);
  for (const [key, packages] of old) {
    const others = now.get(key);
    const [first] = packages as [Package];
    if (others === undefined) {
      changes.removed.push({ ...named(first), before: highest(packages).version });
      continue;
    }
    const gone = without(packages, others);
    const come = without(others, packages);
    if (gone.length === 0 || come.length === 0) continue;
    const change = { ...named(first), before: highest(gone).version, after: highest(come).version };
    const order = orderFor(first.type);
    const compared = order && compareVersions(order, change.before, change.after);
    if (compared === undefined) changes.unordered.push(change);
    else if (compared < 0) changes.upgraded.push(change);
    else if (compared > 0) changes.downgraded.push(change);
  }
  for (const [key, packages] of now)
    if (!old.has(key))
      changes.added.push({ ...named(packages[0] as Package), after: highest(packages).version });
  return changes;
}

function byName(inventory: Packages): Map<string, Package[]> {
  const found = new Map<string, Package[]>();
  for (const item of inventory.packages) {
    // rpm keeps the keys it trusts as packages whose versions are the keys' ids
    if (item.type === 'rpm' && item.name === 'gpg-pubkey') continue;
    const key = `${item.type} ${item.namespace ?? ''} ${item.name} ${item.arch ?? ''}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [item]);
    else list.push(item);
  }
  return found;
}

function without(packages: readonly Package[], others: readonly Package[]): Package[] {
  const versions = new Set(others.map(({ version }) => version));
  return packages.filter(({ version }) => !versions.has(version));
}

function highest(packages: readonly Package[]): Package {
  const order = orderFor((packages[0] as Package).type);
  return packages.reduce((best, item) =>
    order !== undefined && (compareVersions(order, best.version, item.version) ?? 0) < 0 ? item : best,
  );
}

const systemOrders: Readonly<Record<string, string>> = { deb: 'Debian', apk: 'Alpine', rpm: 'Red Hat' };

/** Of one purl type; the orders of all distributions with one package format are the same. */
function orderFor(type: string): VersionOrder | undefined {
  const ecosystem = Object.hasOwn(systemOrders, type) ? systemOrders[type] : languageEcosystem(type);
  return ecosystem === undefined ? undefined : orderOf(ecosystem);
}

function named({ type, namespace, name, arch }: Package): PackageChange {
  return {
    type,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(arch === undefined ? {} : { arch }),
  };
}
