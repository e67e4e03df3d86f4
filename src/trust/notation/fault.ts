// The faults of Notation's configuration, of revocation answers and of signing.
import { Fault } from '../../core/index.ts';

export type NotationFaultCode =
  | 'trust-policy-invalid'
  | 'trust-store-invalid'
  | 'distinguished-name-invalid'
  | 'revocation-invalid'
  | 'signing-refused';

export class NotationFault extends Fault<NotationFaultCode> {}

/** A rule of the trust policy document that was broken. */
export function policyInvalid(expected: string, got: string, hint?: string): NotationFault {
  return new NotationFault(
    'trust-policy-invalid',
    `expected ${expected}, got ${got}`,
    hint === undefined ? {} : { hint },
  );
}
