// The guarded HTTP client: every connection of the program is made by one of these.
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, defaultLimits, systemClock } from '../core/index.ts';
import { checkHost, isLoopbackHost, metadataAddress } from './address.ts';
import type { PrivateTls } from './authorities.ts';
import {
  createExchanger,
  type ExchangeRequest,
  type Exchanger,
  type RawResponse,
  type Timeouts,
} from './exchange.ts';
import { NetFault } from './fault.ts';
import { nextRequest } from './redirect.ts';
import { type HttpResponse, responseOf } from './response.ts';
import { type Attempt, retryDelay } from './retry.ts';

export interface HttpRequest {
  /** GET when left out. */
  method?: string;
  url: string | URL;
  /** Never Authorization: that is `authorization`, which goes to this URL's origin and no other. */
  headers?: Record<string, string>;
  authorization?: string;
  /** A stream is sent once: its request is neither retried nor redirected. */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** A fault past this many bytes of response body; unbounded when left out, `bytes()` has a bound of its own. */
  maxBytes?: number;
  /** `manual` gives a 3xx back to the caller. */
  redirects?: 'follow' | 'manual';
  /** Tries after the first; 3 when left out. Only what is safe to repeat is repeated. */
  retries?: number;
  /** The host whose word brought us here (a token realm): unless it is private itself, private addresses are refused. */
  because?: string;
  /** The user asked for plain HTTP to a host that is not this machine. */
  plainHttp?: boolean;
  timeouts?: Partial<Timeouts>;
  signal?: AbortSignal;
  via?: ExchangeRequest['via'];
}

export interface HttpClient {
  /** Any status is an answer. Throws NetFault. */
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export interface ClientOptions {
  /** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY are read from it. */
  env?: NodeJS.ProcessEnv;
  caFile?: string;
  clock?: Clock;
  sleep?(ms: number, signal?: AbortSignal): Promise<void>;
  lookup?: LookupFunction;
  /** One server's own authority and our certificate for it: nothing else is trusted then. */
  tls?: PrivateTls;
}

const usualTimeouts: Timeouts = { connect: 10_000, headers: 60_000, body: 60_000 };
const userAgent = 'seaworthy';

export function createClient(options: ClientOptions = {}): HttpClient {
  const exchanger = createExchanger({
    env: options.env ?? process.env,
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
  });
  const clock = options.clock ?? systemClock;
  const sleep =
    options.sleep ?? ((ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }));
  return {
    async request(request) {
      let next: ExchangeRequest = ledBy(exchanger, request.because, firstRequest(request));
      for (let redirects = 0; ; redirects++) {
        checkUrl(next, request);
        const raw = await exchangeWithRetries(exchanger, next, request.retries ?? 3, clock, sleep);
        const redirected =
          request.redirects === 'manual' || next.via !== undefined
            ? undefined
            : nextRequest(next, raw, redirects);
        if (redirected === undefined)
          return responseOf(raw, next.url, request.maxBytes, defaultLimits.documentBytes);
        await raw.body.dump();
        next = ledBy(exchanger, next.url.hostname, redirected);
      }
    },
    close: () => exchanger.close(),
  };
}

/** Where one host led to another: into a private network only from within one. */
function ledBy(exchanger: Exchanger, from: string | undefined, request: ExchangeRequest): ExchangeRequest {
  if (from === undefined || from === request.url.hostname || exchanger.isPrivate(from)) return request;
  return { ...request, publicOnly: true };
}

function firstRequest(request: HttpRequest): ExchangeRequest {
  const url = URL.parse(request.url.toString());
  if (url === null)
    throw new NetFault(
      'url-invalid',
      `expected a URL, got ${JSON.stringify(String(request.url).slice(0, 200))}`,
    );
  const headers: Record<string, string> = { 'user-agent': userAgent, 'accept-encoding': 'identity' };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  if (request.authorization !== undefined) headers['authorization'] = request.authorization;
  return {
    method: request.method ?? 'GET',
    url,
    headers,
    timeouts: { ...usualTimeouts, ...request.timeouts },
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.via === undefined ? {} : { via: request.via }),
  };
}

function checkUrl({ url, via, publicOnly }: ExchangeRequest, request: HttpRequest): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new NetFault('url-invalid', `expected an https:// URL, got ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new NetFault(
      'url-invalid',
      `expected a URL without a user and password for ${url.host}, got one with them`,
    );
  if (via === 'metadata' && url.hostname !== metadataAddress && !isLoopbackHost(url.hostname))
    throw new NetFault('address-refused', `expected a managed identity's own endpoint, got ${url.host}`);
  if (via !== undefined) return;
  checkHost(url.hostname, publicOnly);
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && request.plainHttp !== true)
    throw new NetFault('plain-http-refused', `expected https for ${url.host}, got plain http`, {
      hint: 'Plain HTTP is used for this machine only, unless you ask for it (--plain-http).',
    });
}

async function exchangeWithRetries(
  exchanger: Exchanger,
  request: ExchangeRequest,
  retries: number,
  clock: Clock,
  sleep: NonNullable<ClientOptions['sleep']>,
): Promise<RawResponse> {
  for (let tried = 0; ; tried++) {
    let attempt: Attempt;
    try {
      attempt = { response: await exchanger.exchange(request) };
    } catch (error) {
      attempt = { error };
    }
    const wait = tried < retries ? retryDelay(request, attempt, tried, clock) : undefined;
    if (wait === undefined) {
      if ('error' in attempt) throw attempt.error;
      return attempt.response;
    }
    if ('response' in attempt) await attempt.response.body.dump();
    await sleep(wait, request.signal);
  }
}
