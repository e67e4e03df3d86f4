// Whether a trusted authority issued the certificate, for signing, and a certificate log saw it (client-spec.md section 4.1.5).
import { buildChain, type Certificate } from '../certificate/index.ts';
import { Rejection } from '../evidence/index.ts';
import { isWithin, type SigstoreRoot } from '../root/index.ts';
import { checkSct } from './sct.ts';

/** Chain, purpose and certificate log, at the time of the signature. */
export function checkCertificate(
  certificate: Certificate,
  brought: readonly Certificate[],
  root: SigstoreRoot,
  time: number,
): void {
  let problem: 'untrusted' | 'expired' = 'untrusted';
  for (const authority of root.authorities) {
    const chain = buildChain(certificate, [...authority.intermediates, ...brought], authority.roots, time);
    if (chain === 'untrusted') continue;
    if (chain === 'expired' || !isWithin(authority.validFor, time)) {
      problem = 'expired';
      continue;
    }
    if (certificate.extendedKeyUsage?.includes('1.3.6.1.5.5.7.3.3') !== true || certificate.ca === true)
      throw new Rejection(
        'certificate-unfit',
        'expected a certificate for code signing, got one for something else',
      );
    checkSct(certificate, chain[1] ?? chain[0]!, root.certificateLogs);
    return;
  }
  const at = new Date(time).toISOString();
  if (problem === 'expired')
    throw new Rejection(
      'certificate-expired',
      `expected a certificate that was valid at ${at}, got one that was not`,
    );
  throw new Rejection(
    'certificate-untrusted',
    'expected a certificate of a trusted authority, got one of another',
  );
}
