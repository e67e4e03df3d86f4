// A newer digest takes the place of an older one; and how a renewal stands, from its images.
import { enqueue, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import { cancelJob } from './jobs.ts';
import { isBeforeTag, type RenewalState, renewalStateOf } from './state.ts';

/** A newer digest of the same base takes the place of what has not moved a tag yet; what has goes on to its end. */
export async function supersede(
  write: Write<RenewalTables>,
  { base, to }: Cause,
  by: string,
  now: number,
): Promise<void> {
  const older = await write
    .selectFrom('renewal_images')
    .innerJoin('renewal_renewals', 'renewal_renewals.id', 'renewal_images.renewal')
    .select(['renewal_images.id', 'renewal_images.state', 'renewal_images.renewal', 'renewal_images.run'])
    .where('renewal_renewals.base', '=', base)
    .where('renewal_renewals.base_digest', '!=', to)
    .where('renewal_renewals.id', '!=', by)
    .where('renewal_images.ended_at', 'is', null)
    .execute();
  for (const image of older.filter(({ state }) => isBeforeTag(state))) {
    await write
      .updateTable('renewal_images')
      .set({
        state: 'superseded',
        text: `a newer digest of ${base} came: ${by}`,
        updated_at: now,
        ended_at: now,
      })
      .where('id', '=', image.id)
      .execute();
    if (image.run !== null)
      await enqueue(write, { kind: cancelJob, key: image.id, payload: { image: image.id } });
  }
  const left = new Set(older.map(({ renewal }) => renewal));
  for (const renewal of left) await closeRenewal(write, renewal, now);
  await write
    .updateTable('renewal_renewals')
    .set({ state: 'superseded', text: `a newer digest of ${base} came: ${by}`, ended_at: now })
    .where('base', '=', base)
    .where('base_digest', '!=', to)
    .where('state', 'in', ['refused', 'undecided', 'held'])
    .execute();
}

/** Writes down how a renewal stands, from its images. */
export async function closeRenewal(
  write: Write<RenewalTables>,
  renewal: string,
  now: number,
): Promise<{ state: RenewalState; text: string }> {
  const images = await write
    .selectFrom('renewal_images')
    .select('state')
    .where('renewal', '=', renewal)
    .execute();
  const stands = renewalStateOf(images.map(({ state }) => state));
  await write
    .updateTable('renewal_renewals')
    .set({ ...stands, ended_at: stands.state === 'running' ? null : now })
    .where('id', '=', renewal)
    .execute();
  return stands;
}
