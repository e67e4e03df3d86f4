// Which files dpkg's packages own: info/*.list, or the md5sums that images without lists keep.

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import type { Extraction } from './inventory.ts';
import { readLines } from './lines.ts';
import { Problems } from './problems.ts';

export const dpkgFiles: Extractor = { name: 'dpkg-files', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  const { path } = file;
  if (!path.startsWith('var/lib/dpkg/') && !path.startsWith('usr/lib/dpkg/')) return false;
  if (path.startsWith('info/', 13)) return path.endsWith('.list') || path.endsWith('.md5sums');
  return path.startsWith('status.d/', 13) && path.endsWith('.md5sums');
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const list = file.name.endsWith('.list');
  const owner = file.name.slice(0, file.name.lastIndexOf('.'));
  const problems = new Problems(file.path);
  const { ownedFiles } = context.limits;
  const paths: string[] = [];
  let last = '';
  readLines(file, context.limits.packageFileBytes, (line) => {
    const path = list ? fromRoot(line, 0) : fromRoot(line, endOfSum(line));
    if (path === '') return;
    if (paths.length >= ownedFiles)
      return problems.addLimit(`expected at most ${ownedFiles} files, got more`);
    // A directory stands right before its first child: leaving it out keeps the list to files, nearly.
    if (last !== '' && !(path.charCodeAt(last.length) === 0x2f && path.startsWith(last))) paths.push(last);
    last = path;
  });
  if (last !== '') paths.push(last);
  return { owned: [{ owner, paths }], undecided: problems.list() };
}

/** `<32 hex digits>  <path>`: where the path begins. */
function endOfSum(line: string): number {
  const space = line.indexOf('  ');
  return space < 0 ? line.length : space + 2;
}

function fromRoot(line: string, at: number): string {
  let start = at;
  if (line.charCodeAt(start) === 0x2e && line.charCodeAt(start + 1) === 0x2f) start++;
  if (line.charCodeAt(start) === 0x2f) start++;
  // `/.` is dpkg's name for the root.
  return line.length - start === 1 && line.charCodeAt(start) === 0x2e ? '' : line.slice(start);
}
