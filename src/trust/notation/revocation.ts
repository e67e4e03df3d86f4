// Whether any certificate of a chain was revoked, from answers that were fetched before. Pure.
import { createHash } from 'node:crypto';
import { isFault } from '../../core/index.ts';
import type { Certificate } from '../certificate/index.ts';
import { readCrl } from './crl.ts';
import { quoteName } from './name.ts';
import { type RevocationStatus, readOcsp } from './ocsp.ts';
import { crlUrls, ocspUrls } from './pointers.ts';

/** What came of one request; the bytes are not yet believed. */
export type Fetched = { bytes: Uint8Array } | { problem: string };

/** Everything that was fetched about revocation; plain data, so that it can go to a worker. */
export interface RevocationEvidence {
  /** OCSP answers by `ocspKey`. */
  ocsp: Readonly<Record<string, Fetched>>;
  /** CRLs by URL. */
  crls: Readonly<Record<string, Fetched>>;
}

export const noRevocationEvidence: RevocationEvidence = { ocsp: {}, crls: {} };

export function ocspKey(certificate: Pick<Certificate, 'raw'>, url: string): string {
  return `${createHash('sha256').update(certificate.raw).digest('hex')} ${url}`;
}

export type ChainRevocation =
  /** `until`: ms since 1970 at which the first of the answers runs out; absent: nothing had to be asked. */
  { state: 'good'; until?: number } | { state: 'revoked' | 'unknown'; message: string };

/** Ms that the clocks of responders may be ahead. */
const skew = 300_000;

/**
 * Leaf first, root last; the root is trusted or not, never revoked. `signedAt`: the time a signing authority vouches
 * for, with which an invalidity date is compared; a revoked certificate weighs more than one that is not known.
 */
export function checkRevocation(
  chain: readonly Certificate[],
  evidence: RevocationEvidence,
  now: number,
  signedAt?: number,
): ChainRevocation {
  let until: number | undefined;
  let unknown: ChainRevocation | undefined;
  for (const [at, certificate] of chain.slice(0, -1).entries()) {
    const found = checkOne(certificate, chain[at + 1]!, evidence, now, signedAt);
    if (found.state === 'revoked') return found;
    if (found.state === 'unknown') unknown ??= found;
    else if (found.state === 'good' && found.until !== undefined)
      until = Math.min(until ?? found.until, found.until);
  }
  return unknown ?? { state: 'good', ...(until === undefined ? {} : { until }) };
}

/** OCSP first; a CRL where there is no responder or none that knows (trust-store-trust-policy.md, Revocation). */
function checkOne(
  certificate: Certificate,
  issuer: Certificate,
  evidence: RevocationEvidence,
  now: number,
  signedAt: number | undefined,
): ChainRevocation {
  const responders = ocspUrls(certificate);
  const lists = crlUrls(certificate);
  if (responders.length + lists.length === 0) return { state: 'good' };
  const problems: string[] = [];
  for (const url of responders) {
    const found = attempt(own(evidence.ocsp, ocspKey(certificate, url)), url, problems, (bytes) =>
      current(readOcsp(bytes, certificate, issuer, now), now),
    );
    if (found === undefined) continue;
    if (found.state !== 'unknown') return answerOf(found, certificate, signedAt);
    problems.push(`${url} does not know the certificate`);
    break;
  }
  const read: RevocationStatus[] = [];
  for (const url of lists) {
    const found = attempt(own(evidence.crls, url), url, problems, (bytes) =>
      current(readCrl(bytes, certificate, issuer), now),
    );
    // each point may hold another part of the list: all of them have to be there
    if (found === undefined) break;
    const answer = answerOf(found, certificate, signedAt);
    if (answer.state === 'revoked') return answer;
    read.push(found);
  }
  if (lists.length > 0 && read.length === lists.length)
    return { state: 'good', until: Math.min(...read.map(({ nextUpdate }) => nextUpdate)) };
  return {
    state: 'unknown',
    message: `expected an answer whether ${quoteName(certificate.subject)} was revoked, got none: ${problems.join('; ')}`,
  };
}

/** A certificate may name an address such as `constructor`, which every object has. */
function own(fetched: Readonly<Record<string, Fetched>>, key: string): Fetched | undefined {
  return Object.hasOwn(fetched, key) ? fetched[key] : undefined;
}

function attempt(
  fetched: Fetched | undefined,
  url: string,
  problems: string[],
  read: (bytes: Uint8Array) => RevocationStatus | string,
): RevocationStatus | undefined {
  let problem = 'was not asked';
  if (fetched !== undefined && 'problem' in fetched) problem = fetched.problem;
  else if (fetched !== undefined)
    try {
      const found = read(fetched.bytes);
      if (typeof found !== 'string') return found;
      problem = found;
    } catch (error) {
      if (!isFault(error)) throw error;
      problem = error.message;
    }
  problems.push(`${url}: ${problem}`);
  return undefined;
}

/** An old answer, kept and handed out again, would hide a revocation. */
export function current(status: RevocationStatus, now: number): RevocationStatus | string {
  if (status.thisUpdate > now + skew) return 'the answer is from the future';
  return status.nextUpdate < now ? 'the answer has run out' : status;
}

function answerOf(
  status: RevocationStatus,
  certificate: Certificate,
  signedAt: number | undefined,
): ChainRevocation {
  const { state, nextUpdate, invalidFrom, revokedAt } = status;
  if (state !== 'revoked') return { state: 'good', until: nextUpdate };
  // signed before the key was in doubt, by the word of an authority that vouches for the time
  if (signedAt !== undefined && invalidFrom !== undefined && signedAt < invalidFrom)
    return { state: 'good', until: nextUpdate };
  const since = revokedAt === undefined ? '' : ` at ${new Date(revokedAt).toISOString()}`;
  return {
    state: 'revoked',
    message: `expected certificates in force, got ${quoteName(certificate.subject)}, revoked${since}`,
  };
}
