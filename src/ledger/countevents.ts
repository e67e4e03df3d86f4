// How many events of each channel wait, and how many nobody took, for metrics; what was delivered is not counted.
import type { Ledger } from './ledger.ts';
import type { OutboxTables } from './outboxbook.ts';

export async function countEvents(
  ledger: Ledger,
): Promise<{ channel: string; state: 'waiting' | 'dead'; count: number }[]> {
  const rows = await ledger
    .read<OutboxTables>()
    .selectFrom('ledger_outbox')
    .select(({ fn }) => ['channel', 'state', fn.countAll<number>().as('count')])
    .where('state', 'in', ['waiting', 'dead'])
    .groupBy(['channel', 'state'])
    .execute();
  return rows.map(({ channel, state, count }) => ({
    channel,
    state: state === 'dead' ? 'dead' : 'waiting',
    count: Number(count),
  }));
}
