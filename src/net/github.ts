// The identity that GitHub Actions gives a job: an OpenID Connect token for one audience (docs.github.com, "OpenID
// Connect reference").
import type { HttpClient } from './client.ts';
import { NetFault } from './fault.ts';

/** Undefined outside a job that may ask for tokens (`permissions: id-token: write`). Throws NetFault. */
export async function githubToken(
  http: HttpClient,
  env: NodeJS.ProcessEnv,
  audience: string,
): Promise<string | undefined> {
  const address = env['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const secret = env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  if (!address || !secret) return undefined;
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  const response = await http.request({ url, authorization: `Bearer ${secret}`, redirects: 'manual' });
  const body =
    response.status === 200 ? ((await response.json(64 << 10)) as { value?: unknown } | null) : undefined;
  if (typeof body?.value === 'string') return body.value;
  throw new NetFault(
    'identity-failed',
    `expected an identity token from ${url.host}, got status ${response.status}`,
  );
}
