// What to send a registry as Authorization: learned from its challenge, kept per scope.
import type { Clock } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { parseChallenges } from './challenge.ts';
import type { Credential, Credentials } from './credential.ts';
import { RemoteFault } from './fault.ts';
import { basic, checkRealm, fetchToken, type Realm, type Token } from './token.ts';

export interface Scope {
  repository: string;
  actions: readonly ('pull' | 'push' | 'delete')[];
}

export interface Authorizer {
  /** The header for what was learned so far; undefined before the first challenge. */
  header(scopes: readonly Scope[]): Promise<string | undefined>;
  /** Learns from a 401; false when there is nothing better to send than what was refused. */
  learn(challenge: string | undefined, scopes: readonly Scope[], sent: string | undefined): Promise<boolean>;
}

export interface AuthorizerOptions {
  domain: string;
  base: URL;
  http: HttpClient;
  credentials: Credentials;
  clock: Clock;
  /** Hosts that issue this registry's tokens. */
  realms: readonly string[];
  plainHttp: boolean;
}

/** Tokens that are kept: a server looks into ten thousand repositories. */
const mostTokens = 1_000;
/** A token is renewed this long before it ends, in milliseconds. */
const margin = 10_000;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const tokens = new Map<string, Promise<Token>>();
  let way:
    | { kind: 'basic' }
    | { kind: 'bearer'; realm: string | undefined; service: string | undefined }
    | undefined;

  async function header(scopes: readonly Scope[]): Promise<string | undefined> {
    if (way === undefined) return undefined;
    const credential = await options.credentials(options.domain, scopes[0]?.repository);
    if (credential?.kind === 'bearer') return `Bearer ${credential.token}`;
    if (way.kind === 'basic') return credential?.kind === 'basic' ? basic(credential) : undefined;
    const realm = {
      url: checkRealm(way.realm, options, credential),
      service: way.service,
      registry: options.base.hostname,
    };
    return `Bearer ${(await tokenFor(realm, scopes, credential)).value}`;
  }

  /** Requests that want the same token at once wait for one. */
  async function tokenFor(
    realm: Realm,
    scopes: readonly Scope[],
    credential: Credential | undefined,
  ): Promise<Token> {
    const names = scopes.map(scopeName);
    const key = names.join(' ');
    const kept = await tokens.get(key)?.catch(() => undefined);
    if (kept !== undefined && kept.expires - margin > options.clock.now().getTime()) return kept;
    const { http, clock, plainHttp } = options;
    const fresh = fetchToken(http, realm, names, credential, clock, plainHttp);
    tokens.set(key, fresh);
    if (tokens.size > mostTokens) tokens.delete(tokens.keys().next().value!);
    return fresh;
  }

  return {
    header,
    async learn(challenge, scopes, sent) {
      const offered = parseChallenges(challenge ?? '');
      const bearer = offered.find(({ scheme }) => scheme === 'bearer');
      const chosen = bearer ?? offered.find(({ scheme }) => scheme === 'basic');
      if (chosen === undefined)
        throw new RemoteFault(
          'registry-failed',
          `expected ${options.domain} to offer Bearer or Basic, got ${JSON.stringify(challenge?.slice(0, 200) ?? 'no challenge')}`,
        );
      way =
        bearer === undefined
          ? { kind: 'basic' }
          : { kind: 'bearer', realm: bearer.params.get('realm'), service: bearer.params.get('service') };
      tokens.delete(scopes.map(scopeName).join(' '));
      const next = await header(scopes);
      return next !== undefined && next !== sent;
    },
  };
}

export function scopeName({ repository, actions }: Scope): string {
  return `repository:${repository}:${actions.join(',')}`;
}
