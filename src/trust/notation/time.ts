// When a Notation signature was made, and whether its certificates were valid then (Authentic timestamp, step 5).
import { type Certificate, CertificateFault, isValidAt, verifyTimestamp } from '../certificate/index.ts';
import { Rejection } from '../evidence/index.ts';
import { checkTimestampChain } from './chain.ts';
import type { NotationEnvelope } from './content.ts';
import { quoteName } from './name.ts';

export interface Proven {
  /** Ms since 1970; absent: nothing proves a time, and the certificates are valid now. */
  time?: number;
  /** Ms since 1970 until when that holds. */
  until?: number;
  /** Of the timestamp, whose revocation is still to be looked up. */
  timestampChain?: readonly Certificate[];
}

/**
 * Throws Rejection. `tsas`: roots of timestamp authorities; without any, or while the chain is valid under
 * `afterCertExpiry`, the certificates have to be valid now.
 */
export function proveTime(
  envelope: NotationEnvelope,
  tsas: readonly Certificate[],
  when: 'always' | 'afterCertExpiry',
  now: number,
): Proven {
  const { chain, scheme, authenticSigningTime } = envelope;
  if (scheme === 'notary.x509.signingAuthority') {
    checkValid(chain, authenticSigningTime!, authenticSigningTime!);
    return { time: authenticSigningTime! };
  }
  const expired = chain.some(({ notAfter }) => now > notAfter);
  if (tsas.length === 0 || (when === 'afterCertExpiry' && !expired)) {
    checkValid(chain, now, now);
    return { until: Math.min(...chain.map(({ notAfter }) => notAfter)) };
  }
  if (envelope.timestamp === undefined)
    throw new Rejection('timestamp-missing', 'expected a timestamp over the signature, got none');
  const {
    time,
    accuracy,
    chain: timestampChain,
  } = readTimestamp(envelope.timestamp, envelope.signature, tsas);
  checkTimestampChain(timestampChain);
  checkValid(chain, time - accuracy, time + accuracy);
  return { time, timestampChain };
}

function readTimestamp(token: Buffer, signature: Buffer, roots: readonly Certificate[]) {
  try {
    return verifyTimestamp(token, signature, [{ roots, intermediates: [] }]);
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error;
    throw new Rejection('timestamp-wrong', error.message);
  }
}

/** The whole of the time in question has to lie in the validity of every certificate. */
function checkValid(chain: readonly Certificate[], from: number, to: number): void {
  for (const certificate of chain)
    if (!isValidAt(certificate, from) || !isValidAt(certificate, to)) {
      const [start, end] = [certificate.notBefore, certificate.notAfter].map((at) =>
        new Date(at).toISOString(),
      );
      throw new Rejection(
        'certificate-expired',
        `expected a signature made while ${quoteName(certificate.subject)} was valid (${start} to ${end}), got ${new Date(from).toISOString()}`,
      );
    }
}
