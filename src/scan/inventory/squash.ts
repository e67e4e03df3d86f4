// Lays the layers of an image over each other: what a container would see is the inventory, and each
// package remembers the layer that brought it. OCI image-spec layer.md, "Whiteouts".
import type { Undecided } from '../../core/index.ts';
import type { OsRelease } from '../package/index.ts';
import type { FoundPackage } from './inventory.ts';
import { Links } from './links.ts';
import { PathSet, parentsOf, pathHash } from './paths.ts';
import type { FileResult, LayerResult } from './result.ts';

export interface SquashedPackage extends FoundPackage {
  location: string;
  /** Index of the layer that brought it. */
  layer: number;
}

export interface SquashedFile {
  path: string;
  hash: number;
  layer: number;
  result: FileResult;
  /** Parallel to result.packages: the layer each first came with, while its database was only carried on. */
  since: number[];
}

export interface Squashed {
  files: SquashedFile[];
  osRelease?: OsRelease;
  /** Path and layer of the executables a container sees. */
  executables: { path: string; layer: number }[];
  undecided: Undecided[];
}

/** Lowest layer first. */
export function squash(layers: readonly LayerResult[]): Squashed {
  const seen: Seen = {
    files: new Map(),
    executables: new Map(),
    directories: new Map(),
    undecided: new Map(),
  };
  const links = new Links();
  layers.forEach((layer, index) => {
    const before = new Map<string, SquashedFile>();
    const resolved = layer.files.map((result) => ({ path: links.resolve(result.path), result }));
    for (const { path } of resolved) {
      const older = seen.files.get(path);
      if (older) before.set(path, older);
    }
    if (index > 0) hide(seen, layer);
    for (const { path, result } of resolved) add(seen.files, path, result, index, before.get(path));
    for (const raw of layer.executables) {
      const path = links.resolve(raw);
      seen.executables.set(path, { path, hash: pathHash(path), layer: index });
      remember(seen.directories, path);
    }
    for (const { path } of resolved) remember(seen.directories, path);
    for (const entry of layer.undecided) {
      const key = entry.subject ?? '';
      seen.undecided.set(key, [...(seen.undecided.get(key) ?? []), entry]);
      remember(seen.directories, key);
    }
    links.add(layer);
  });
  const files = [...seen.files.values()];
  const osRelease = osReleaseOf(files);
  return {
    files,
    ...(osRelease ? { osRelease } : {}),
    executables: [...seen.executables.values()],
    undecided: [...seen.undecided.values()].flat(),
  };
}

interface Seen {
  files: Map<string, SquashedFile>;
  executables: Map<string, { path: string; hash: number; layer: number }>;
  /** Directories that hold any of them, with their hashes. */
  directories: Map<string, number>;
  undecided: Map<string, Undecided[]>;
}

/** Takes away what a layer hides of those below. */
function hide(seen: Seen, layer: LayerResult): void {
  const gone = hiddenBy(layer, seen.directories);
  removeFrom(seen.files, gone);
  removeFrom(seen.executables, gone);
  for (const path of [...seen.undecided.keys()])
    if (path !== '' && gone(path, pathHash(path))) seen.undecided.delete(path);
}

type Gone = (path: string, hash: number) => boolean;

/** Which lower paths a layer hides: whited out, below an opaque directory, replaced, or below a replaced one. */
export function hiddenBy(layer: LayerResult, directories: Map<string, number>): Gone {
  const removed = new Set(layer.whiteouts);
  const opaque = new Set(layer.opaques);
  const touched = new PathSet(layer.touchedFiles);
  const madeDirectories = new PathSet(layer.touchedDirectories);
  const replaced = new Set<string>();
  for (const [directory, hash] of directories) if (touched.has(hash)) replaced.add(directory);
  const everything = opaque.has('');
  const anyTree = removed.size > 0 || opaque.size > 0 || replaced.size > 0;
  return (path, hash) => {
    if (everything || touched.has(hash) || madeDirectories.has(hash) || removed.has(path)) return true;
    if (!anyTree) return false;
    for (const parent of parentsOf(path))
      if (removed.has(parent) || opaque.has(parent) || replaced.has(parent)) return true;
    return false;
  };
}

function removeFrom<T extends { path: string; hash: number }>(from: Map<string, T>, gone: Gone): void {
  for (const [path, item] of from) if (gone(path, item.hash)) from.delete(path);
}

/** A database that a layer only carries on keeps, for each package, the layer it first came with. */
function add(
  files: Map<string, SquashedFile>,
  path: string,
  result: FileResult,
  layer: number,
  before: SquashedFile | undefined,
): void {
  const known = new Map<string, number>();
  before?.result.packages.forEach((found, i) => {
    known.set(keyOf(found), before.since[i]!);
  });
  const since = result.packages.map((found) => known.get(keyOf(found)) ?? layer);
  files.set(path, { path, hash: pathHash(path), layer, result, since });
}

function keyOf(found: FoundPackage): string {
  return `${found.type} ${found.namespace ?? ''} ${found.name} ${found.version} ${found.arch ?? ''} ${found.inside ?? ''}`;
}

function remember(directories: Map<string, number>, path: string): void {
  for (const parent of parentsOf(path)) {
    if (directories.has(parent)) return;
    directories.set(parent, pathHash(parent));
  }
}

/** etc/os-release stands before usr/lib/os-release (os-release(5)). */
function osReleaseOf(files: SquashedFile[]): OsRelease | undefined {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const found = files.find((file) => file.path === path)?.result.osRelease;
    if (found) return found;
  }
  return undefined;
}
