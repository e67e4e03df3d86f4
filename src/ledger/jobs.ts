// The jobs as people see them: what waits, what runs, what is dead, and what to do about it.
import type { SelectQueryBuilder } from 'kysely';
import { announce } from './enqueue.ts';
import { LedgerFault } from './fault.ts';
import type { JobPayload } from './job.ts';
import { type JobRow, type JobTables, ofJobs } from './jobbook.ts';
import type { Ledger, Write } from './ledger.ts';
import { writingOf } from './writing.ts';

export interface ListedJob {
  id: number;
  kind: string;
  key?: string;
  payload: JobPayload;
  state: JobRow['state'];
  /** Begun so far, and at most. */
  attempt: number;
  attempts: number;
  /** Ms since 1970. */
  runAt: number;
  enqueuedAt: number;
  changedAt: number;
  /** Why the last run failed. */
  error?: string;
}

export interface JobQuery {
  kind?: string;
  state?: JobRow['state'];
  /** Only those after this `id`: the next page. */
  after?: number;
  /** 100 when left out, 1,000 at most. */
  limit?: number;
}

/** The oldest first. */
export async function listJobs(ledger: Ledger, query: JobQuery = {}): Promise<ListedJob[]> {
  let jobs: SelectQueryBuilder<JobTables, 'ledger_jobs', JobRow> = ledger
    .read<JobTables>()
    .selectFrom('ledger_jobs')
    .selectAll();
  if (query.kind !== undefined) jobs = jobs.where('kind', '=', query.kind);
  if (query.state !== undefined) jobs = jobs.where('state', '=', query.state);
  if (query.after !== undefined) jobs = jobs.where('id', '>', query.after);
  const rows = await jobs
    .orderBy('id')
    .limit(Math.min(query.limit ?? 100, 1000))
    .execute();
  return rows.map(listed);
}

/** How many jobs of each kind and state there are, for metrics. */
export function countJobs(
  ledger: Ledger,
): Promise<{ kind: string; state: JobRow['state']; count: number }[]> {
  return ledger
    .read<JobTables>()
    .selectFrom('ledger_jobs')
    .select(({ fn }) => ['kind', 'state', fn.countAll<number>().as('count')])
    .groupBy(['kind', 'state'])
    .execute();
}

/** Runs a dead job again, with all its attempts. Rejects with LedgerFault `job-unknown`. */
export async function reviveJob<T>(write: Write<T>, id: number): Promise<void> {
  const now = writingOf().ledger.clock.now().getTime();
  const [revived] = await ofJobs(write)
    .updateTable('ledger_jobs')
    .set({ state: 'waiting', attempt: 0, run_at: now, changed_at: now })
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .returning('kind')
    .execute();
  if (revived === undefined) throw unknown(id);
  await announce(write, revived.kind);
}

/** Takes a dead job away. Rejects with LedgerFault `job-unknown`. */
export async function dropJob<T>(write: Write<T>, id: number): Promise<void> {
  const { numDeletedRows } = await ofJobs(write)
    .deleteFrom('ledger_jobs')
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw unknown(id);
}

function unknown(id: number): LedgerFault {
  return new LedgerFault('job-unknown', `expected a dead job, got none with the id ${id}`);
}

function listed(row: JobRow): ListedJob {
  return {
    id: row.id,
    kind: row.kind,
    payload: JSON.parse(row.payload) as JobPayload,
    state: row.state,
    attempt: row.attempt,
    attempts: row.attempts,
    runAt: row.run_at,
    enqueuedAt: row.enqueued_at,
    changedAt: row.changed_at,
    ...(row.key === null ? {} : { key: row.key }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}
