// What may lie in a trust store of Notation (trust-store-trust-policy.md, Trust store).
import type { Certificate } from '../certificate/index.ts';
import { isIssuedBy } from './chain.ts';
import { NotationFault } from './fault.ts';
import { formatName } from './name.ts';

/**
 * Only authorities and certificates that sign themselves belong into a store, into one of type tsa only roots. Throws
 * NotationFault `trust-store-invalid`.
 */
export function checkStore(store: string, certificates: readonly Certificate[]): void {
  if (certificates.length === 0) throw invalid(`certificates in the trust store ${store}`, 'none');
  for (const certificate of certificates) {
    const own = isIssuedBy(certificate, certificate);
    if (!own && certificate.ca !== true)
      throw invalid(`authorities in the trust store ${store}`, formatName(certificate.subject));
    if (!own && store.startsWith('tsa:'))
      throw invalid(`root certificates in the trust store ${store}`, formatName(certificate.subject));
  }
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('trust-store-invalid', `expected ${expected}, got ${got}`);
}
