// Bearer tokens for a registry, from the realm it names (distribution-spec's token authentication; OAuth2 where
// there is a refresh token).
import type { Clock } from '../../core/index.ts';
import { type HttpClient, type HttpResponse, isLoopbackHost } from '../../net/index.ts';
import type { Credential } from './credential.ts';
import { RemoteFault } from './fault.ts';

export interface Realm {
  url: URL;
  service: string | undefined;
  /** Hostname of the registry that named it. */
  registry: string;
}

export interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

const clientId = 'seaworthy';
const answerBytes = 256 << 10;
/** A token without expires_in lives this long, and so does one that claims less. */
const shortestLife = 60;
const longestLife = 12 * 3600;

/** Registries whose tokens are issued by another host, which may therefore see their credentials. */
const declaredRealms: ReadonlyMap<string, readonly string[]> = new Map([
  ['docker.io', ['auth.docker.io']],
  ['registry.gitlab.com', ['gitlab.com']],
]);

/**
 * Checks the realm of a challenge: https, or plain HTTP on this machine; on another host than the registry's only
 * when nothing secret goes there, or when it is declared. Throws RemoteFault `realm-refused`.
 */
export function checkRealm(
  realm: string | undefined,
  registry: { domain: string; base: URL; realms: readonly string[] },
  credential: Credential | undefined,
): URL {
  const url = URL.parse(realm ?? '');
  const refuse = (got: string, hint?: string): RemoteFault =>
    new RemoteFault(
      'realm-refused',
      `expected ${registry.domain} to name a token realm, got ${got}`,
      hint === undefined ? {} : { hint },
    );
  if (url === null || url.username !== '' || url.password !== '')
    throw refuse(JSON.stringify(realm?.slice(0, 200) ?? 'none'));
  const isPlain = url.protocol === 'http:';
  if (url.protocol !== 'https:' && !(isPlain && registry.base.protocol === 'http:'))
    throw refuse(`one that is not https: ${url.origin}`);
  if (isLoopbackHost(url.hostname) && !isLoopbackHost(registry.base.hostname))
    throw refuse(`one on this machine: ${url.origin}`);
  if (url.host === registry.base.host || credential === undefined) return url;
  const declared = [...(declaredRealms.get(registry.domain) ?? []), ...registry.realms];
  if (declared.includes(url.host) && !isPlain) return url;
  if (declared.includes(url.host) && isLoopbackHost(url.hostname)) return url;
  throw refuse(
    `one on another host, ${url.host}, which must not see its credentials`,
    `If ${url.host} issues the tokens of ${registry.domain}, declare it as the registry's realm.`,
  );
}

/** Throws RemoteFault `auth-required`, `registry-failed`. */
export async function fetchToken(
  http: HttpClient,
  realm: Realm,
  scopes: readonly string[],
  credential: Credential | undefined,
  clock: Clock,
  plainHttp: boolean,
): Promise<Token> {
  const response =
    credential?.kind === 'identity'
      ? await refresh(http, realm, scopes, credential.token, plainHttp)
      : await ask(http, realm, scopes, credential, plainHttp);
  if (response.status !== 200) {
    await response.discard();
    throw response.status === 401 || response.status === 403 || response.status === 400
      ? new RemoteFault(
          'auth-required',
          `expected a token from ${realm.url.host}, got status ${response.status}`,
          {
            hint:
              credential === undefined
                ? 'Log in to the registry first.'
                : 'The credentials were refused: log in again.',
          },
        )
      : new RemoteFault(
          'registry-failed',
          `expected a token from ${realm.url.host}, got status ${response.status}`,
        );
  }
  return parseToken(response, realm.url, clock);
}

function ask(
  http: HttpClient,
  realm: Realm,
  scopes: readonly string[],
  credential: Credential | undefined,
  plainHttp: boolean,
): Promise<HttpResponse> {
  const url = new URL(realm.url);
  if (realm.service !== undefined) url.searchParams.set('service', realm.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credential?.kind === 'basic') url.searchParams.set('account', credential.username);
  const authorization = credential?.kind === 'basic' ? { authorization: basic(credential) } : {};
  return http.request({ url, plainHttp, because: realm.registry, ...authorization });
}

function refresh(
  http: HttpClient,
  realm: Realm,
  scopes: readonly string[],
  token: string,
  plainHttp: boolean,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    scope: scopes.join(' '),
    refresh_token: token,
  });
  if (realm.service !== undefined) form.set('service', realm.service);
  return http.request({
    method: 'POST',
    url: realm.url,
    plainHttp,
    because: realm.registry,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  });
}

export async function parseToken(response: HttpResponse, url: URL, clock: Clock): Promise<Token> {
  const answer = (await response.json(answerBytes)) as {
    token?: unknown;
    access_token?: unknown;
    expires_in?: unknown;
  } | null;
  const value = answer?.token || answer?.access_token;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
    throw new RemoteFault('registry-failed', `expected a token from ${url.host}, got an answer without one`);
  const life = typeof answer?.expires_in === 'number' ? answer.expires_in : shortestLife;
  return {
    value,
    expires: clock.now().getTime() + Math.min(Math.max(life, shortestLife), longestLife) * 1000,
  };
}

export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
