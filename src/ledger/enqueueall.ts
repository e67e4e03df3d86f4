// Puts many jobs into the record at once: as `enqueue` does, with a statement for some hundreds of them.
import { sql } from 'kysely';
import { announce, enqueue, type NextRun, nextRunOf } from './enqueue.ts';
import type { NewJob } from './job.ts';
import { ofJobs } from './jobbook.ts';
import type { Write } from './ledger.ts';
import { writingOf } from './writing.ts';

/** A job whose key tells it from the others of its kind. */
export type KeyedJob = Omit<NewJob, 'kind'> & { key: string };

/** Rows of a statement; SQLite takes 32,766 parameters. */
const atOnce = 500;

/** As `enqueue` of each; of several with one key the last counts. */
export async function enqueueAll<T>(write: Write<T>, kind: string, jobs: readonly KeyedJob[]): Promise<void> {
  const now = writingOf().ledger.clock.now().getTime();
  const byKey = [...new Map(jobs.map((job) => [job.key, job])).values()];
  for (let at = 0; at < byKey.length; at += atOnce) {
    const some = byKey.slice(at, at + atOnce);
    const rows = some.map((job) => rowOf(kind, job.key, nextRunOf(job, now), now));
    // what runs just now is left: its next run is told of one by one
    const { rows: taken } = await sql<{ key: string }>`
      insert into ledger_jobs
        (kind, key, payload, priority, run_at, attempt, attempts, state, token, enqueued_at, changed_at)
      values ${sql.join(rows)}
      on conflict (kind, key) do update set
        payload = excluded.payload, priority = excluded.priority, run_at = excluded.run_at, attempt = 0,
        attempts = excluded.attempts, next = null, error = null, state = 'waiting', changed_at = excluded.changed_at
      where ledger_jobs.state <> 'leased'
      returning key
    `.execute(ofJobs(write));
    const keys = new Set(taken.map(({ key }) => key));
    for (const job of some) if (!keys.has(job.key)) await enqueue(write, { ...job, kind });
  }
  if (byKey.length > 0) await announce(write, kind);
}

function rowOf(kind: string, key: string, { payload, priority, runAt, attempts }: NextRun, now: number) {
  return sql`(${kind}, ${key}, ${payload}, ${sql.lit(priority)}, ${runAt}, 0, ${sql.lit(attempts)}, 'waiting', 0, ${now}, ${now})`;
}
