// Keeps who lost a lease from writing: a worker that was paused, cut off or too slow.
import { LedgerFault } from './fault.ts';
import type { JobHold } from './job.ts';
import { type JobRow, ofJobs } from './jobbook.ts';
import type { Write } from './ledger.ts';
import { writingOf } from './writing.ts';

/**
 * Rejects with LedgerFault `lease-lost` when the job was leased anew or is over. Until the transaction ends nobody else
 * can lease it, so what is written beside this counts exactly once.
 */
export async function fence<T>(write: Write<T>, job: JobHold): Promise<void> {
  await held(write, job);
}

export async function held<T>(write: Write<T>, job: JobHold): Promise<JobRow> {
  let query = ofJobs(write).selectFrom('ledger_jobs').selectAll().where('id', '=', job.id);
  // on SQLite nobody else writes in the meantime
  if (writingOf().ledger.dialect === 'postgres') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  if (row === undefined || row.state !== 'leased' || row.token !== job.token)
    throw new LedgerFault(
      'lease-lost',
      `expected lease ${job.token} of job ${job.id} (${job.kind}) to hold, got ${row ? `${row.state}, lease ${row.token}` : 'a job that is over'}`,
      { hint: 'nothing needs doing: another worker has it' },
    );
  return row;
}
