// Tokens of Azure's identity platform from what the environment offers: an access token, a service principal, a
// workload identity or a managed identity. Written from the published descriptions and not proven on Azure.
import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/index.ts';
import { metadataAddress } from './address.ts';
import type { HttpClient, HttpRequest } from './client.ts';
import { NetFault } from './fault.ts';

export interface AzureIdentityOptions {
  client: HttpClient;
  env: NodeJS.ProcessEnv;
  /** The audience, `https://containerregistry.azure.net`. */
  resource: string;
  /** Where a managed identity is asked; a test's stand-in. */
  metadataUrl?: string;
  /** Where a service principal and a workload identity are exchanged when AZURE_AUTHORITY_HOST is not set. */
  authority?: string;
}

const answerBytes = 64 << 10;

/**
 * An access token for `resource`, or undefined where the environment names no identity and the machine has
 * none. Throws NetFault `identity-failed` when an identity was named but refused.
 */
export async function azureToken(options: AzureIdentityOptions): Promise<string | undefined> {
  const { env } = options;
  if (env['AZURE_ACCESS_TOKEN']) return env['AZURE_ACCESS_TOKEN'];
  const id = env['AZURE_CLIENT_ID'];
  const tenant = env['AZURE_TENANT_ID'];
  if (id && tenant && env['AZURE_CLIENT_SECRET'])
    return exchangeAtAuthority(options, tenant, { client_id: id, client_secret: env['AZURE_CLIENT_SECRET'] });
  if (id && tenant && env['AZURE_FEDERATED_TOKEN_FILE'])
    return exchangeAtAuthority(options, tenant, {
      client_id: id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await federatedToken(env['AZURE_FEDERATED_TOKEN_FILE']),
    });
  return managedIdentity(options, id);
}

/** RFC 6749 section 4.4, with RFC 7523 section 2.2 for a workload identity. */
async function exchangeAtAuthority(
  { client, env, resource, authority }: AzureIdentityOptions,
  tenant: string,
  identity: Record<string, string>,
): Promise<string> {
  if (!/^[A-Za-z0-9.-]{1,128}$/.test(tenant))
    throw new NetFault(
      'identity-failed',
      'expected AZURE_TENANT_ID to be an id or a domain, got another text',
    );
  const host = env['AZURE_AUTHORITY_HOST'] || authority || 'https://login.microsoftonline.com';
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: `${resource}/.default`,
    ...identity,
  });
  return tokenFrom(client, 'the identity platform', {
    method: 'POST',
    url: new URL(`${tenant}/oauth2/v2.0/token`, host.endsWith('/') ? host : `${host}/`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  });
}

async function managedIdentity(
  options: AzureIdentityOptions,
  id: string | undefined,
): Promise<string | undefined> {
  const url = new URL(options.metadataUrl ?? `http://${metadataAddress}/metadata/identity/oauth2/token`);
  url.searchParams.set('api-version', '2018-02-01');
  url.searchParams.set('resource', options.resource);
  if (id) url.searchParams.set('client_id', id);
  try {
    return await tokenFrom(options.client, 'the machine', {
      url,
      headers: { metadata: 'true' },
      via: 'metadata',
      retries: 0,
      timeouts: { connect: 1000, headers: 10_000 },
    });
  } catch (error) {
    // a machine outside Azure has nobody at this address: that is an answer, unless an identity was named
    if (id === undefined && error instanceof NetFault) return undefined;
    throw error;
  }
}

async function tokenFrom(client: HttpClient, who: string, request: HttpRequest): Promise<string> {
  const response = await client.request(request);
  const answer: unknown = await response.json(answerBytes).catch((error: unknown) => {
    if (error instanceof NetFault) throw error;
    return undefined;
  });
  const token = (answer as { access_token?: unknown } | undefined)?.access_token;
  if (response.status === 200 && typeof token === 'string' && token !== '') return token;
  const said = (answer as { error?: unknown } | undefined)?.error;
  throw new NetFault(
    'identity-failed',
    `expected an Azure access token from ${who}, got status ${response.status}${typeof said === 'string' ? ` (${said.slice(0, 100)})` : ''}`,
    {
      hint: 'Check AZURE_CLIENT_ID, AZURE_TENANT_ID and the secret, token file or managed identity they belong to.',
    },
  );
}

async function federatedToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new NetFault(
      'identity-failed',
      `expected a token in AZURE_FEDERATED_TOKEN_FILE, got: ${messageOf(cause)}`,
      { cause },
    );
  }
}
