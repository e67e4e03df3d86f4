// What can go wrong with a repository of manifests.
import { Fault } from '../../core/index.ts';

export type GitFaultCode =
  | 'git-missing'
  | 'git-failed'
  | 'git-url-refused'
  | 'git-branch-unknown'
  | 'git-branch-in-use'
  | 'git-identity-missing'
  | 'git-limit'
  | 'helm-values-invalid'
  | 'pull-request-failed';

export class GitFault extends Fault<GitFaultCode> {}
