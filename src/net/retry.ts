// When a failed exchange is tried again, and how long to wait first.
import type { Clock } from '../core/index.ts';
import type { ExchangeRequest, RawResponse } from './exchange.ts';
import { NetFault } from './fault.ts';

export type Attempt = { response: RawResponse } | { error: unknown };

const firstWait = 250;
const longestWait = 60_000;
const transientFaults: ReadonlySet<string> = new Set(['connect-failed', 'timeout']);

/**
 * Milliseconds to wait before the next try, or undefined when there must be none: only GET and HEAD (and what
 * a server refused unread with 429) may be repeated, and never a body that was a stream.
 */
export function retryDelay(
  request: ExchangeRequest,
  attempt: Attempt,
  tried: number,
  clock: Clock,
): number | undefined {
  if (request.body !== undefined && !(request.body instanceof Uint8Array)) return undefined;
  if (request.signal?.aborted) return undefined;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const backoff = firstWait * 2 ** tried;
  if ('error' in attempt)
    return isRead && attempt.error instanceof NetFault && transientFaults.has(attempt.error.code)
      ? backoff
      : undefined;
  const { status, headers } = attempt.response;
  if (status !== 429 && !(isRead && (status === 502 || status === 503 || status === 504))) return undefined;
  const asked = retryAfter(headers['retry-after'], clock);
  if (asked === undefined) return backoff;
  return asked > longestWait ? undefined : Math.max(asked, 0);
}

/** Milliseconds that Retry-After asks for: seconds or an HTTP date (RFC 9110 section 10.2.3). */
function retryAfter(value: string | string[] | undefined, clock: Clock): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - clock.now().getTime();
}
