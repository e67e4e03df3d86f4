// What becomes of a job after a run: over, once more, later again, or dead.

import type { NextRun } from './enqueue.ts';
import { held } from './fence.ts';
import type { JobEnd, JobHold } from './job.ts';
import { type JobRow, ofJobs } from './jobbook.ts';
import type { Write } from './ledger.ts';
import { writingOf } from './writing.ts';

export type Outcome =
  | { kind: 'end'; end: JobEnd }
  | { kind: 'failed'; error: string; delay: number }
  /** Given back unfinished by a worker that stops. */
  | { kind: 'released' }
  /** Its worker was never heard of again. */
  | { kind: 'lost' };

const ERROR_LENGTH = 2000;
/** About three years: what is more is a time, not a delay. */
const LONGEST = 1e11;

/**
 * Ends a job within the caller's transaction, so that its effect and its end are one. Rejects with LedgerFault
 * `lease-lost`. The handler then returns; what it returns is no longer looked at.
 */
export async function finish<T>(write: Write<T>, job: JobHold, end: JobEnd = 'done'): Promise<void> {
  await settle(write, await held(write, job), { kind: 'end', end: checkedEnd(end) });
}

/** Throws on what is no end: a bug of the handler, which its job then fails with. */
export function checkedEnd(end: JobEnd): JobEnd {
  if (end === 'done') return end;
  const again: unknown = end?.again;
  if (typeof again === 'number' && again >= 0 && again < LONGEST) return { again: Math.ceil(again) };
  throw new Error(`expected 'done' or { again: ms from now }, got ${JSON.stringify(end)}`);
}

export interface Ended {
  row: JobRow;
  outcome: Outcome;
}

/** Moves on what a worker ended, but for what its handlers finished themselves and what is another's by now. */
export async function settleAll<T>(write: Write<T>, ended: readonly Ended[]): Promise<void> {
  if (ended.length === 0) return;
  const jobs = ofJobs(write);
  let query = jobs
    .selectFrom('ledger_jobs')
    .selectAll()
    .where(
      'id',
      'in',
      ended.map(({ row }) => row.id),
    )
    .orderBy('id');
  if (writingOf().ledger.dialect === 'postgres') query = query.forUpdate();
  const current = new Map((await query.execute()).map((row) => [row.id, row]));
  const over: number[] = [];
  for (const { row, outcome } of ended) {
    const now = current.get(row.id);
    if (now?.state !== 'leased' || now.token !== row.token) continue;
    if (outcome.kind === 'end' && outcome.end === 'done' && now.next === null) over.push(row.id);
    else await settle(write, now, outcome);
  }
  if (over.length > 0) await jobs.deleteFrom('ledger_jobs').where('id', 'in', over).execute();
}

/** The row must be held: `held`, or locked by the caller. */
export async function settle<T>(write: Write<T>, row: JobRow, outcome: Outcome): Promise<void> {
  const now = writingOf().ledger.clock.now().getTime();
  const jobs = ofJobs(write);
  const change = changeOf(row, outcome, now);
  if (change === 'over') await jobs.deleteFrom('ledger_jobs').where('id', '=', row.id).execute();
  else
    await jobs
      .updateTable('ledger_jobs')
      .set({ ...change, lease_until: null, worker: null, changed_at: now })
      .where('id', '=', row.id)
      .execute();
}

type Change = Partial<Omit<JobRow, 'id'>>;

function changeOf(row: JobRow, outcome: Outcome, now: number): Change | 'over' {
  const next = row.next === null ? undefined : (JSON.parse(row.next) as NextRun);
  switch (outcome.kind) {
    case 'end': {
      if (outcome.end === 'done') return next ? nextRun(next) : 'over';
      const { again } = outcome.end;
      const runAt = now + again;
      if (next) return nextRun({ ...next, runAt: Math.min(runAt, next.runAt) });
      return { state: 'waiting', run_at: runAt, attempt: 0, error: null };
    }
    case 'released':
      return { state: 'waiting', run_at: now, attempt: row.attempt - 1 };
    case 'lost': {
      const error = `its worker (${row.worker}) was not heard of again`;
      if (row.attempt < row.attempts) return { state: 'waiting', run_at: now, error };
      return next ? { ...nextRun(next), error } : { state: 'dead', error };
    }
    case 'failed': {
      const error = outcome.error.slice(0, ERROR_LENGTH).replaceAll('\0', '\u{fffd}');
      if (next)
        return { ...nextRun(next), run_at: Math.max(next.runAt, now + Math.ceil(outcome.delay)), error };
      if (row.attempt >= row.attempts) return { state: 'dead', error };
      return { state: 'waiting', run_at: now + Math.ceil(outcome.delay), error };
    }
  }
}

function nextRun({ payload, runAt, priority, attempts }: NextRun): Change {
  return {
    state: 'waiting',
    payload,
    run_at: runAt,
    priority,
    attempts,
    attempt: 0,
    next: null,
    error: null,
  };
}
