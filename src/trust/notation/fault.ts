// The faults of Notation's configuration, of revocation answers and of signing.
import { Fault } from '../../core/index.ts';

export type NotationFaultCode =
  | 'trust-policy-invalid'
  | 'trust-store-invalid'
  | 'distinguished-name-invalid'
  | 'revocation-invalid'
  | 'signing-refused';

export class NotationFault extends Fault<NotationFaultCode> {}
