// What the room itself may do with a ledger beyond what every room may.
import type { Clock } from '../core/index.ts';
import type { Isolation, Listening } from './engine.ts';
import type { Ledger, Write } from './ledger.ts';

export interface LedgerLog {
  warn(fields: object, message: string): void;
}

export interface OwnLedger extends Ledger {
  readonly clock: Clock;
  readonly log: LedgerLog;
  /** Called when jobs of these kinds were enqueued by this process. */
  readonly wakes: Set<(kinds: ReadonlySet<string>) => void>;
  writeAs<T, R>(isolation: Isolation, work: (write: Write<T>) => Promise<R>): Promise<R>;
  /** Where the database tells of jobs that other processes enqueued. */
  listen?(wake: () => void): Listening;
}

/** Every ledger comes from `openLedger`. */
export function ownOf(ledger: Ledger): OwnLedger {
  return ledger as OwnLedger;
}
