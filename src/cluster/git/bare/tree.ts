// Trees: read, walked, and written again with other contents in the same places.
import { GitFault } from '../fault.ts';
import { type ChangedFile, type TreeFile, treeFiles } from '../objects.ts';
import { damaged } from './object.ts';
import type { ObjectFiles } from './objectfiles.ts';

export interface TreeEntry {
  /** As git writes it: `100644`, `40000`. */
  mode: string;
  name: string;
  id: string;
}

const deepest = 200;

/** Throws GitFault for names that lead elsewhere. */
export function parseTree(id: string, bytes: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    const [, mode, name] = /^([0-7]{5,6}) ([^/]+)$/s.exec(bytes.toString('utf8', at, end)) ?? [];
    if (end < 0 || mode === undefined || end + 21 > bytes.length)
      throw damaged(id, 'a tree of another shape');
    entries.push({ mode, name: name!, id: bytes.toString('hex', end + 1, end + 21) });
    at = end + 21;
  }
  return entries;
}

/** In the order that git asks for: a directory's name as if a slash stood behind it. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const key = ({ mode, name }: TreeEntry) => Buffer.from(mode === '40000' ? `${name}/` : name);
  return Buffer.concat(
    entries
      .toSorted((one, other) => key(one).compare(key(other)))
      .map(({ mode, name, id }) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])),
  );
}

/** The tree of a commit, or the tree itself. */
export function treeOf(objects: ObjectFiles, id: string): string {
  const { type, bytes } = objects.read(id);
  if (type === 'tree') return id;
  const tree = /^tree ([0-9a-f]{40})\n/.exec(bytes.toString('latin1', 0, 46))?.[1];
  if (type !== 'commit' || tree === undefined) throw damaged(id, `a ${type} where a commit is named`);
  return tree;
}

/** Regular files in order of their paths. */
export function walkTree(objects: ObjectFiles, tree: string): TreeFile[] {
  const files: TreeFile[] = [];
  const walk = (id: string, below: string, depth: number) => {
    if (depth > deepest) throw damaged(id, `directories deeper than ${deepest}`);
    for (const { mode, name, id: object } of parseTree(id, objects.readAs('tree', id))) {
      const path = `${below}${name}`;
      if (mode === '40000') walk(object, `${path}/`, depth + 1);
      else if (mode.startsWith('100')) {
        files.push({ path, mode, object, size: objects.readAs('blob', object).length });
        if (files.length > treeFiles)
          throw new GitFault('git-limit', `expected at most ${treeFiles} files, got more`);
      }
    }
  };
  walk(tree, '', 0);
  return files;
}

/** Gives the new tree. Every changed file is there already. */
export function replaceFiles(objects: ObjectFiles, tree: string, changed: readonly ChangedFile[]): string {
  const replace = (id: string, below: string): string => {
    const entries = parseTree(id, objects.readAs('tree', id)).map((entry) => {
      const path = `${below}${entry.name}`;
      const file = changed.find((one) => one.path === path);
      if (file !== undefined) return { ...entry, id: objects.write({ type: 'blob', bytes: file.bytes }) };
      const isTouched = entry.mode === '40000' && changed.some((one) => one.path.startsWith(`${path}/`));
      return isTouched ? { ...entry, id: replace(entry.id, `${path}/`) } : entry;
    });
    return objects.write({ type: 'tree', bytes: formatTree(entries) });
  };
  return changed.length === 0 ? tree : replace(tree, '');
}
