// The faults of certificates and timestamps.
import { Fault } from '../../core/index.ts';

export type CertificateFaultCode = 'der-invalid' | 'certificate-invalid' | 'timestamp-invalid';

export class CertificateFault extends Fault<CertificateFaultCode> {}

export function invalidDer(expected: string, got: string): CertificateFault {
  return new CertificateFault('der-invalid', `expected ${expected} in DER, got ${got}`);
}

export function invalidTimestamp(expected: string, got: string): CertificateFault {
  return new CertificateFault('timestamp-invalid', `expected ${expected}, got ${got}`);
}

export function invalidSignedData(expected: string, got: string): CertificateFault {
  return invalidTimestamp(`${expected} in the timestamp`, got);
}
