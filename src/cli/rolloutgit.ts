// A rollout's part in a repository of manifests: planned, committed to a branch, proposed.
import type { Command } from 'commander';
import {
  commitGit,
  formatGitPlan,
  type GitPlan,
  openRepository,
  parseHelmValues,
  planGit,
  pullRequestHost,
  type Repository,
} from '../cluster/git/index.ts';
import type { DigestChange } from '../cluster/workload/index.ts';
import { collect, type Setting } from './setting.ts';

export interface GitOptions {
  git?: string;
  gitBase?: string;
  gitPush?: boolean;
  helmValues?: string[];
  pullRequest?: boolean;
  cause?: string;
}

export interface Proposed {
  text: string;
  json: { branch: string; commit: string; isPushed: boolean; pullRequest?: string; link?: string };
}

export interface GitTarget {
  text: string;
  json: object;
  hasWork: boolean;
  hasLeft: boolean;
  propose(setting: Setting): Promise<Proposed | undefined>;
  close(): void;
}

export function withGitOptions(command: Command): Command {
  return command
    .option(
      '--git <dir|url>',
      'repository of manifests; alone, no cluster is touched unless --context names one',
    )
    .option('--git-base <branch>', 'branch that the change is to reach (default: the default branch)')
    .option('--git-push', 'push the branch of a directory’s repository to origin (an URL’s always is)')
    .option(
      '--helm-values <file:path>',
      'where an image stands in Helm values: values.yaml:web.image',
      collect,
    )
    .option('--pull-request', 'push, and open the pull request instead of printing its link');
}

/** Throws GitFault. */
export async function openGitTarget(
  change: DigestChange,
  options: GitOptions,
  { signal }: Setting,
): Promise<GitTarget> {
  const helmValues = (options.helmValues ?? []).map(parseHelmValues);
  const base = options.gitBase === undefined ? {} : { base: options.gitBase };
  const repository = await openRepository(options.git!, { signal, ...base });
  try {
    const plan = await planGit(repository, change, { helmValues });
    return {
      text: formatGitPlan(plan, repository),
      json: jsonOf(plan, repository),
      hasWork: plan.files.length > 0,
      hasLeft: plan.left.length + plan.byTag.length > 0,
      propose: (setting) => propose(repository, change, options, helmValues, setting),
      close: () => repository.close(),
    };
  } catch (error) {
    repository.close();
    throw error;
  }
}

async function propose(
  repository: Repository,
  change: DigestChange,
  options: GitOptions,
  helmValues: ReturnType<typeof parseHelmValues>[],
  { http }: Setting,
): Promise<Proposed | undefined> {
  const push = repository.isClone || options.gitPush === true || options.pullRequest === true;
  const cause = options.cause === undefined ? {} : { cause: options.cause };
  const done = await commitGit(repository, change, { helmValues, push, ...cause });
  if (done === undefined) return undefined;
  const { branch, commit, isNew, isPushed } = done;
  const { domain, repository: name, from, to } = change;
  const proposal = {
    branch,
    base: repository.base.branch,
    title: `Roll out ${name} ${to.slice(0, to.indexOf(':') + 13)}`,
    body: `${options.cause === undefined ? '' : `${options.cause}\n\n`}From: ${domain}/${name}@${from}\nTo: ${domain}/${name}@${to}\n`,
  };
  const host = repository.remote === undefined ? undefined : pullRequestHost(repository.remote, proposal);
  const pullRequest = options.pullRequest ? await host?.open?.(http, process.env) : undefined;
  const lines = [
    `git: ${isNew ? 'committed to' : 'is already on'} branch ${branch} (${commit.slice(0, 12)})`,
  ];
  if (!isPushed && repository.remote !== undefined) lines.push(`  push it with: git push origin ${branch}`);
  if (pullRequest !== undefined) lines.push(`  pull request: ${pullRequest}`);
  else if (host !== undefined) lines.push(`  open the pull request: ${host.link}`);
  return {
    text: `${lines.join('\n')}\n`,
    json: {
      branch,
      commit,
      isPushed,
      ...(pullRequest === undefined ? {} : { pullRequest }),
      ...(host === undefined ? {} : { link: host.link }),
    },
  };
}

function jsonOf({ files, byTag, left }: GitPlan, { name, base }: Repository): object {
  return {
    repository: name,
    base,
    files: files.map(({ path, changes }) => ({ path, changes })),
    byTag,
    left,
  };
}
