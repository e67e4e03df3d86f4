// Pull requests on Azure Repos, from its published description ("Git, Pull Requests", version 7.1).
import type { HttpClient } from '../../net/index.ts';
import type { WebAddress } from './address.ts';
import { noToken, refused } from './github.ts';
import type { Proposal } from './proposal.ts';

const answerBytes = 4 << 20;
const descriptionLimit = 4000;

/**
 * A pipeline's `SYSTEM_ACCESSTOKEN` as bearer, or a personal access token (`AZURE_DEVOPS_EXT_PAT`) as the password of
 * nobody; to dev.azure.com only. Throws GitFault, NetFault.
 */
export async function openAzurePullRequest(
  http: HttpClient,
  env: NodeJS.ProcessEnv,
  { organisation, project, repository }: AzureRepository,
  { branch, base, title, body }: Proposal,
  page: string,
): Promise<string> {
  const authorization = authorizationOf(env);
  const [org, team, name] = [organisation, project, repository].map(encodeURIComponent);
  const url = `https://dev.azure.com/${org}/${team}/_apis/git/repositories/${name}/pullrequests`;
  const refs = { sourceRefName: `refs/heads/${branch}`, targetRefName: `refs/heads/${base}` };
  const query = new URLSearchParams({
    'searchCriteria.status': 'active',
    'searchCriteria.sourceRefName': refs.sourceRefName,
    'searchCriteria.targetRefName': refs.targetRefName,
    'api-version': '7.1',
  });
  const open = await http.request({ url: `${url}?${query}`, authorization, redirects: 'manual' });
  // a token that is not accepted is answered with a sign-in page and status 203
  if (open.status !== 200) throw await refused('dev.azure.com', open.status, open);
  const there = ((await open.json(answerBytes)) as { value?: { pullRequestId?: unknown }[] } | null)
    ?.value?.[0];
  if (typeof there?.pullRequestId === 'number') return `${page}/pullrequest/${there.pullRequestId}`;
  const made = await http.request({
    method: 'POST',
    url: `${url}?api-version=7.1`,
    headers: { 'content-type': 'application/json' },
    authorization,
    redirects: 'manual',
    retries: 0,
    body: Buffer.from(JSON.stringify({ ...refs, title, description: body.slice(0, descriptionLimit) })),
  });
  if (made.status !== 201) throw await refused('dev.azure.com', made.status, made);
  const id = ((await made.json(answerBytes)) as { pullRequestId?: unknown } | null)?.pullRequestId;
  if (typeof id !== 'number') throw await refused('dev.azure.com', made.status);
  return `${page}/pullrequest/${id}`;
}

function authorizationOf(env: NodeJS.ProcessEnv): string {
  const token = env['SYSTEM_ACCESSTOKEN'];
  if (token) return `Bearer ${token}`;
  const personal = env['AZURE_DEVOPS_EXT_PAT'];
  if (personal) return `Basic ${Buffer.from(`:${personal}`).toString('base64')}`;
  throw noToken('SYSTEM_ACCESSTOKEN or AZURE_DEVOPS_EXT_PAT', 'Code (read & write)');
}

export interface AzureRepository {
  organisation: string;
  project: string;
  repository: string;
}

/** `dev.azure.com/ORG/PROJECT/_git/REPO`, `ORG.visualstudio.com/PROJECT/_git/REPO`, `ssh.dev.azure.com:v3/ORG/PROJECT/REPO`. */
export function azureRepository({ host, path }: WebAddress): AzureRepository | undefined {
  let parts: (string | undefined)[];
  try {
    parts = path.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
  if (host === 'ssh.dev.azure.com' && parts[0] === 'v3') parts = parts.slice(1);
  else if (host.endsWith('.visualstudio.com')) {
    const rest = parts[0]?.toLowerCase() === 'defaultcollection' ? parts.slice(1) : parts;
    parts = [host.slice(0, -'.visualstudio.com'.length), ...rest.filter((part) => part !== '_git')];
  } else if (host === 'dev.azure.com') parts = parts.filter((part) => part !== '_git');
  else return undefined;
  // a project's first repository has its name: dev.azure.com/ORG/_git/REPO
  const [organisation, project, repository = project, more] = parts;
  if (!organisation || !project || !repository || more !== undefined) return undefined;
  return { organisation, project, repository };
}
