// What can go wrong between this program and the database that it records in.
import { Fault } from '../core/index.ts';

export type LedgerFaultCode =
  | 'ledger-url-invalid'
  | 'ledger-unopenable'
  | 'ledger-in-use'
  | 'ledger-foreign'
  | 'ledger-corrupt'
  | 'ledger-newer'
  | 'ledger-closed'
  | 'disk-full'
  | 'disk-failed'
  | 'database-refused'
  | 'database-unreachable'
  | 'database-busy'
  | 'statement-timeout'
  | 'outcome-unknown'
  | 'result-too-large'
  | 'value-refused'
  | 'lease-lost'
  | 'job-unknown'
  | 'event-unknown';

export class LedgerFault extends Fault<LedgerFaultCode> {}

export function isLedgerFault(error: unknown): error is LedgerFault {
  return error instanceof LedgerFault;
}

export function closed(): LedgerFault {
  return new LedgerFault('ledger-closed', 'expected an open ledger, got one that was closed');
}

export type Constraint = 'unique' | 'foreign-key' | 'not-null' | 'check';

/** A row broke a rule of its table: a bug, unless the caller knows what it asked for and catches it. */
export class ConstraintError extends Error {
  readonly constraint: Constraint;

  constructor(constraint: Constraint, message: string, cause: unknown) {
    super(message, { cause });
    this.constraint = constraint;
  }

  override get name(): string {
    return 'ConstraintError';
  }
}

/** Another transaction was in the way; the same work, run anew, may well succeed. */
export class Collision extends Error {
  override get name(): string {
    return 'Collision';
  }
}
