// The system's git as the one that answers for a repository's objects and names.
import type { Git } from './git.ts';
import type { Objects } from './objects.ts';
import { grep, listFiles, readFiles, writeTree } from './tree.ts';

/** `scratch`: a directory of our own, for index files. */
export function systemObjects(git: Git, scratch: string): Objects {
  return {
    commitAt: (ref) => git.maybe(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]),
    nameAt: (ref) => git.maybe(['symbolic-ref', '--quiet', ref]),
    list: (tree, directory) => listFiles(git, tree, directory),
    read: (files) => readFiles(git, files),
    mentions: (tree, directory, texts) => grep(git, tree, directory, texts),
    replace: (commit, changed) => writeTree(git, commit, changed, `${scratch}/index-${commit}`),
    async isWithin(commit, of) {
      return (await git.maybe(['merge-base', '--all', commit, of]))?.split('\n').includes(commit) ?? false;
    },
    async isCheckedOut(branch) {
      const worktrees = (await git.maybe(['worktree', 'list', '--porcelain'])) ?? '';
      return worktrees.split('\n').includes(`branch refs/heads/${branch}`);
    },
    async commit(tree, parent, message) {
      const signs = (await git.maybe(['config', '--type=bool', '--get', 'commit.gpgSign'])) === 'true';
      const args = ['commit-tree', ...(signs ? ['-S'] : []), tree, '-p', parent, '-F', '-'];
      return git.text(args, { input: message });
    },
    async move(ref, to, from) {
      await git.text(['update-ref', '-m', 'seaworthy rollout', ref, to, from ?? '0'.repeat(40)]);
    },
  };
}
