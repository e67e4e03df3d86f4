// Repositories of manifests that a cluster is deployed from: an image found, its digest changed, the change proposed.
export type { NewRepository } from './bare/make.ts';
export { branchOf, type CommitOptions, type CommittedChange, commitGit } from './commit.ts';
export { GitFault, type GitFaultCode } from './fault.ts';
export { type HelmValues, parseHelmValues } from './helm.ts';
export { type GitChange, type GitFile, type GitPlan, type GitPlanOptions, planGit } from './plan.ts';
export type { Proposal } from './proposal.ts';
export { type PullRequestHost, pullRequestHost } from './pullrequest.ts';
export { makeRepository, openRepository, type Repository, type RepositoryOptions } from './repository.ts';
export { formatGitPlan } from './text.ts';
