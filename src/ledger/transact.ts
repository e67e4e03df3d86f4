// One transaction: begun, run anew when it met another, given up with a fault when it always does.
import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Isolation } from './engine.ts';
import { Collision, LedgerFault } from './fault.ts';
import type { OwnLedger } from './own.ts';
import { openWriting, runWriting, type Writing } from './writing.ts';

/** After so many collisions the work runs with no other transaction beside it. */
const BESIDE_OTHERS = 4;
const TRIES = 8;

export async function transact<T, R>(
  ledger: OwnLedger,
  db: Kysely<T>,
  work: (write: Transaction<T>) => Promise<R>,
  isolation: Isolation = 'serializable',
): Promise<R> {
  // on SQLite it would wait for itself
  if (openWriting()) throw new Error('expected one write at a time, got a write inside of a write');
  for (let tried = 1; ; tried++) {
    const writing: Writing = {
      ledger,
      isolation,
      alone: tried > BESIDE_OTHERS,
      isOpen: true,
      kinds: new Set(),
      after: [],
    };
    try {
      const result = await runWriting(writing, () => db.transaction().execute(work));
      writing.isOpen = false;
      await Promise.all(writing.after.map((hook) => hook()));
      return result;
    } catch (error) {
      writing.isOpen = false;
      // what a statement failed with says more than what became of it on its way through the work
      const failure = writing.failure ?? error;
      if (isUnknown(error) || !isPassing(failure)) throw error;
      if (tried >= TRIES) throw givenUp(failure, tried);
    }
    await delay(5 * 2 ** tried * (0.5 + Math.random()));
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof LedgerFault && error.code === 'outcome-unknown';
}

/** Nothing of it was committed, and the next try may be another matter. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof Collision || (error instanceof LedgerFault && error.code === 'database-unreachable')
  );
}

function givenUp(failure: unknown, tried: number): unknown {
  if (failure instanceof LedgerFault) return failure;
  return new LedgerFault(
    'database-busy',
    `expected a transaction to go through, got others in its way ${tried} times`,
    { hint: 'try again; look for what keeps the database busy', cause: failure },
  );
}
