// The faults of making signatures.
import { Fault } from '../../core/index.ts';

export type SigningFaultCode = 'signing-failed' | 'identity-token-missing';

export class SigningFault extends Fault<SigningFaultCode> {}
