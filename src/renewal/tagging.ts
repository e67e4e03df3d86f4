// Waiting for the base, for a person, and the moment at which the tag moves.
import type { RenewalTables } from './book.ts';
import { isForAge } from './making.ts';
import type { RenewalParts } from './parts.ts';
import type { ImageRow, Move } from './step.ts';

/** Until the base it stands on is renewed, and an earlier renewal of the same image is over. */
export async function waiting(image: ImageRow, { ledger, workshop }: RenewalParts): Promise<Move> {
  if (image.base_to === null) return { again: 'never', text: 'its base is renewed first' };
  const before = await ledger
    .read<RenewalTables>()
    .selectFrom('renewal_images')
    .select('id')
    .where('reference', '=', image.reference)
    .where('ended_at', 'is', null)
    .where((the) =>
      the.or([
        the('created_at', '<', image.created_at),
        the.and([the('created_at', '=', image.created_at), the('id', '<', image.id)]),
      ]),
    )
    .executeTakeFirst();
  if (before !== undefined) return { again: 'never', text: `${before.id} of the same image is not over yet` };
  const digest = await workshop.current(image.reference);
  if (digest === undefined) return { to: 'failed', text: `${image.reference} is not there any more` };
  if (isForAge(image) && digest !== image.from_digest)
    return { to: 'superseded', text: `${image.reference} names ${digest} now: somebody pushed it meanwhile` };
  return { to: 'making', set: { from_digest: digest } };
}

/** Waits for `seaworthy approve`, which moves it on. */
export async function approval(image: ImageRow): Promise<Move> {
  if (image.approved_by !== null) return { to: 'tagging' };
  return { again: 'never', text: `waits for approval: seaworthy approve ${image.id}` };
}

/** Somebody's own push under the tag is never overwritten. */
export async function tagging(image: ImageRow, parts: RenewalParts): Promise<Move> {
  const to = image.to_digest!;
  const now = await parts.workshop.current(image.reference);
  if (now !== to) {
    if (now !== image.from_digest)
      return {
        to: 'superseded',
        text: `${image.reference} names ${now ?? 'nothing'} now: somebody pushed it meanwhile`,
      };
    await parts.workshop.moveTag(image.reference, image.from_digest, to);
  }
  if (to === image.from_digest) return { to: 'done', text: 'the rebuild gave the very same image' };
  const rollout = parts.settingsOf(image.reference)?.rollout ?? [];
  return {
    to: rollout.length === 0 ? 'done' : 'rolling',
    text: rollout.length === 0 ? 'no rollout is configured' : '',
  };
}
