// Takes jobs: those whose time has come, the smallest priority first, each by one worker at a time.
import { sql, type Transaction } from 'kysely';
import { type JobRow, type JobTables, ofJobs } from './jobbook.ts';
import type { Write } from './ledger.ts';
import { settle } from './settle.ts';
import { writingOf } from './writing.ts';

export interface Wanted {
  worker: string;
  leaseMs: number;
  /** At most, of all kinds together. */
  count: number;
  /** How many of each kind at most. */
  kinds: ReadonlyMap<string, number>;
  /** Jobs that this worker still works on: were one late, its next sign of life mends it. */
  running: readonly number[];
  /** Whether to look for what lost its worker first. */
  isReclaiming: boolean;
}

export interface Leased {
  rows: JobRow[];
  /** When the next one that waits is due, of all kinds asked for; not looked for when none more fits. */
  nextAt?: number;
}

/** Ends nothing, but gives back what lost its worker. */
export async function lease<T>(write: Write<T>, wanted: Wanted): Promise<Leased> {
  const jobs = ofJobs(write);
  const now = writingOf().ledger.clock.now().getTime();
  if (wanted.isReclaiming) await reclaim(jobs, now, wanted.running);
  const found: JobRow[] = [];
  for (const [count, kinds] of groupsOf(wanted)) {
    let due = jobs
      .selectFrom('ledger_jobs')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('kind', 'in', kinds)
      .where('run_at', '<=', now)
      .orderBy('priority')
      .orderBy('run_at')
      .orderBy('id')
      .limit(count);
    // a handler that does not heed that its lease is lost keeps its job from being begun a second time beside it
    if (wanted.running.length > 0) due = due.where('id', 'not in', wanted.running);
    found.push(...(await skipLocked(due).execute()));
  }
  found.sort((a, b) => a.priority - b.priority || a.run_at - b.run_at || a.id - b.id);
  const taken = found.slice(0, wanted.count);
  if (taken.length > 0)
    await jobs
      .updateTable('ledger_jobs')
      .set({
        state: 'leased',
        token: sql<number>`token + 1`,
        attempt: sql<number>`attempt + 1`,
        lease_until: now + wanted.leaseMs,
        worker: wanted.worker,
        changed_at: now,
      })
      .where(
        'id',
        'in',
        taken.map(({ id }) => id),
      )
      .execute();
  const rows = taken.map((row) => ({ ...row, token: row.token + 1, attempt: row.attempt + 1 }));
  if (rows.length === wanted.count) return { rows };
  const nextAt = await nextDue(jobs, [...wanted.kinds.keys()]);
  return nextAt === undefined ? { rows } : { rows, nextAt };
}

/** What was leased by a worker whose time ran out: it crashed, or hangs and will find its lease lost. */
async function reclaim(jobs: Transaction<JobTables>, now: number, running: readonly number[]): Promise<void> {
  let late = jobs
    .selectFrom('ledger_jobs')
    .selectAll()
    .where('state', '=', 'leased')
    .where('lease_until', '<=', now)
    .limit(1000);
  if (running.length > 0) late = late.where('id', 'not in', running);
  for (const row of await skipLocked(late).execute()) await settle(jobs, row, { kind: 'lost' });
}

/** Of all workers, whether or not their time ran out. */
export async function reclaimAll<T>(write: Write<T>): Promise<void> {
  const jobs = ofJobs(write);
  const left = await jobs.selectFrom('ledger_jobs').selectAll().where('state', '=', 'leased').execute();
  for (const row of left) await settle(jobs, row, { kind: 'lost' });
}

/** Kinds with a bound of their own are asked for one by one, the others together. */
function groupsOf({ count, kinds }: Wanted): [number, string[]][] {
  const open = [...kinds].filter(([, most]) => most >= count).map(([kind]) => kind);
  const bounded = [...kinds].filter(([, most]) => most < count && most > 0);
  return [
    ...(open.length > 0 ? [[count, open] as [number, string[]]] : []),
    ...bounded.map(([kind, most]): [number, string[]] => [most, [kind]]),
  ];
}

async function nextDue(jobs: Transaction<JobTables>, kinds: string[]): Promise<number | undefined> {
  if (kinds.length === 0) return undefined;
  const row = await jobs
    .selectFrom('ledger_jobs')
    .select(({ fn }) => fn.min<number | null>('run_at').as('at'))
    .where('state', '=', 'waiting')
    .where('kind', 'in', kinds)
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** What another worker is just taking is passed by, not waited for. On SQLite nobody else writes meanwhile. */
function skipLocked<Q extends { forUpdate(): { skipLocked(): Q } }>(query: Q): Q {
  return writingOf().ledger.dialect === 'postgres' ? query.forUpdate().skipLocked() : query;
}
