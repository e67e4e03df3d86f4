// The faults of certificates and timestamps.
import { Fault } from '../../core/index.ts';

export type CertificateFaultCode = 'der-invalid' | 'certificate-invalid' | 'timestamp-invalid';

export class CertificateFault extends Fault<CertificateFaultCode> {}
