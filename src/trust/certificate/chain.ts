// From a certificate to an authority that is trusted (RFC 5280 section 6, the part that Sigstore and timestamps need).
import type { Certificate } from './certificate.ts';
import { isSignedBy } from './issued.ts';
import { isUnderstood, isValidAt, mayIssue } from './link.ts';

const deepest = 8;
const mostTries = 200;

export type ChainProblem = 'untrusted' | 'expired';

/**
 * The chain from `leaf` to one of `roots`, leaf first, every certificate of it valid at `at` (ms since 1970); or why
 * there is none: `expired` when only the time was wrong. Intermediates that expired never carry trust.
 */
export function buildChain(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  roots: readonly Certificate[],
  at: number,
): Certificate[] | ChainProblem {
  const search: Search = { intermediates, roots, at, tries: 0, expired: false };
  const found = extend(search, [leaf]);
  return found ?? (search.expired ? 'expired' : 'untrusted');
}

interface Search {
  intermediates: readonly Certificate[];
  roots: readonly Certificate[];
  at: number;
  tries: number;
  /** A chain existed but for the time. */
  expired: boolean;
}

function extend(search: Search, chain: readonly Certificate[]): Certificate[] | undefined {
  const last = chain.at(-1)!;
  if (!isUnderstood(last)) return undefined;
  const trusted = search.roots.some((root) => root.raw.equals(last.raw));
  if (trusted) {
    if (chain.every((certificate) => isValidAt(certificate, search.at))) return [...chain];
    search.expired = true;
    return undefined;
  }
  if (chain.length >= deepest) return undefined;
  for (const issuer of [...search.roots, ...search.intermediates]) {
    if (!issuer.subject.equals(last.issuer) || chain.includes(issuer)) continue;
    if (++search.tries > mostTries) return undefined;
    if (!mayIssue(issuer, chain.length - 1) || !isSignedBy(last, issuer)) continue;
    const found = extend(search, [...chain, issuer]);
    if (found !== undefined) return found;
  }
  return undefined;
}
