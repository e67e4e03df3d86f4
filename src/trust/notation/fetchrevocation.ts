// Asks responders and fetches lists, so that revocation can be judged without another look at the network.
import { createHash } from 'node:crypto';
import { defaultLimits, messageOf } from '../../core/index.ts';
import type { HttpClient, HttpRequest } from '../../net/index.ts';
import type { ResultStore } from '../../store/index.ts';
import { type Certificate, parseCertificate } from '../certificate/index.ts';
import { fromCache, isCurrent, toCache } from './kept.ts';
import { limiter } from './lanes.ts';
import { ocspRequest, readOcsp } from './ocsp.ts';
import { crlUrls, ocspUrls } from './pointers.ts';
import { current, type Fetched, ocspKey, type RevocationEvidence } from './revocation.ts';

/** Ms for one answer, as Notation has them. */
const ocspTimeout = 2_000;
const crlTimeout = 5_000;
const ocspBytes = 64 << 10;
const mostAtOnce = 8;

/** What is asked and what is known so far. */
interface Gathering {
  http: HttpClient;
  /** CRLs, kept until they run out; OCSP answers are always fresh. */
  cache: ResultStore | undefined;
  /** Ms since 1970. */
  now: number;
  /** Ends what is still asked; it becomes a problem in the evidence. */
  signal: AbortSignal | undefined;
  ocsp: Record<string, Fetched>;
  crls: Map<string, Promise<Fetched>>;
  run: <T>(task: () => Promise<T>) => Promise<T>;
}

/**
 * The evidence for `chains` (DER, leaf first), which must be trusted in every other way already: their addresses are
 * asked. A list is fetched where there is no responder, or none that says anything. Never throws for what a stranger's
 * server does: that becomes a problem in the evidence.
 */
export async function gatherRevocation(
  chains: readonly (readonly Uint8Array[])[],
  http: HttpClient,
  cache: ResultStore | undefined,
  now: number,
  signal?: AbortSignal,
): Promise<RevocationEvidence> {
  const run = limiter(mostAtOnce);
  const gathering: Gathering = { http, cache, now, signal, ocsp: {}, crls: new Map(), run };
  const pairs = new Map<string, [Certificate, Certificate]>();
  for (const chain of chains) {
    const certificates = chain.map(parseCertificate);
    for (const [at, certificate] of certificates.slice(0, -1).entries())
      pairs.set(certificate.raw.toString('base64'), [certificate, certificates[at + 1]!]);
  }
  await Promise.all(
    [...pairs.values()].map(([certificate, issuer]) => gatherOne(gathering, certificate, issuer)),
  );
  const lists = [...gathering.crls].map(async ([url, list]) => [url, await list] as const);
  return { ocsp: gathering.ocsp, crls: Object.fromEntries(await Promise.all(lists)) };
}

async function gatherOne(gathering: Gathering, certificate: Certificate, issuer: Certificate): Promise<void> {
  for (const url of ocspUrls(certificate)) {
    const fetched = await gathering.run(() => askResponder(gathering, url, certificate, issuer));
    gathering.ocsp[ocspKey(certificate, url)] = fetched;
    if ('bytes' in fetched && isAnswer(fetched.bytes, certificate, issuer, gathering.now)) return;
  }
  await Promise.all(crlUrls(certificate).map((url) => listOf(gathering, url)));
}

/** Whether a responder settled it, so that no list is needed. */
function isAnswer(bytes: Uint8Array, certificate: Certificate, issuer: Certificate, now: number): boolean {
  try {
    const found = current(readOcsp(bytes, certificate, issuer, now), now);
    return typeof found !== 'string' && found.state !== 'unknown';
  } catch {
    return false;
  }
}

function askResponder(
  gathering: Gathering,
  url: string,
  certificate: Certificate,
  issuer: Certificate,
): Promise<Fetched> {
  return fetched(gathering, url, ocspTimeout, ocspBytes, {
    method: 'POST',
    redirects: 'manual',
    headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
    body: ocspRequest(certificate, issuer),
  });
}

function listOf(gathering: Gathering, url: string): Promise<Fetched> {
  let list = gathering.crls.get(url);
  if (list === undefined) {
    list = gathering.run(() => fetchList(gathering, url));
    gathering.crls.set(url, list);
  }
  return list;
}

async function fetchList(gathering: Gathering, url: string): Promise<Fetched> {
  const { cache, now } = gathering;
  const key = `crl/v1/${createHash('sha256').update(url).digest('hex')}`;
  const kept = fromCache(cache, key, now);
  if (kept !== undefined) return { bytes: kept };
  const list = await fetched(gathering, url, crlTimeout, defaultLimits.crlBytes, {});
  if ('bytes' in list && isCurrent(list.bytes, now)) toCache(cache, key, list.bytes);
  return list;
}

/** Plain HTTP alone, as in Notation: what is fetched is signed, and a TLS server would want its own revocation looked up. */
async function fetched(
  { http, signal }: Gathering,
  url: string,
  timeout: number,
  most: number,
  request: Omit<HttpRequest, 'url'>,
): Promise<Fetched> {
  if (!/^http:\/\//i.test(url)) return { problem: 'not an http:// address' };
  try {
    const response = await http.request({
      ...request,
      url,
      plainHttp: true,
      retries: 0,
      maxBytes: most,
      signal: AbortSignal.any([AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])]),
    });
    if (response.status !== 200) {
      await response.discard();
      return { problem: `status ${response.status}` };
    }
    return { bytes: new Uint8Array(await response.bytes(most)) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
