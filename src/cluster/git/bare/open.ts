// A bare repository of this machine read and written as files, where there is no git to ask.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GitFault } from '../fault.ts';
import { allBytes, type Mention, type Objects, type TreeFile } from '../objects.ts';
import { moveName, readName, resolveName } from './names.ts';
import { damaged } from './object.ts';
import { ObjectFiles } from './objectfiles.ts';
import { personOf } from './person.ts';
import { isOn, readSettings } from './settings.ts';
import { replaceFiles, treeOf, walkTree } from './tree.ts';

const mostCommits = 100_000;

/** `missing` is thrown, with why, for a repository that needs git. Throws GitFault. */
export function openBare(
  root: string,
  env: NodeJS.ProcessEnv,
  missing: GitFault,
  now: () => Date = () => new Date(),
): { objects: Objects; remote: string | undefined } {
  const home = env['HOME'] ?? root;
  const user = env['GIT_CONFIG_GLOBAL'] ?? join(home, '.gitconfig');
  const xdg = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config');
  const settings = readSettings([xdg, user, join(root, 'config')]);
  const why = needsGit(root, settings);
  if (why !== undefined)
    throw new GitFault('git-missing', `${missing.message}; without it ${why}`, {
      hint: 'Install git and put it on the PATH.',
      cause: missing,
    });
  const objects = new ObjectFiles(join(root, 'objects'));
  const below = (tree: string, directory: string) =>
    walkTree(objects, treeOf(objects, tree)).filter(({ path }) => path.startsWith(directory));
  const seam: Objects = {
    async commitAt(name) {
      const id = resolveName(root, name);
      return id === undefined ? undefined : commitOf(objects, id);
    },
    async nameAt(name) {
      const text = readName(root, name);
      return text?.startsWith('ref: ') ? text.slice(5) : undefined;
    },
    list: async (tree, directory) => below(tree, directory),
    read: async (files) => contentsOf(objects, files),
    mentions: async (tree, directory, texts) => mentionsIn(objects, below(tree, directory), texts),
    replace: async (commit, changed) => replaceFiles(objects, treeOf(objects, commit), changed),
    isWithin: async (commit, of) => isWithin(objects, commit, of),
    isCheckedOut: async () => false,
    async commit(tree, parent, message) {
      const [author, committer] = (['AUTHOR', 'COMMITTER'] as const).map((who) =>
        personOf(who, env, settings, now()),
      );
      const head = `tree ${tree}\nparent ${parent}\nauthor ${author}\ncommitter ${committer}\n\n`;
      return objects.write({ type: 'commit', bytes: Buffer.from(head + message) });
    },
    move: (name, to, from) => moveName(root, name, to, from),
  };
  return { objects: seam, remote: settings.get('remote.origin.url') };
}

/** What this way does not know, as the end of a sentence; undefined: nothing. */
function needsGit(root: string, settings: ReturnType<typeof readSettings>): string | undefined {
  const there = (name: string) => existsSync(join(root, name));
  if (!there('HEAD') || !there('objects') || !there('refs') || !isOn(settings, 'core.bare'))
    return `only a bare repository (git init --bare) can be opened, got ${root}`;
  const strange = [...settings.keys()].find((name) => /^(?:extensions|include|includeif)\./.test(name));
  if (strange !== undefined) return `a repository with the setting ${strange} cannot be opened`;
  for (const file of ['shallow', 'objects/info/alternates'])
    if (there(file)) return `a repository with the file ${file} cannot be opened`;
  if (there('worktrees') && readdirSync(join(root, 'worktrees')).length > 0)
    return 'a repository with work trees cannot be opened';
  return isOn(settings, 'commit.gpgsign') ? 'nothing can sign the commit (commit.gpgSign)' : undefined;
}

function commitOf(objects: ObjectFiles, id: string): string {
  let at = id;
  for (let depth = 0; depth < 5; depth++) {
    const { type, bytes } = objects.read(at);
    if (type === 'commit') return at;
    const next = type === 'tag' ? /^object ([0-9a-f]{40})\n/.exec(bytes.toString('latin1'))?.[1] : undefined;
    if (next === undefined) break;
    at = next;
  }
  throw damaged(id, 'something that is no commit');
}

/** Every line with one of the texts: what `git grep -n -a -F` gives. */
function mentionsIn(objects: ObjectFiles, files: readonly TreeFile[], texts: readonly string[]): Mention[] {
  const words = texts.map((text) => Buffer.from(text));
  const found: Mention[] = [];
  for (const [path, bytes] of contentsOf(objects, files)) {
    if (!words.some((word) => bytes.includes(word))) continue;
    let line = 1;
    for (let at = 0; at < bytes.length; line++) {
      const end = bytes.indexOf(10, at);
      const part = bytes.subarray(at, end < 0 ? bytes.length : end);
      if (words.some((word) => part.includes(word))) found.push({ path, line });
      at = end < 0 ? bytes.length : end + 1;
    }
  }
  return found;
}

function contentsOf(objects: ObjectFiles, files: readonly TreeFile[]): Map<string, Buffer> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > allBytes)
    throw new GitFault('git-limit', `expected at most ${allBytes} bytes of manifests, got ${total}`);
  return new Map(files.map(({ path, object }) => [path, objects.readAs('blob', object)]));
}

function isWithin(objects: ObjectFiles, commit: string, of: string): boolean {
  const open = [of];
  const seen = new Set(open);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === commit) return true;
    const head = objects.readAs('commit', id).toString('latin1').split('\n\n', 1)[0]!;
    for (const [, parent] of head.matchAll(/^parent ([0-9a-f]{40})$/gm)) {
      if (seen.has(parent!)) continue;
      seen.add(parent!);
      open.push(parent!);
    }
    if (seen.size > mostCommits)
      throw new GitFault('git-limit', `expected at most ${mostCommits} commits, got more`);
  }
  return false;
}
