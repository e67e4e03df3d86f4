// The book of what is to be delivered to others.
import type { Generated, Selectable, Transaction } from 'kysely';
import type { Book, Write } from './ledger.ts';
import { runStatements, tableWords } from './tablewords.ts';

export interface OutboxTables {
  ledger_outbox: {
    seq: Generated<number>;
    channel: string;
    id: string;
    payload: string;
    state: 'waiting' | 'delivered' | 'dead';
    attempt: number;
    error: string | null;
    posted_at: number;
    /** When its time began: when it was posted, or last asked for again. */
    since: number;
    /** Not before. */
    next_at: number;
    changed_at: number;
  };
}

export type OutboxRow = Selectable<OutboxTables['ledger_outbox']>;

export const outboxBook: Book = {
  name: 'ledger_outbox',
  migrations: [
    {
      name: '0001-outbox',
      async up(db, dialect) {
        const { id, bigint, strict } = tableWords(dialect);
        await runStatements(db, [
          `create table ledger_outbox (
            seq ${id},
            channel text not null,
            id text not null,
            payload text not null,
            state text not null check (state in ('waiting', 'delivered', 'dead')),
            attempt integer not null,
            error text,
            posted_at ${bigint} not null,
            since ${bigint} not null,
            next_at ${bigint} not null,
            changed_at ${bigint} not null
          ) ${strict}`,
          'create unique index ledger_outbox_id on ledger_outbox (channel, id)',
          "create index ledger_outbox_waiting on ledger_outbox (channel, seq) where state = 'waiting'",
          'create index ledger_outbox_state on ledger_outbox (state, changed_at)',
        ]);
      },
    },
  ],
};

/** The same transaction, for the ledger's own tables. */
export function ofOutbox<T>(write: Write<T>): Transaction<OutboxTables> {
  return write as unknown as Transaction<OutboxTables>;
}
