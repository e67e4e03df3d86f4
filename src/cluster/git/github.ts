// Pull requests on github.com, from its published description ("REST API endpoints for pull requests", version 2022-11-28).
import { messageOf } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { GitFault } from './fault.ts';
import type { Proposal } from './proposal.ts';

const answerBytes = 1 << 20;

/** `path` is OWNER/REPOSITORY, encoded. The token goes to api.github.com only. Throws GitFault, NetFault. */
export async function openGithubPullRequest(
  http: HttpClient,
  env: NodeJS.ProcessEnv,
  path: string,
  { branch, base, title, body }: Proposal,
): Promise<string> {
  const token = env['GH_TOKEN'] || env['GITHUB_TOKEN'];
  if (!token) throw noToken('GH_TOKEN or GITHUB_TOKEN', 'pull requests: write');
  const url = `https://api.github.com/repos/${path}/pulls`;
  const headers = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
  const authorization = `Bearer ${token}`;
  const owner = decodeURIComponent(path.slice(0, path.indexOf('/')));
  const query = new URLSearchParams({ head: `${owner}:${branch}`, base, state: 'open' });
  const open = await http.request({ url: `${url}?${query}`, headers, authorization, redirects: 'manual' });
  if (open.status !== 200) throw await refused('api.github.com', open.status, open);
  const listed = (await open.json(answerBytes)) as { html_url?: unknown }[];
  const there = Array.isArray(listed) ? listed[0]?.html_url : undefined;
  if (typeof there === 'string') return there;
  const made = await http.request({
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'application/json' },
    authorization,
    redirects: 'manual',
    retries: 0,
    body: Buffer.from(JSON.stringify({ title, head: branch, base, body })),
  });
  if (made.status !== 201) throw await refused('api.github.com', made.status, made);
  const page = ((await made.json(answerBytes)) as { html_url?: unknown } | null)?.html_url;
  if (typeof page !== 'string') throw await refused('api.github.com', made.status);
  return page;
}

export function noToken(names: string, right: string): GitFault {
  return new GitFault('pull-request-failed', `expected a token in ${names}, got none`, {
    hint: `Set one with the right "${right}", or leave --pull-request out and open the printed link.`,
  });
}

/** What the host said, as far as it is short text. */
export async function refused(
  host: string,
  status: number,
  response?: { json(limit: number): Promise<unknown> },
): Promise<GitFault> {
  let said = '';
  try {
    const message = ((await response?.json(answerBytes)) as { message?: unknown } | undefined)?.message;
    if (typeof message === 'string') said = `: ${message.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300)}`;
  } catch (error) {
    said = `, ${messageOf(error).slice(0, 100)}`;
  }
  return new GitFault(
    'pull-request-failed',
    `expected ${host} to open a pull request, got status ${status}${said}`,
    {
      hint: 'The branch is pushed: open the pull request from the printed link, or check the rights of the token.',
    },
  );
}
