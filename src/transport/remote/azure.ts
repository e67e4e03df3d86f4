// Azure Container Registry: an Azure identity exchanged for a registry's refresh token. Written from the published
// description ("ACR AAD-OAuth"), tried against a stand-in only.
import { type Clock, systemClock } from '../../core/index.ts';
import { azureToken, type HttpClient, NetFault } from '../../net/index.ts';
import type { Credential, Credentials } from './credential.ts';
import { fileCredentials } from './credentials.ts';
import { RemoteFault } from './fault.ts';

const clouds: ReadonlyMap<string, { authority: string; audience: string }> = new Map([
  [
    '.azurecr.io',
    { authority: 'https://login.microsoftonline.com', audience: 'https://containerregistry.azure.net' },
  ],
  [
    '.azurecr.cn',
    { authority: 'https://login.chinacloudapi.cn', audience: 'https://containerregistry.azure.cn' },
  ],
  [
    '.azurecr.us',
    { authority: 'https://login.microsoftonline.us', audience: 'https://containerregistry.azure.us' },
  ],
]);

export interface AzureOptions {
  http: HttpClient;
  env: NodeJS.ProcessEnv;
  clock?: Clock;
  /** A test's stand-ins. */
  metadataUrl?: string;
  /** The base URL of a registry; https on its own host when left out. */
  exchangeBase?(domain: string): URL;
}

/** The cloud that a host belongs to: whole last labels, so `x.azurecr.io.example.com` is nobody's. */
function cloudOf(domain: string): { authority: string; audience: string } | undefined {
  const match = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)?(\.azurecr\.(?:io|cn|us))$/.exec(
    domain.toLowerCase(),
  );
  return clouds.get(match?.[1] ?? '');
}

/** Ms that a registry's refresh token is used at most; the published description gives them about three hours. */
const longest = 3_600_000;
/** Ms before its end that a token is no longer used. */
const margin = 300_000;
/** Ms until a machine without identity is asked again. */
const withoutIdentity = 60_000;

/**
 * Credentials for *.azurecr.io, .cn and .us from the environment; undefined for every other host. Exchanged again before
 * they end, and after a failure whenever they are asked for.
 */
export function azureCredentials(options: AzureOptions): Credentials {
  const { clock = systemClock } = options;
  const exchanged = new Map<string, { credential: Promise<Credential | undefined>; until: number }>();
  return async (domain) => {
    const cloud = cloudOf(domain);
    if (cloud === undefined) return undefined;
    const known = exchanged.get(domain);
    if (known !== undefined && clock.now().getTime() < known.until) return known.credential;
    // Until it is there, all who ask wait for the same one.
    const made = { credential: exchange(options, domain, cloud), until: Number.POSITIVE_INFINITY };
    exchanged.set(domain, made);
    try {
      const credential = await made.credential;
      made.until = usableUntil(credential, clock.now().getTime());
      return credential;
    } catch (error) {
      if (exchanged.get(domain) === made) exchanged.delete(domain);
      throw error;
    }
  };
}

function usableUntil(credential: Credential | undefined, now: number): number {
  if (credential?.kind !== 'identity') return now + withoutIdentity;
  return Math.min(now + longest, (expiryIn(credential.token) ?? Number.POSITIVE_INFINITY) - margin);
}

/** `exp` of a JWT (RFC 7519), unverified: it only says when to ask for another. */
function expiryIn(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

async function exchange(
  options: AzureOptions,
  domain: string,
  cloud: { authority: string; audience: string },
): Promise<Credential | undefined> {
  const { http, env } = options;
  const token = await azureToken({
    client: http,
    env,
    resource: cloud.audience,
    authority: cloud.authority,
    ...(options.metadataUrl === undefined ? {} : { metadataUrl: options.metadataUrl }),
  });
  if (token === undefined) return undefined;
  const form = new URLSearchParams({ grant_type: 'access_token', service: domain, access_token: token });
  if (env['AZURE_TENANT_ID']) form.set('tenant', env['AZURE_TENANT_ID']);
  const response = await http.request({
    method: 'POST',
    url: new URL('/oauth2/exchange', options.exchangeBase?.(domain) ?? `https://${domain}`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  });
  const answer = await response.json(256 << 10).catch((error: unknown) => {
    if (error instanceof NetFault) throw error;
    return undefined;
  });
  const refresh = (answer as { refresh_token?: unknown } | undefined)?.refresh_token;
  if (response.status === 200 && typeof refresh === 'string' && refresh !== '')
    return { kind: 'identity', token: refresh };
  throw new RemoteFault(
    'auth-required',
    `expected ${domain} to take the Azure identity, got status ${response.status}`,
    {
      hint: 'Give the identity the role AcrPull on the registry.',
    },
  );
}

/** What the machine offers: the files and helpers of `docker login`, then for Azure's registries its identities. */
export function machineCredentials(options: AzureOptions): Credentials {
  const files = fileCredentials(options.env);
  const azure = azureCredentials(options);
  return async (domain, repository) => (await files(domain, repository)) ?? azure(domain);
}
