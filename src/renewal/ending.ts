// An image is over: those that stand on it, the renewal as a whole, the audit trail and whoever is told.
import { enqueue, post, record, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { cancelJob, wakeImage } from './jobs.ts';
import { type EndState, isBeforeTag } from './state.ts';
import type { ImageRow } from './step.ts';
import { closeRenewal } from './supersede.ts';

/** `by`: who or what ended it. */
export async function imageEnded(
  write: Write<RenewalTables>,
  image: ImageRow,
  { state, text, by }: { state: EndState; text: string; by: string },
  now: number,
): Promise<void> {
  if (state !== 'done') await skipThoseOn(write, image, state === 'returned', now);
  const stands = await closeRenewal(write, image.renewal, now);
  // an image of a later renewal that waited for this one
  const waiting = await write
    .selectFrom('renewal_images')
    .select('id')
    .where('reference', '=', image.reference)
    .where('state', '=', 'waiting')
    .execute();
  for (const { id } of waiting) await wakeImage(write, id);
  await record(write, {
    actor: by,
    action: `renewal.${state}`,
    subject: image.reference,
    detail: { renewal: image.renewal, image: image.id, text },
  });
  await post(write, {
    channel: 'notify',
    id: `${image.id}.${state}`,
    payload: { event: 'image', renewal: image.renewal, reference: image.reference, state, text },
  });
  if (stands.state !== 'running')
    await post(write, {
      channel: 'notify',
      id: `${image.renewal}.${stands.state}.${now}`,
      payload: { event: 'renewal', renewal: image.renewal, state: stands.state, text: stands.text },
    });
}

/** What stands on an image that was not renewed, or was taken back, is not renewed either, level by level. */
async function skipThoseOn(
  write: Write<RenewalTables>,
  image: ImageRow,
  isBack: boolean,
  now: number,
): Promise<void> {
  const above = await write
    .selectFrom('renewal_images')
    .selectAll()
    .where('after', '=', image.id)
    .where('ended_at', 'is', null)
    .execute();
  for (const next of above.filter(({ state, base_to }) => (isBack ? isBeforeTag(state) : base_to === null))) {
    const text = `${image.reference} was ${isBack ? 'taken back' : 'not renewed'}`;
    await write
      .updateTable('renewal_images')
      .set({ state: 'skipped', text, updated_at: now, ended_at: now })
      .where('id', '=', next.id)
      .execute();
    if (next.run !== null)
      await enqueue(write, { kind: cancelJob, key: next.id, payload: { image: next.id } });
    await skipThoseOn(write, next, isBack, now);
  }
}
