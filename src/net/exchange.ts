// One HTTP exchange over undici, the only place that knows it: connections, proxies, and errors as NetFaults.
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { guardedLookup, isLoopbackHost, isPrivateAddress, metadataAddress } from './address.ts';
import { type PrivateTls, privateContext, trustedContext } from './authorities.ts';
import { NetFault } from './fault.ts';
import { type ProxyRoute, proxyFor } from './proxy.ts';
import { loadUndici, type UndiciParts } from './undici.ts';

/** Milliseconds. */
export interface Timeouts {
  connect: number;
  /** Until the response's headers. */
  headers: number;
  /** Between two pieces of a body. */
  body: number;
}

export interface ExchangeRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  timeouts: Timeouts;
  signal?: AbortSignal;
  /** `metadata`: only the managed-identity client. `{ socket }`: a local engine. */
  via?: 'metadata' | { socket: string };
  /** A server on the internet led here: private addresses are refused. */
  publicOnly?: boolean;
}

export interface RawResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: AsyncIterable<Uint8Array> & { dump(): Promise<void> };
}

export interface Exchanger {
  exchange(request: ExchangeRequest): Promise<RawResponse>;
  /** Whether a host was only ever found at private addresses, or is one. */
  isPrivate(hostname: string): boolean;
  close(): Promise<void>;
}

export interface ExchangerOptions {
  env: NodeJS.ProcessEnv;
  caFile?: string;
  lookup?: LookupFunction;
  tls?: PrivateTls;
}

/** Loads undici and the certificate authorities when the first request needs them. */
export function createExchanger(options: ExchangerOptions): Exchanger {
  const dispatchers = new Map<string, Dispatcher>();
  const privateHosts = new Map<string, boolean>();
  // a name that was public once stays so: its owner must not make it private afterwards to get somewhere
  const onFound = (hostname: string, isPrivate: boolean): void =>
    void privateHosts.set(hostname, isPrivate && privateHosts.get(hostname) !== false);
  let parts: Promise<UndiciParts> | undefined;
  const undiciParts = (): Promise<UndiciParts> => {
    parts ??= loadUndici();
    return parts;
  };
  let context: SecureContext | undefined;
  const secureContext = (): SecureContext => {
    context ??= options.tls === undefined ? trustedContext(options.caFile) : privateContext(options.tls);
    return context;
  };

  async function dispatcherFor(request: ExchangeRequest): Promise<Dispatcher> {
    const proxy = request.via === undefined ? proxyFor(request.url, options.env) : undefined;
    const key = keyOf(request, proxy);
    let dispatcher = dispatchers.get(key);
    if (dispatcher === undefined) {
      const undici = await undiciParts();
      dispatcher = dispatchers.get(key) ?? makeDispatcher(undici, request, proxy);
      dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  function makeDispatcher(
    undici: UndiciParts,
    request: ExchangeRequest,
    proxy: ProxyRoute | undefined,
  ): Dispatcher {
    const timeout = request.timeouts.connect;
    const tls =
      request.url.protocol === 'https:' || proxy?.url.protocol === 'https:'
        ? {
            secureContext: secureContext(),
            ...(options.tls?.serverName === undefined ? {} : { servername: options.tls.serverName }),
          }
        : {};
    if (typeof request.via === 'object')
      return new undici.Agent({ connect: { socketPath: request.via.socket, timeout } });
    if (request.via === 'metadata') return new undici.Agent({ connect: { timeout } });
    if (proxy === undefined)
      return new undici.Agent({
        connect: {
          lookup: guardedLookup(options.lookup, { publicOnly: request.publicOnly ?? false, onFound }),
          timeout,
          ...tls,
        },
      });
    return new undici.ProxyAgent({
      uri: proxy.url.href,
      ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
      proxyTunnel: request.url.protocol === 'https:',
      proxyTls: { timeout, ...(options.lookup === undefined ? {} : { lookup: options.lookup }), ...tls },
      requestTls: { timeout, ...tls },
    });
  }

  return {
    async exchange(request) {
      const dispatcher = await dispatcherFor(request);
      try {
        const response = await dispatcher.request({
          origin: request.url.origin,
          path: request.url.pathname + request.url.search,
          method: request.method as Dispatcher.HttpMethod,
          headers: request.headers,
          body: (request.body ?? null) as NonNullable<Dispatcher.DispatchOptions['body']> | null,
          headersTimeout: request.timeouts.headers,
          bodyTimeout: request.timeouts.body,
          ...(request.signal === undefined ? {} : { signal: request.signal }),
        });
        return { status: response.statusCode, headers: response.headers, body: response.body };
      } catch (error) {
        throw faultOf(error, request.url);
      }
    },
    isPrivate: (hostname) =>
      isLoopbackHost(hostname) || isPrivateAddress(hostname) || privateHosts.get(hostname) === true,
    async close() {
      const open = [...dispatchers.values()];
      dispatchers.clear();
      await Promise.all(open.map((dispatcher) => dispatcher.destroy()));
    },
  };
}

function keyOf({ via, url, timeouts, publicOnly }: ExchangeRequest, proxy: ProxyRoute | undefined): string {
  const way =
    via === 'metadata' ? metadataAddress : typeof via === 'object' ? via.socket : (proxy?.url.href ?? '');
  return `${way} ${proxy?.authorization ?? ''} ${url.protocol} ${timeouts.connect} ${publicOnly ?? false}`;
}

/** The NetFault for whatever undici, node:net or node:tls threw; a bug of ours stays what it is. */
export function faultOf(error: unknown, url: URL): Error {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof NetFault) return at;
  if (!(error instanceof Error))
    return new NetFault('aborted', `expected an answer from ${url.host}, got stopped`);
  const code = codeOf(error);
  const fault = (as: NetFault['code'], got: string, hint?: string): NetFault =>
    new NetFault(as, `expected an answer from ${url.host}, got ${got}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  if (error.name === 'AbortError' || code === 'UND_ERR_ABORTED' || code === 'ABORT_ERR') {
    return error.message.startsWith('Proxy response')
      ? fault('connect-failed', `a refusal by the proxy: ${error.message}`, 'Check HTTPS_PROXY and NO_PROXY.')
      : fault('aborted', 'stopped before it came');
  }
  if (error.name === 'TimeoutError' || /TIMEOUT|ETIMEDOUT/.test(code))
    return fault('timeout', `none in time (${code || error.name})`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fault(
      'name-not-found',
      'no address for the name',
      'Check the name, and HTTPS_PROXY where names resolve only behind a proxy.',
    );
  if (isTlsCode(code))
    return fault(
      'tls-failed',
      `${error.message} (${code})`,
      'If a company CA signs for this host, name its certificate with --ca-file.',
    );
  if (/^(?:UND_ERR_(?:RES_CONTENT_LENGTH|RES_EXCEEDED))/.test(code))
    return fault('body-truncated', error.message);
  if (/^(?:E[A-Z]+|UND_ERR_SOCKET|UND_ERR_PRX_TLS|UND_ERR_CLOSED|UND_ERR_DESTROYED|HPE_[A-Z_]+)$/.test(code))
    return fault('connect-failed', `${error.message || code} (${code})`);
  return error;
}

function codeOf(error: Error): string {
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string') return own;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? codeOf(inner) : '';
}

function isTlsCode(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO$)/.test(
    code,
  );
}
