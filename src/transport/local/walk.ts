// Walks a root file system: one file system, no link followed, nothing of the kernel's, and what could not be
// read is named.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { defaultLimits, type Limits, messageOf, type Undecided, undecided } from '../../core/index.ts';
import type { TarEntryType } from '../../image/index.ts';

export interface RootEntry {
  /** Below the root, without a leading slash. */
  path: string;
  type: TarEntryType;
  /** Bytes; 0 for all but files. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** Of a symlink, as written. */
  linkname: string;
  /** Where the entry lies on this machine. */
  onDisk: string;
  /**
   * A descriptor to read a file by; the caller closes it. Undefined (and named) when it cannot be opened or is
   * no longer the file that was listed.
   */
  open(): number | undefined;
}

export interface WalkOptions {
  limits?: Pick<Limits, 'layerEntries' | 'pathBytes'>;
  /** Hears of everything that was not read. */
  onUndecided(problem: Undecided): void;
}

const kernelRoots: ReadonlySet<string> = new Set(['proc', 'sys', 'dev']);

/** Every entry below `root`, a directory before what is in it, names of one directory in byte order. */
export function* walkRoot(
  root: string,
  { limits = defaultLimits, onUndecided }: WalkOptions,
): Generator<RootEntry> {
  const device = lstatSync(root).dev;
  const pending: string[] = [''];
  let entries = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const below: string[] = [];
    for (const name of namesIn(root, folder, onUndecided)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (folder === '' && kernelRoots.has(name)) continue;
      if (++entries > limits.layerEntries || path.length > limits.pathBytes) {
        const what =
          path.length > limits.pathBytes
            ? `paths of at most ${limits.pathBytes} bytes`
            : `at most ${limits.layerEntries} files`;
        onUndecided(
          undecided('limit-reached', `${root} was read in part: expected ${what}, got more`, {
            subject: path.slice(0, 200),
          }),
        );
        if (entries > limits.layerEntries) return;
        continue;
      }
      const entry = entryOf(root, path, onUndecided);
      if (entry === undefined) continue;
      yield entry.found;
      if (entry.found.type === 'directory' && entry.stats.dev === device) below.push(path);
    }
    for (let at = below.length - 1; at >= 0; at--) pending.push(below[at] as string);
  }
}

function namesIn(root: string, folder: string, onUndecided: WalkOptions['onUndecided']): string[] {
  try {
    return readdirSync(join(root, folder)).sort();
  } catch (error) {
    onUndecided(unread(folder, error));
    return [];
  }
}

function entryOf(
  root: string,
  path: string,
  onUndecided: WalkOptions['onUndecided'],
): { found: RootEntry; stats: Stats } | undefined {
  const onDisk = join(root, path);
  try {
    const stats = lstatSync(onDisk);
    const type = typeOf(stats);
    return {
      stats,
      found: {
        path,
        type,
        size: type === 'file' ? stats.size : 0,
        mode: stats.mode & 0o7777,
        linkname: type === 'symlink' ? readlinkSync(onDisk) : '',
        onDisk,
        open: () => openListed(onDisk, path, stats, onUndecided),
      },
    };
  } catch (error) {
    onUndecided(unread(path, error));
    return undefined;
  }
}

/** Whoever writes the tree while it is read may have put a link or a pipe in the file's place. */
function openListed(
  onDisk: string,
  path: string,
  listed: Stats,
  onUndecided: WalkOptions['onUndecided'],
): number | undefined {
  let file: number | undefined;
  try {
    file = openSync(onDisk, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const now = fstatSync(file);
    if (now.isFile() && now.ino === listed.ino && now.dev === listed.dev) return file;
    closeSync(file);
    onUndecided(unread(path, new Error('another file in its place')));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    onUndecided(unread(path, error));
  }
  return undefined;
}

function typeOf(stats: Stats): TarEntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

function unread(path: string, error: unknown): Undecided {
  return undecided('target-partly-unreadable', `/${path} was not read: ${messageOf(error)}`, {
    subject: path,
    hint: 'Run as a user who may read it.',
  });
}
