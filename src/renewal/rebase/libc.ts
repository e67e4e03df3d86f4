// The C library of a base: a program linked against one runs neither on the other nor on an older one.
import type { Inventory, LinkedFile } from '../../scan/inventory/index.ts';
import { compareVersions, orderOf } from '../../scan/version/index.ts';
import { type Proof, proof } from './proof.ts';
import type { BaseView } from './view.ts';

export interface Libc {
  family: 'glibc' | 'musl';
  /** Of the package that brings it; absent when no package says. */
  version?: string;
  /** purl type of that package. */
  type?: string;
}

const packages: Readonly<Record<string, Libc['family']>> = { libc6: 'glibc', glibc: 'glibc', musl: 'musl' };
const orders: Readonly<Record<string, string>> = { deb: 'Debian', apk: 'Alpine', rpm: 'Red Hat' };

export function libcOf(inventory: Inventory, linked: readonly LinkedFile[]): Libc | undefined {
  for (const { type, name, version } of inventory.packages)
    if (Object.hasOwn(orders, type) && Object.hasOwn(packages, name))
      return { family: packages[name]!, version, type };
  for (const { soname } of linked) {
    if (soname === 'libc.so.6') return { family: 'glibc' };
    if (soname?.startsWith('libc.musl-')) return { family: 'musl' };
  }
  return undefined;
}

export function proveLibc(old: BaseView, next: BaseView): Proof {
  const before = old.libc;
  const after = next.libc;
  if (before === undefined)
    return proof('libc', 'yes', 'the old base has no C library that anything could be linked against');
  if (after === undefined) return proof('libc', 'no', `the old base has ${before.family}, the new one none`);
  if (before.family !== after.family)
    return proof('libc', 'no', `the old base has ${before.family}, the new one ${after.family}`);
  const order = before.type === after.type ? orderOf(orders[before.type ?? ''] ?? '') : undefined;
  const compared =
    order === undefined || before.version === undefined || after.version === undefined
      ? undefined
      : compareVersions(order, before.version, after.version);
  const versions = `${before.family} ${before.version ?? 'of a version that no package says'} → ${after.version ?? 'one that no package says'}`;
  if (compared === undefined) return proof('libc', 'unknown', `${versions} cannot be ordered`);
  if (compared > 0) return proof('libc', 'no', `${versions} is older`);
  return proof('libc', 'yes', compared === 0 ? `${before.family} ${before.version} stays` : versions);
}
