// What a base offers to whatever stands on it: its paths, libraries, packages, C library and runtimes.
import type { ImageConfig } from '../../image/index.ts';
import {
  assemble,
  type Inventory,
  type LayerResult,
  type LinkedFile,
  Links,
  linkedFiles,
  parentsOf,
  pathHash,
} from '../../scan/inventory/index.ts';
import { type Distribution, distributionOf } from '../../scan/package/index.ts';
import { type Libc, libcOf } from './libc.ts';
import { type Runtimes, runtimesOf } from './runtime.ts';
import { unionOf } from './sets.ts';

export interface BaseView {
  inventory: Inventory;
  distribution?: Distribution;
  layers: readonly LayerResult[];
  links: Links;
  linked: readonly LinkedFile[];
  /** Names by which the dynamic linker finds a library here. */
  provided: ReadonlySet<string>;
  libc?: Libc;
  runtimes: Runtimes;
  /** Sorted hashes of every path in it that is no directory, and of every directory. */
  files: Float64Array;
  directories: Float64Array;
  /** Paths of its executables and libraries by hash, to name what is replaced. */
  named: ReadonlyMap<number, string>;
  /** Directories above those, which archives need not list. */
  implied: ReadonlySet<string>;
  /** OS package by the hash of each canonical path it owns. */
  owners: ReadonlyMap<number, string>;
  /** What could not be read of it. */
  gaps: string[];
}

/** `layers`: lowest first, as many as the config has diffIDs. */
export function viewBase(layers: readonly LayerResult[], config: Pick<ImageConfig, 'env'>): BaseView {
  const inventory = assemble(layers, { layered: true });
  const linked = linkedFiles(layers);
  const links = new Links();
  for (const layer of layers) links.add(layer);
  const distribution = inventory.osRelease && distributionOf(inventory.osRelease);
  const libc = libcOf(inventory, linked);
  const named = namesOf(layers, linked);
  return {
    inventory,
    ...(distribution === undefined ? {} : { distribution }),
    layers,
    links,
    linked,
    provided: providedBy(linked),
    ...(libc === undefined ? {} : { libc }),
    runtimes: runtimesOf(config.env, inventory),
    files: unionOf(layers.map(({ touchedFiles }) => touchedFiles)),
    directories: unionOf(layers.map(({ touchedDirectories }) => touchedDirectories)),
    named,
    implied: new Set([...named.values()].flatMap((path) => [...parentsOf(path)])),
    owners: ownersOf(layers),
    gaps: gapsOf(layers),
  };
}

/** By soname and by file name: a library that was copied in may have no soname. */
export function providedBy(files: readonly LinkedFile[]): Set<string> {
  const names = new Set<string>();
  for (const { path, soname } of files) {
    names.add(path.slice(path.lastIndexOf('/') + 1));
    if (soname !== undefined) names.add(soname);
  }
  return names;
}

const hampering: ReadonlySet<string> = new Set([
  'limit-reached',
  'target-partly-unreadable',
  'package-database-unreadable',
]);

/** Whatever keeps the facts of layers from being whole; a layer that nobody read knows not even its own entries. */
export function gapsOf(layers: readonly LayerResult[]): string[] {
  return layers.flatMap(({ undecided, digest, bytes }) => [
    ...(bytes === 0 ? [`layer ${digest} was not read`] : []),
    ...undecided.filter(({ code }) => hampering.has(code)).map(({ message }) => message),
  ]);
}

function namesOf(layers: readonly LayerResult[], linked: readonly LinkedFile[]): Map<number, string> {
  const names = new Map<number, string>();
  for (const { executables, files } of layers) {
    for (const path of executables) names.set(pathHash(path), path);
    for (const { path } of files) names.set(pathHash(path), path);
  }
  for (const { path } of linked) names.set(pathHash(path), path);
  return names;
}

function ownersOf(layers: readonly LayerResult[]): Map<number, string> {
  const owners = new Map<number, string>();
  for (const { files } of layers)
    for (const { owned } of files)
      for (const { owner, hashes } of owned) for (const hash of hashes) owners.set(hash, owner);
  return owners;
}
