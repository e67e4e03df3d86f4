// What trust stores of Notation are called, and what may lie in one (trust-store-trust-policy.md, Trust store).
import type { Certificate } from '../certificate/index.ts';
import { isIssuedBy } from './chain.ts';
import { NotationFault, policyInvalid } from './fault.ts';
import { quoteName } from './name.ts';

export const storeTypes = ['ca', 'signingAuthority', 'tsa'] as const;

export type StoreType = (typeof storeTypes)[number];

/** Letters, digits, `_`, `.` and `-`: the name becomes a directory's, and never leads out of its own. */
export function isStoreName(name: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(name) && name !== '.' && name !== '..';
}

export function checkStoreName(store: string, at: string): void {
  const [type = '', name, ...more] = store.split(':');
  if (
    !storeTypes.some((known) => known === type) ||
    name === undefined ||
    more.length > 0 ||
    !isStoreName(name)
  )
    throw policyInvalid(
      `TYPE:NAME with TYPE one of ${storeTypes.join(', ')} in trustStores of ${at}`,
      JSON.stringify(store),
    );
}

/**
 * Only authorities and certificates that sign themselves belong into a store, into one of type tsa only roots. Throws
 * NotationFault `trust-store-invalid`.
 */
export function checkStore(store: string, certificates: readonly Certificate[]): void {
  if (certificates.length === 0) throw invalid(`certificates in the trust store ${store}`, 'none');
  for (const certificate of certificates) {
    const own = isIssuedBy(certificate, certificate);
    if (!own && certificate.ca !== true)
      throw invalid(`authorities in the trust store ${store}`, quoteName(certificate.subject));
    if (!own && store.startsWith('tsa:'))
      throw invalid(`root certificates in the trust store ${store}`, quoteName(certificate.subject));
  }
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('trust-store-invalid', `expected ${expected}, got ${got}`);
}
