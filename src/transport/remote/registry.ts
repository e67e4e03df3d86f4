// A connection to one registry: its requests, authorised and with its errors as faults (distribution-spec).
import { type Clock, systemClock } from '../../core/index.ts';
import { registryHost } from '../../image/index.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, isLoopbackHost } from '../../net/index.ts';
import { createAuthorizer, type Scope } from './auth.ts';
import type { Credentials } from './credential.ts';
import { anonymous } from './credentials.ts';
import { RemoteFault } from './fault.ts';

export interface RegistryRequest
  extends Pick<HttpRequest, 'method' | 'headers' | 'signal' | 'retries' | 'redirects'> {
  /** `/v2/…`, or the absolute URL of a Location that the registry gave. */
  path: string | URL;
  scopes: readonly Scope[];
  /** A function opens a stream anew for the try after a challenge. */
  body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

export interface Registry {
  readonly domain: string;
  readonly base: URL;
  /** Any status but 401 and 429 is an answer. Throws RemoteFault, NetFault. */
  send(request: RegistryRequest): Promise<HttpResponse>;
}

export interface RegistryOptions {
  http: HttpClient;
  credentials?: Credentials;
  clock?: Clock;
  /** Hosts that issue this registry's tokens, where it is not the registry's own. */
  realms?: readonly string[];
  /** Plain HTTP was asked for; hosts of this machine use it anyway unless `tls` is set. */
  plainHttp?: boolean;
  /** https for a registry on this machine. */
  tls?: boolean;
}

/** Makes no request yet. `domain` as in a reference: `docker.io`, `localhost:5000`. */
export function openRegistry(domain: string, options: RegistryOptions): Registry {
  const base = baseOf(domain, options);
  const plainHttp = options.plainHttp ?? false;
  const authorizer = createAuthorizer({
    domain,
    base,
    http: options.http,
    credentials: options.credentials ?? anonymous,
    clock: options.clock ?? systemClock,
    realms: options.realms ?? [],
    plainHttp,
  });
  return {
    domain,
    base,
    async send(request) {
      const url = new URL(request.path, base);
      // what is uploaded to another host carries its permission in the Location
      const isOwn = url.origin === base.origin;
      let authorization = isOwn ? await authorizer.header(request.scopes) : undefined;
      for (let tried = 0; ; tried++) {
        const response = await options.http.request(
          httpRequest(request, url, authorization, plainHttp, base),
        );
        if (response.status === 429) throw await rateLimited(domain, response);
        if (response.status !== 401) return response;
        await response.discard();
        const better =
          isOwn &&
          tried === 0 &&
          (await authorizer.learn(response.header('www-authenticate'), request.scopes, authorization));
        if (!better) throw authRequired(domain, authorization !== undefined);
        authorization = await authorizer.header(request.scopes);
      }
    },
  };
}

function baseOf(domain: string, { plainHttp, tls }: RegistryOptions): URL {
  const host = registryHost(domain);
  const url = new URL(`https://${host}`);
  return plainHttp === true || (isLoopbackHost(url.hostname) && tls !== true)
    ? new URL(`http://${host}`)
    : url;
}

function httpRequest(
  request: RegistryRequest,
  url: URL,
  authorization: string | undefined,
  plainHttp: boolean,
  base: URL,
): HttpRequest {
  const { method, headers, signal, retries, redirects, body } = request;
  return {
    url,
    plainHttp,
    because: base.hostname,
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
    ...(signal === undefined ? {} : { signal }),
    ...(retries === undefined ? {} : { retries }),
    ...(redirects === undefined ? {} : { redirects }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(body === undefined ? {} : { body: typeof body === 'function' ? body() : body }),
  };
}

/** The fault for a status that a caller did not expect, with the registry's own words (spec "Error Codes"). */
export async function unexpected(
  registry: Registry,
  response: HttpResponse,
  expected: string,
): Promise<RemoteFault> {
  const said = await errorsOf(response);
  const got = `status ${response.status}${said === '' ? '' : ` (${said})`}`;
  const message = `expected ${registry.domain} to ${expected}, got ${got}`;
  if (response.status === 403)
    return new RemoteFault('access-denied', message, {
      hint: 'The credentials are known but may not do this: ask for the right on the repository.',
    });
  if (response.status === 404)
    return new RemoteFault('image-not-found', message, {
      hint: 'Check the name, the tag and, for a private image, that you are logged in.',
    });
  return new RemoteFault('registry-failed', message);
}

async function errorsOf(response: HttpResponse): Promise<string> {
  let body: unknown;
  try {
    body = await response.json(64 << 10);
  } catch {
    // the body only adds words to a fault that is thrown anyway
    return '';
  }
  const errors = (body as { errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return '';
  const texts = errors
    .slice(0, 5)
    .map(({ code, message }: { code?: unknown; message?: unknown }) =>
      [code, message].filter((part) => typeof part === 'string').join(': '),
    );
  return texts.join('; ').slice(0, 500);
}

async function rateLimited(domain: string, response: HttpResponse): Promise<RemoteFault> {
  await response.discard();
  const wait = response.header('retry-after');
  return new RemoteFault('rate-limited', `expected ${domain} to answer, got too many requests`, {
    hint:
      wait === undefined
        ? 'Log in for a higher limit, or try again later.'
        : `Try again after ${wait.slice(0, 40)} seconds, or log in for a higher limit.`,
  });
}

function authRequired(domain: string, refused: boolean): RemoteFault {
  return new RemoteFault(
    'auth-required',
    `expected ${domain} to let us in, got ${refused ? 'a refusal of the credentials' : 'a request for credentials'}`,
    {
      hint: `Log in with docker login ${domain}; an image that does not exist is often answered the same way.`,
    },
  );
}
