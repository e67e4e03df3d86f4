// Other reasons to renew than a base that moved: fixes that are there already, another policy, a base that was released.
import { enqueue, type JobEnd, type Write } from '../ledger/index.ts';
import { type LineageTables, staleBases } from '../lineage/index.ts';
import type { Cause, RenewalTables } from '../renewal/index.ts';
import type { WatchTables } from '../watch/index.ts';
import { spanOf } from './config.ts';
import { askAgain, enqueueBegin } from './hubbegin.ts';
import type { HubParts } from './hubparts.ts';

export const reasonsJob = 'renewal.reasons';

/** After the advisories or the policy changed; one for all. */
export function enqueueReasons<T>(write: Write<T>): Promise<void> {
  return enqueue(write, { kind: reasonsJob, key: 'all', payload: {}, attempts: 1_000_000 });
}

/**
 * Every base on whose earlier digests something stands: is a fix there by now, does another policy let past what was
 * stopped. Who stands on it for no such reason is left alone; what was refused is asked again.
 */
export async function lookForReasons(parts: HubParts): Promise<JobEnd> {
  const { ledger, clock, policy, config, renewal } = parts;
  if (renewal === undefined) return 'done';
  const now = clock.now().getTime();
  // a base that moved a moment ago must stand still first
  const settled = now + spanOf(config.watch?.debounce, '30s');
  const { name, hash } = policy.current();
  const text = `another policy is in force, ${name} ${hash.replace(/^.*:/, '').slice(0, 12)}`;
  const stale = new Set(await staleBases(ledger.read<LineageTables>()));
  await ledger.write<RenewalTables & WatchTables, void>(async (write) => {
    await askAgain(write, now);
    const rows = await write.selectFrom('watch_tags').select(['reference', 'digest']).execute();
    for (const { reference: base, digest: to } of rows) {
      if (to === null || !stale.has(base)) continue;
      await enqueueBegin(write, { kind: 'fix-available', base, to, ids: [] }, settled);
      await enqueueBegin(write, { kind: 'again', base, to, change: 'policy', id: hash, text }, settled);
    }
  });
  return 'done';
}

/** In the transaction that releases it: what waits is asked at once, what came back is tried once more. */
export async function released(
  write: Write<RenewalTables>,
  base: string,
  to: string | undefined,
  { by, reason, now }: { by: string; reason: string; now: number },
): Promise<void> {
  const held = await write
    .selectFrom('renewal_renewals')
    .select('cause')
    .where('base', '=', base)
    .where('state', '=', 'held')
    .execute();
  for (const { cause } of held) await enqueueBegin(write, JSON.parse(cause) as Cause, now);
  if (to === undefined) return;
  const text = `released by ${by}: ${reason}`;
  await enqueueBegin(write, { kind: 'again', base, to, change: 'release', id: String(now), text }, now);
}
