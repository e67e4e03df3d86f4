// What the room itself may do with a ledger beyond what every room may.
import type { Clock } from '../core/index.ts';
import type { Isolation } from './engine.ts';
import type { Ledger, Write } from './ledger.ts';

export interface LedgerLog {
  warn(fields: object, message: string): void;
}

export interface OwnLedger extends Ledger {
  readonly clock: Clock;
  readonly log: LedgerLog;
  writeAs<T, R>(isolation: Isolation, work: (write: Write<T>) => Promise<R>): Promise<R>;
}

/** Every ledger comes from `openLedger`. */
export function ownOf(ledger: Ledger): OwnLedger {
  return ledger as OwnLedger;
}
