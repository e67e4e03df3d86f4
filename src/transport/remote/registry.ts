// A connection to one registry: its requests, authorised and with its errors as faults (distribution-spec).
import { type Clock, systemClock } from '../../core/index.ts';
import { registryHost } from '../../image/index.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, isLoopbackHost } from '../../net/index.ts';
import { createAuthorizer, type Scope } from './auth.ts';
import type { Credentials } from './credential.ts';
import { anonymous } from './credentials.ts';
import type { Documents } from './documents.ts';
import { authRequired, rateLimited } from './refusal.ts';

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
  /** What it gave by digest not long ago; undefined: nothing is kept. */
  readonly documents?: Documents;
  /** Any status but 401 and 429 is an answer. Throws RemoteFault, NetFault. */
  send(request: RegistryRequest): Promise<HttpResponse>;
}

/** Connections of a process that runs for long. */
export interface Registries {
  /** `domain` as in a reference. */
  open(domain: string): Registry;
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
  /** Connections that are kept: the options that they were made with count. */
  registries?: Registries;
}

/** Makes no request yet. `domain` as in a reference: `docker.io`, `localhost:5000`. */
export function openRegistry(domain: string, options: RegistryOptions): Registry {
  return options.registries?.open(domain) ?? connectRegistry(domain, options);
}

/** A new connection, whatever is kept. */
export function connectRegistry(domain: string, options: RegistryOptions): Registry {
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
