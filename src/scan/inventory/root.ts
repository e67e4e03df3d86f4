// A root file system read in place: only the files that an extractor wants are opened.
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Limits } from '../../core/index.ts';
import { undecided } from '../../core/index.ts';
import { HEAD_BYTES } from '../../image/index.ts';
import { type RootEntry, walkRoot } from '../../transport/index.ts';
import { Analysis, PackagesLimit } from './analysis.ts';
import { assemble } from './assemble.ts';
import { extractors } from './extractors.ts';
import type { Inventory } from './inventory.ts';
import { DiskFile, Entry, Spool } from './openfile.ts';

export interface RootOptions {
  limits: Limits;
  signal?: AbortSignal;
  onFiles?: (count: number) => void;
}

const nothing = Buffer.alloc(0);

/** The inventory of a root file system; what could not be read is among its undecided. */
export async function inspectRoot(root: string, options: RootOptions): Promise<Inventory> {
  const noSpool = new Spool(() => {
    throw new Error('a root file system needs no spool');
  });
  const analysis = new Analysis(extractors, options.limits, noSpool);
  let entries = 0;
  let bytes = 0;
  const walk = walkRoot(root, {
    limits: options.limits,
    onUndecided: (problem) => analysis.addUndecided(problem),
  });
  try {
    for (const entry of walk) {
      if (++entries % 4096 === 0) {
        options.onFiles?.(entries);
        options.signal?.throwIfAborted();
        // Lets progress and Ctrl-C come through.
        await new Promise((resolve) => setImmediate(resolve));
      }
      bytes += entry.size;
      visit(entry, analysis);
    }
  } catch (error) {
    if (!(error instanceof PackagesLimit)) throw error;
    analysis.addUndecided(
      undecided('limit-reached', error.message, { subject: root, hint: 'docs/limits.md lists every limit' }),
    );
  }
  options.onFiles?.(entries);
  const layer = analysis.result({ digest: '', diffId: '', size: bytes, bytes, entries });
  return assemble([layer], { layered: false });
}

function visit(entry: RootEntry, analysis: Analysis): void {
  analysis.note(entry);
  if (entry.type !== 'file' || entry.size === 0) return;
  const named = new Entry(entry.path, entry.size, entry.mode, nothing);
  // Without its first bytes a file is wanted by its name alone; code is looked into where it can run or be linked.
  const mayRun = (entry.mode & 0o111) !== 0 || named.name.includes('.so');
  if (!mayRun && analysis.wantedBy(named).length === 0) return;
  const descriptor = entry.open();
  if (descriptor === undefined) return;
  let file: DiskFile | undefined;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const size = fstatSync(descriptor).size;
    const got = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    const whole = { path: entry.path, size, mode: entry.mode, head: head.subarray(0, got) };
    const wanted = analysis.readersOf(new Entry(whole.path, whole.size, whole.mode, whole.head));
    if (wanted.length === 0) return;
    file = new DiskFile(whole, descriptor);
    analysis.examine(file, wanted);
  } finally {
    if (file) file.close();
    else closeSync(descriptor);
  }
}
