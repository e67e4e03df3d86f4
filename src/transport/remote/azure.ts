// Azure Container Registry: an Azure identity exchanged for a registry's refresh token. Written from the published
// description ("ACR AAD-OAuth"), tried against a stand-in only.
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

/** Credentials for *.azurecr.io, .cn and .us from the environment; undefined for every other host. */
export function azureCredentials(options: AzureOptions): Credentials {
  const exchanged = new Map<string, Promise<Credential | undefined>>();
  return async (domain) => {
    const cloud = cloudOf(domain);
    if (cloud === undefined) return undefined;
    let credential = exchanged.get(domain);
    if (credential === undefined) {
      credential = exchange(options, domain, cloud);
      exchanged.set(domain, credential);
    }
    return credential;
  };
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
