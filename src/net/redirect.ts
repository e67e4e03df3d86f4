// Redirects, followed by hand: RFC 9110 section 15.4 with what a registry client must add to it.
import { isLoopbackHost } from './address.ts';
import type { ExchangeRequest, RawResponse } from './exchange.ts';
import { NetFault } from './fault.ts';

const mostRedirects = 10;
/** What may follow to another origin: nothing that could carry a credential. */
const harmlessHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'range',
  'user-agent',
  'if-none-match',
  'if-modified-since',
]);

/**
 * The request that a 3xx leads to, or undefined when the answer is final. GET and HEAD are followed anywhere
 * without their credentials; anything with a body only within its origin, since the body may be a secret.
 * Throws NetFault `redirect-refused`.
 */
export function nextRequest(
  request: ExchangeRequest,
  response: RawResponse,
  redirects: number,
): ExchangeRequest | undefined {
  const location = response.headers['location'];
  if (![301, 302, 303, 307, 308].includes(response.status) || typeof location !== 'string') return undefined;
  const url = URL.parse(location, request.url);
  if (url === null)
    throw refused(request, `a Location that is no URL: ${JSON.stringify(location.slice(0, 200))}`);
  if (redirects >= mostRedirects) throw refused(request, `more than ${mostRedirects} redirects`);
  if (request.url.protocol === 'https:' && url.protocol !== 'https:')
    throw refused(request, `a redirect from https to ${url.protocol}//${url.host}`);
  if (isLoopbackHost(url.hostname) && !isLoopbackHost(request.url.hostname))
    throw refused(request, `a redirect to this machine (${url.host})`);
  const sameOrigin = url.origin === request.url.origin;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead) {
    const keepsMethod = response.status === 307 || response.status === 308;
    const replayable = request.body === undefined || request.body instanceof Uint8Array;
    if (!keepsMethod || !sameOrigin || !replayable) return undefined;
  }
  return { ...request, url, headers: sameOrigin ? request.headers : harmless(request.headers) };
}

function harmless(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmlessHeaders.has(name)));
}

function refused(request: ExchangeRequest, got: string): NetFault {
  return new NetFault('redirect-refused', `expected an answer from ${request.url.host}, got ${got}`);
}
