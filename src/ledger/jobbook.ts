// The book of jobs.
import type { Generated, Selectable, Transaction } from 'kysely';
import type { Book, Write } from './ledger.ts';
import { runStatements, tableWords } from './tablewords.ts';

export interface JobTables {
  ledger_jobs: {
    id: Generated<number>;
    kind: string;
    key: string | null;
    payload: string;
    priority: number;
    run_at: number;
    /** Begun so far, and at most. */
    attempt: number;
    attempts: number;
    state: 'waiting' | 'leased' | 'dead';
    token: number;
    lease_until: number | null;
    worker: string | null;
    /** What was enqueued under the key while it ran: the next run, as JSON. */
    next: string | null;
    error: string | null;
    enqueued_at: number;
    changed_at: number;
  };
}

export type JobRow = Selectable<JobTables['ledger_jobs']>;

export const jobBook: Book = {
  name: 'ledger_jobs',
  migrations: [
    {
      name: '0001-jobs',
      async up(db, dialect) {
        const { id, bigint, strict } = tableWords(dialect);
        await runStatements(db, [
          `create table ledger_jobs (
            id ${id},
            kind text not null,
            key text,
            payload text not null,
            priority integer not null,
            run_at ${bigint} not null,
            attempt integer not null,
            attempts integer not null,
            state text not null check (state in ('waiting', 'leased', 'dead')),
            token ${bigint} not null,
            lease_until ${bigint},
            worker text,
            next text,
            error text,
            enqueued_at ${bigint} not null,
            changed_at ${bigint} not null
          ) ${strict}`,
          'create unique index ledger_jobs_key on ledger_jobs (kind, key)',
          "create index ledger_jobs_waiting on ledger_jobs (priority, run_at, id) where state = 'waiting'",
          "create index ledger_jobs_leased on ledger_jobs (lease_until) where state = 'leased'",
          "create index ledger_jobs_dead on ledger_jobs (changed_at) where state = 'dead'",
        ]);
      },
    },
  ],
};

/** The same transaction, for the ledger's own tables. */
export function ofJobs<T>(write: Write<T>): Transaction<JobTables> {
  return write as unknown as Transaction<JobTables>;
}
