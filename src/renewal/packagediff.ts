// Which packages a renewal changed: between the inventories of an image and of the one that takes its place.
import type { ScanResult } from '../scan/index.ts';
import { type PackageChange, packageChanges } from '../scan/match/index.ts';

/** In the order in which a reader wants to know: what may be worse comes first. */
export const changeKinds = ['downgraded', 'removed', 'unordered', 'upgraded', 'added'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface PackageDiff {
  counts: Record<ChangeKind, number>;
  /** The first of them only: see `counts`. A change that several platforms share is there once. */
  changes: { kind: ChangeKind; name: string; before?: string; after?: string }[];
}

/** Packages of one platform of an image. */
export type PlatformPackages = Pick<ScanResult, 'packages'> & { platform: string };

const mostChanges = 100;
const mostText = 200;

export function packageDiff(
  before: readonly PlatformPackages[],
  after: readonly PlatformPackages[],
): PackageDiff {
  const counts = { downgraded: 0, removed: 0, unordered: 0, upgraded: 0, added: 0 };
  const found = new Map<string, PackageDiff['changes'][number]>();
  for (const { platform, packages } of after) {
    const old = before.find((one) => one.platform === platform);
    if (old === undefined) continue;
    const changes = packageChanges(old, { packages });
    for (const kind of changeKinds)
      for (const change of changes[kind]) {
        const one = { kind, ...changeOf(change) };
        const key = JSON.stringify(one);
        if (found.has(key)) continue;
        found.set(key, one);
        counts[kind]++;
      }
  }
  const rank = ({ kind }: { kind: ChangeKind }) => changeKinds.indexOf(kind);
  const changes = [...found.values()].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return { counts, changes: changes.slice(0, mostChanges) };
}

const systems = new Set(['deb', 'apk', 'rpm']);

/** The namespace of a distribution's package says nothing that the image does not. */
function changeOf({ type, namespace, name, before, after }: PackageChange) {
  const whole = namespace === undefined || systems.has(type) ? name : `${namespace}/${name}`;
  return {
    name: whole.slice(0, mostText),
    ...(before === undefined ? {} : { before: before.slice(0, mostText) }),
    ...(after === undefined ? {} : { after: after.slice(0, mostText) }),
  };
}
