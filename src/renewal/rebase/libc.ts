// The C library of a base: which family it is of, and which version.
import type { Inventory, LinkedFile } from '../../scan/inventory/index.ts';

export interface Libc {
  family: 'glibc' | 'musl';
  /** Of the package that brings it; absent when no package says. */
  version?: string;
  /** purl type of that package. */
  type?: string;
}

const packages: Readonly<Record<string, Libc['family']>> = { libc6: 'glibc', glibc: 'glibc', musl: 'musl' };
/** Ecosystems whose version order each package format has. */
export const libcOrders: Readonly<Record<string, string>> = { deb: 'Debian', apk: 'Alpine', rpm: 'Red Hat' };

export function libcOf(inventory: Inventory, linked: readonly LinkedFile[]): Libc | undefined {
  for (const { type, name, version } of inventory.packages)
    if (Object.hasOwn(libcOrders, type) && Object.hasOwn(packages, name))
      return { family: packages[name]!, version, type };
  for (const { soname } of linked) {
    if (soname === 'libc.so.6') return { family: 'glibc' };
    if (soname?.startsWith('libc.musl-')) return { family: 'musl' };
  }
  return undefined;
}
