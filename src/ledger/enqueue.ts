// Puts a job into the record, within the transaction of the fact that calls for it.
import { sql } from 'kysely';
import { LedgerFault } from './fault.ts';
import type { NewJob } from './job.ts';
import { ofJobs } from './jobbook.ts';
import type { Write } from './ledger.ts';
import { writingOf } from './writing.ts';

const PAYLOAD_BYTES = 64 << 10;
const ATTEMPTS = 25;

/** What a job becomes when its key was enqueued while it ran. */
export interface NextRun {
  payload: string;
  runAt: number;
  priority: number;
  attempts: number;
}

/** Seen by workers once the transaction is committed: at once in this process, and on PostgreSQL in the others. */
export async function enqueue<T>(write: Write<T>, job: NewJob): Promise<void> {
  const writing = writingOf();
  const { ledger } = writing;
  const now = ledger.clock.now().getTime();
  const next = nextRunOf(job, now);
  const { payload, runAt, priority, attempts } = next;
  const key = job.key ?? null;
  await sql`
    insert into ledger_jobs
      (kind, key, payload, priority, run_at, attempt, attempts, state, token, enqueued_at, changed_at)
    values
      (${job.kind}, ${key}, ${payload}, ${priority}, ${runAt}, 0, ${attempts}, 'waiting', 0, ${now}, ${now})
    on conflict (kind, key) do update set
      payload = case ledger_jobs.state when 'leased' then ledger_jobs.payload else excluded.payload end,
      priority = case ledger_jobs.state when 'leased' then ledger_jobs.priority else excluded.priority end,
      run_at = case ledger_jobs.state when 'leased' then ledger_jobs.run_at else excluded.run_at end,
      attempt = case ledger_jobs.state when 'leased' then ledger_jobs.attempt else 0 end,
      attempts = case ledger_jobs.state when 'leased' then ledger_jobs.attempts else excluded.attempts end,
      next = case ledger_jobs.state when 'leased' then ${JSON.stringify(next)} else null end,
      error = case ledger_jobs.state when 'leased' then ledger_jobs.error else null end,
      state = case ledger_jobs.state when 'leased' then 'leased' else 'waiting' end,
      changed_at = excluded.changed_at
  `.execute(ofJobs(write));
  await announce(write, job.kind);
}

export function nextRunOf(job: Omit<NewJob, 'kind'>, now: number): NextRun {
  return {
    payload: payloadText(job.payload),
    runAt: Math.ceil(job.runAt ?? now),
    priority: job.priority ?? 0,
    attempts: job.attempts ?? ATTEMPTS,
  };
}

/** Wakes the workers when this transaction is committed; once, however many jobs it has. */
export async function announce<T>(write: Write<T>, kind: string): Promise<void> {
  const { ledger, kinds, after } = writingOf();
  const isKnown = kinds.size > 0;
  kinds.add(kind);
  if (isKnown) return;
  after.push(() => {
    for (const wake of ledger.wakes) wake(kinds);
  });
  if (ledger.dialect === 'postgres')
    await sql`select pg_notify('seaworthy_jobs', current_schema())`.execute(write);
}

/** JSON of at most 64 KiB. */
export function payloadText(payload: object): string {
  const text = JSON.stringify(payload);
  if (Buffer.byteLength(text) > PAYLOAD_BYTES)
    throw new LedgerFault(
      'value-refused',
      `expected a payload of at most ${PAYLOAD_BYTES} bytes, got ${Buffer.byteLength(text)}`,
      { hint: 'keep what is large in a table of its own' },
    );
  return text;
}
