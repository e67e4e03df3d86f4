// Keeps leases alive while their jobs run, and finds out which were lost.

import type { JobHold } from './job.ts';
import { ofJobs } from './jobbook.ts';
import type { OwnLedger } from './own.ts';

/** The ids of those that still hold. */
export async function beat(
  ledger: OwnLedger,
  holds: readonly JobHold[],
  leaseMs: number,
): Promise<Set<number>> {
  return ledger.writeAs('read committed', async (write) => {
    const jobs = ofJobs(write);
    let query = jobs
      .selectFrom('ledger_jobs')
      .select(['id', 'token'])
      .where('state', '=', 'leased')
      .where(
        'id',
        'in',
        holds.map(({ id }) => id),
      )
      .orderBy('id');
    if (ledger.dialect === 'postgres') query = query.forUpdate();
    const tokens = new Map((await query.execute()).map(({ id, token }) => [id, token]));
    const held = holds.filter(({ id, token }) => tokens.get(id) === token).map(({ id }) => id);
    if (held.length > 0)
      await jobs
        .updateTable('ledger_jobs')
        .set({ lease_until: ledger.clock.now().getTime() + leaseMs })
        .where('id', 'in', held)
        .execute();
    return new Set(held);
  });
}
