// The commit that carries a change, on a branch of its own; the same change twice makes one branch and one commit.
import type { DigestChange } from '../workload/index.ts';
import { GitFault } from './fault.ts';
import { type GitPlan, type GitPlanOptions, planGit } from './plan.ts';
import type { Repository } from './repository.ts';

export interface CommitOptions extends GitPlanOptions {
  /** Why, for people: an advisory, a base update. */
  cause?: string;
  /** Sends the branch to the remote `origin`. */
  push?: boolean;
  /** Commits on the base's branch itself: what is deployed from it follows by itself. */
  onBase?: boolean;
}

export interface CommittedChange {
  branch: string;
  commit: string;
  /** False: the branch said it already. */
  isNew: boolean;
  isPushed: boolean;
  plan: GitPlan;
}

/** `seaworthy/rollout/team-app-0123456789ab`: the same for the same change. */
export function branchOf({ repository, to }: DigestChange): string {
  const name = repository.replace(/[^a-z0-9]+/g, '-').slice(-80);
  return `seaworthy/rollout/${name.replace(/^-+|-+$/g, '')}-${to.slice(to.indexOf(':') + 1).slice(0, 12)}`;
}

/**
 * Commits on the branch's own tip where there is one: what others added to it stays, nothing is ever forced. Undefined:
 * the base has nothing to change. Throws GitFault.
 */
export async function commitGit(
  repository: Repository,
  change: DigestChange,
  options: CommitOptions = {},
): Promise<CommittedChange | undefined> {
  const { git, objects, base } = repository;
  const onBase = await planGit(repository, change, options);
  if (onBase.files.length === 0) return undefined;
  const branch = options.onBase === true ? base.branch : branchOf(change);
  const ref = `refs/heads/${branch}`;
  const { tip, known } = await tipOf(repository, branch);
  // a branch that was merged stands behind its base: it moves on from there
  const isBehind = tip !== undefined && (await objects.isWithin(tip, base.commit));
  const start = tip === undefined || isBehind ? base.commit : tip;
  const plan =
    start === base.commit ? onBase : await planGit(repository, change, { ...options, commit: start });
  let commit = start;
  if (plan.files.length > 0) {
    await refuseCheckedOut(repository, branch);
    commit = await objects.commit(plan.tree, start, message(change, options.cause));
  }
  if (known !== commit) await objects.move(ref, commit, known);
  const isPushed = options.push === true && repository.remote !== undefined;
  if (isPushed) await git.text(['push', '--quiet', '--no-verify', 'origin', `${commit}:${ref}`]);
  return { branch, commit, isNew: plan.files.length > 0, isPushed, plan };
}

/** Where the branch stands: `known` here, `tip` here or at the remote as far as it was fetched. */
async function tipOf(
  { git, objects, isClone }: Repository,
  branch: string,
): Promise<{ tip: string | undefined; known: string | undefined }> {
  const ref = `refs/heads/${branch}`;
  if (isClone && (await git.text(['ls-remote', '--heads', 'origin', ref])) !== '')
    await git.text(['fetch', '--quiet', '--depth', '1', '--no-tags', 'origin', `+${ref}:${ref}`]);
  const known = await objects.commitAt(ref);
  const fetched = isClone ? undefined : await objects.commitAt(`refs/remotes/origin/${branch}`);
  return { known, tip: known ?? fetched };
}

/** A branch that somebody has checked out would differ from the files before them. */
async function refuseCheckedOut({ objects }: Repository, branch: string): Promise<void> {
  if (await objects.isCheckedOut(branch))
    throw new GitFault('git-branch-in-use', `expected nobody to work on ${branch}, got a work tree on it`, {
      hint: 'Check out another branch there, and run the same again.',
    });
}

function message({ domain, repository, from, to }: DigestChange, cause: string | undefined): string {
  const name = `${domain}/${repository}`;
  const why =
    cause === undefined
      ? ''
      : `${cause
          .replace(/[\0-\x08\x0b-\x1f]/g, ' ')
          .trim()
          .slice(0, 2000)}\n\n`;
  return `Roll out ${repository} ${to.slice(0, to.indexOf(':') + 13)}\n\n${why}From: ${name}@${from}\nTo: ${name}@${to}\n`;
}
