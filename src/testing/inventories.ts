// Inventories of a few packages, for tests of matching and reports.
import type { Inventory, Package } from '../scan/inventory/index.ts';
import type { OsRelease } from '../scan/package/index.ts';

export const debian12: OsRelease = {
  id: 'debian',
  versionId: '12',
  prettyName: 'Debian GNU/Linux 12 (bookworm)',
  idLike: [],
};
export const alpine318: OsRelease = {
  id: 'alpine',
  versionId: '3.18.4',
  prettyName: 'Alpine Linux v3.18',
  idLike: [],
};
export const alma9: OsRelease = {
  id: 'almalinux',
  versionId: '9.3',
  prettyName: 'AlmaLinux 9.3',
  idLike: ['rhel'],
};

export function packageOf(type: string, name: string, version: string, more: Partial<Package> = {}): Package {
  const namespace = more.namespace ? `${more.namespace}/` : '';
  return {
    type,
    name,
    version,
    purl: `pkg:${type}/${namespace}${name}@${version}`,
    location: `${type}/${name}`,
    introducedBy: 'unknown',
    ...more,
  };
}

export function inventoryOf(osRelease: OsRelease | undefined, packages: Package[]): Inventory {
  return {
    ...(osRelease ? { osRelease } : {}),
    packages,
    unattributed: [],
    unownedExecutables: 0,
    undecided: [],
  };
}
