// The files of one commit, read and replaced as objects: no work tree is ever written, no link followed, no filter run.
import { GitFault } from './fault.ts';
import type { Git } from './git.ts';
import { allBytes, type ChangedFile, type Mention, type TreeFile, treeFiles } from './objects.ts';

/** Regular files below a directory of a commit or tree. Throws GitFault `git-limit`. */
export async function listFiles(git: Git, tree: string, directory: string): Promise<TreeFile[]> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', tree];
  const out = await git.text(directory === '' ? args : [...args, '--', directory]);
  const files: TreeFile[] = [];
  for (const entry of out.split('\0')) {
    const [, mode, object, size, path] =
      /^(100\d{3}) blob ([0-9a-f]{40,64}) +(\d+)\t([\s\S]+)$/.exec(entry) ?? [];
    if (mode === undefined) continue;
    files.push({ path: path!, mode, object: object!, size: Number(size) });
    if (files.length > treeFiles)
      throw new GitFault('git-limit', `expected at most ${treeFiles} files, got more`, {
        hint: 'Name the directory of the manifests instead of the whole repository.',
      });
  }
  return files;
}

/** Lines of a tree that hold one of the texts, whatever the file is. */
export async function grep(
  git: Git,
  tree: string,
  directory: string,
  texts: readonly string[],
): Promise<Mention[]> {
  const words = texts.flatMap((text) => ['-e', text]);
  const args = [
    'grep',
    '-z',
    '-n',
    '-a',
    '-F',
    '--full-name',
    '--no-color',
    '--no-textconv',
    ...words,
    tree,
    '--',
  ];
  const out = await git.text([...args, `:(top,literal)${directory}`], { also: [1] });
  // TREE:PATH\0LINE\0TEXT\n
  const mentions: Mention[] = [];
  for (const line of out.split('\n')) {
    const [named = '', number = ''] = line.split('\0');
    if (named.startsWith(`${tree}:`) && /^\d+$/.test(number))
      mentions.push({ path: named.slice(tree.length + 1), line: Number(number) });
  }
  return mentions;
}

/** Contents by path. Throws GitFault `git-limit`. */
export async function readFiles(git: Git, files: readonly TreeFile[]): Promise<Map<string, Buffer>> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > allBytes)
    throw new GitFault('git-limit', `expected at most ${allBytes} bytes of manifests, got ${total}`);
  const input = files.map(({ object }) => `${object}\n`).join('');
  const out = await git.bytes(['cat-file', '--batch'], { input, limit: total + files.length * 128 });
  const contents = new Map<string, Buffer>();
  let at = 0;
  for (const { path, object } of files) {
    const end = out.indexOf(10, at);
    const [name, type, size] = out.toString('latin1', at, end).split(' ');
    if (end < 0 || name !== object || type !== 'blob')
      throw new GitFault('git-failed', `expected the contents of ${path}, got ${name} ${type}`);
    contents.set(path, out.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return contents;
}

/** A tree in which the files have other contents; everything else is the same. */
export async function writeTree(
  git: Git,
  commit: string,
  changed: readonly ChangedFile[],
  indexFile: string,
): Promise<string> {
  const env = { GIT_INDEX_FILE: indexFile };
  await git.text(['read-tree', `${commit}^{tree}`], { env });
  let input = '';
  for (const { path, mode, bytes } of changed) {
    const object = await git.text(['hash-object', '-w', '--no-filters', '--stdin'], { input: bytes });
    input += `${mode} ${object}\t${path}\0`;
  }
  await git.text(['update-index', '-z', '--index-info'], { env, input });
  return git.text(['write-tree'], { env });
}
