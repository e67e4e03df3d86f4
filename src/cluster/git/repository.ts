// A repository of manifests: a directory's, worked on beside its work tree, or an URL's, cloned shallow and bare.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseAddress, withoutSecrets } from './address.ts';
import type { NewRepository } from './bare/make.ts';
import { GitFault } from './fault.ts';
import { Git, type GitOptions } from './git.ts';
import type { Objects } from './objects.ts';
import { systemObjects } from './system.ts';

export interface RepositoryOptions extends Partial<GitOptions> {
  /** The branch that a change is to reach; the default branch when left out. */
  base?: string;
}

export interface Repository {
  git: Git;
  objects: Objects;
  /** As it was given, without secrets. */
  name: string;
  isClone: boolean;
  /** Name of the branch that a change is to reach, and its commit. */
  base: { branch: string; commit: string };
  /** URL of the remote `origin`; undefined where there is none. */
  remote: string | undefined;
  /** Only files below it are looked at: `deploy/`, or empty. */
  directory: string;
  /** A directory of our own, gone after `close`. */
  scratch: string;
  close(): void;
}

/** Throws GitFault. The caller closes it. */
export async function openRepository(text: string, options: RepositoryOptions = {}): Promise<Repository> {
  const address = parseAddress(text);
  if (options.base !== undefined) checkBranch(options.base);
  const scratch = mkdtempSync(join(tmpdir(), 'seaworthy-git-'));
  const close = () => rmSync(scratch, { recursive: true, force: true });
  const gitOptions = { ...options, env: options.env ?? process.env };
  try {
    const opened =
      'url' in address
        ? await clone(address.url, scratch, options.base, gitOptions)
        : await openDirectory(address.directory, scratch, options.base, gitOptions);
    return { ...opened, name: withoutSecrets(text), scratch, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A new bare repository of one commit, made with or without git alike; gives the commit. */
export async function makeRepository(directory: string, content: NewRepository): Promise<string> {
  const { makeBare } = await import('./bare/make.ts');
  return makeBare(directory, content);
}

type Opened = Omit<Repository, 'name' | 'scratch' | 'close'>;

async function openDirectory(
  directory: string,
  scratch: string,
  base: string | undefined,
  options: GitOptions,
): Promise<Opened> {
  const path = resolve(directory);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new GitFault('git-failed', `expected a directory at ${directory}, got none`, {
      hint: 'Give --git the directory of a git repository, or its URL.',
    });
  const git = new Git(path, options);
  let prefix: string;
  try {
    prefix = await git.text(['rev-parse', '--show-prefix']);
  } catch (error) {
    if (!(error instanceof GitFault) || error.code !== 'git-missing') throw error;
    const { openBare } = await import('./bare/open.ts');
    const { objects, remote } = openBare(path, options.env, error);
    return { git, objects, isClone: false, remote, base: await baseOf(objects, base), directory: '' };
  }
  const objects = systemObjects(git, scratch);
  const remote = await git.maybe(['config', '--get', 'remote.origin.url']);
  return { git, objects, isClone: false, remote, base: await baseOf(objects, base), directory: prefix };
}

/** The remote's default branch as it was last fetched; without a remote `main`, `master` or what is checked out. */
async function baseOf(objects: Objects, named: string | undefined): Promise<Repository['base']> {
  const head = await objects.nameAt('refs/remotes/origin/HEAD');
  const remoteHead = head?.startsWith('refs/remotes/origin/')
    ? head.slice('refs/remotes/origin/'.length)
    : undefined;
  const current = (await objects.nameAt('HEAD'))?.replace(/^refs\/heads\//, '');
  const tried = named !== undefined ? [named] : [remoteHead, 'main', 'master', current];
  for (const branch of tried) {
    if (branch === undefined) continue;
    for (const ref of [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]) {
      const commit = await objects.commitAt(ref);
      if (commit !== undefined) return { branch, commit };
    }
  }
  throw new GitFault(
    'git-branch-unknown',
    `expected ${named === undefined ? 'a default branch with a commit' : `the branch ${named}`}, got none`,
    { hint: 'Name the branch that the change is to reach with --git-base BRANCH.' },
  );
}

async function clone(
  url: string,
  scratch: string,
  base: string | undefined,
  options: GitOptions,
): Promise<Opened> {
  const target = join(scratch, 'repository');
  const outside = new Git(scratch, options);
  const branch = base === undefined ? [] : ['--branch', base];
  // file:// needs the scheme for a shallow clone; a template could bring hooks along
  await outside.text([
    'clone',
    '--quiet',
    '--bare',
    '--depth',
    '1',
    '--single-branch',
    '--no-tags',
    '--template=',
    ...branch,
    '--',
    url,
    target,
  ]);
  const git = new Git(target, options);
  const name = await git.maybe(['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const commit = await git.maybe(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (name === undefined || commit === undefined)
    throw new GitFault(
      'git-branch-unknown',
      `expected a branch with a commit in ${withoutSecrets(url)}, got none`,
      {
        hint: 'Name the branch that the change is to reach with --git-base BRANCH.',
      },
    );
  const objects = systemObjects(git, scratch);
  return { git, objects, isClone: true, remote: url, base: { branch: base ?? name, commit }, directory: '' };
}

/** git-check-ref-format, the part that matters for a name which stands in arguments. Throws GitFault. */
export function checkBranch(name: string): void {
  if (/^[\w][\w./+-]{0,200}$/.test(name) && !/\.\.|\/\/|\.lock(?:\/|$)|[/.]$|\/\./.test(name)) return;
  throw new GitFault(
    'git-branch-unknown',
    `expected the name of a branch, got ${JSON.stringify(name.slice(0, 160))}`,
  );
}
