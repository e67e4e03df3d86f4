// The pull request for a branch: where people open it, and for the hosts whose API is known, opened.
import type { HttpClient } from '../../net/index.ts';
import { webAddress } from './address.ts';
import { azureRepository, openAzurePullRequest } from './azurerepos.ts';
import { openGithubPullRequest } from './github.ts';
import type { Proposal } from './proposal.ts';

export interface PullRequestHost {
  kind: 'github' | 'azure' | 'gitlab';
  /** Where a person opens the pull request. */
  link: string;
  /** Opens it, or finds the one that is open; gives its page. Absent where that is not known. Throws GitFault. */
  open?(http: HttpClient, env: NodeJS.ProcessEnv): Promise<string>;
}

/** Undefined for a remote that is no host known here. */
export function pullRequestHost(remote: string, proposal: Proposal): PullRequestHost | undefined {
  const address = webAddress(remote);
  if (address === undefined) return undefined;
  const azure = azureRepository(address);
  const { branch, base } = proposal;
  if (azure !== undefined) {
    const { organisation, project, repository } = azure;
    const page = `https://dev.azure.com/${[organisation, project].map(encodeURIComponent).join('/')}/_git/${encodeURIComponent(repository)}`;
    return {
      kind: 'azure',
      link: `${page}/pullrequestcreate?sourceRef=${encodeURIComponent(branch)}&targetRef=${encodeURIComponent(base)}`,
      open: (http, env) => openAzurePullRequest(http, env, azure, proposal, page),
    };
  }
  const path = address.path.split('/').map(encodeURIComponent).join('/');
  const inPath = (name: string) => name.split('/').map(encodeURIComponent).join('/');
  if (address.host === 'github.com' && address.path.split('/').length === 2)
    return {
      kind: 'github',
      link: `https://github.com/${path}/compare/${inPath(base)}...${inPath(branch)}?expand=1`,
      open: (http, env) => openGithubPullRequest(http, env, path, proposal),
    };
  if (address.host === 'gitlab.com')
    return {
      kind: 'gitlab',
      link: `https://gitlab.com/${path}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${encodeURIComponent(branch)}&merge_request%5Btarget_branch%5D=${encodeURIComponent(base)}`,
    };
  return undefined;
}
