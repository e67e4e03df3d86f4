// A renewal begins: the new base must be allowed itself; then everything that stands on it is written down, in levels.
import { fence, type LeasedJob, type Write } from '../ledger/index.ts';
import { addImages, newId } from './addimages.ts';
import type { RenewalTables } from './book.ts';
import { type Cause, causeKey, causeText, isWhole, mostIds } from './cause.ts';
import { asTheyAre, freshOf, isOnTheWay, whoFollows } from './follow.ts';
import type { RenewalParts } from './parts.ts';
import { whyNot } from './predecessor.ts';
import { recordReasons } from './reasons.ts';
import { type ImageState, isWaiting, type RenewalState, renewalStateOf } from './state.ts';
import { supersede } from './supersede.ts';

export interface Begun {
  id: string;
  state: RenewalState;
  text: string;
  /** How many images follow. */
  images: number;
  /** Somebody who may be meant is on its way for another cause: to be asked again when that is over. */
  isLater?: boolean;
}

/**
 * The same base and digest twice is one renewal, and no image begins twice on the same digest for the same reason.
 * Whatever is not `allow` moves nothing: the caller asks again while the tag still names that digest. Rejects with Faults
 * of the registry.
 */
export async function beginRenewal(parts: RenewalParts, cause: Cause, job: LeasedJob): Promise<Begun> {
  let followers = await whoFollows(parts, cause);
  if (followers.images.length === 0)
    return overtaken(parts, cause, job, `nothing that is renewed stands on ${cause.base} for that`);
  // most looks for other reasons find none: no registry is asked for those
  if (!isWhole(cause)) {
    const read = parts.ledger.read<RenewalTables>();
    const isLater = await isOnTheWay(read, followers);
    const fresh = await freshOf(read, cause, followers);
    followers = { ...followers, images: await asTheyAre(parts, fresh) };
    if (followers.images.length === 0) {
      const text = 'nothing that stands on it is meant, or it follows already';
      return { ...(await overtaken(parts, cause, job, text)), isLater };
    }
  }
  const verdict = await parts.workshop.judgeBase(cause.base, cause.to);
  const hold = await holdOn(parts, cause.base);
  const now = parts.clock.now().getTime();
  return parts.ledger.write<RenewalTables, Begun>(async (write) => {
    await fence(write, job);
    const known = await knownOf(write, cause);
    if (known !== undefined && !isWaiting(known.state))
      return { id: known.id, state: known.state, text: known.text, images: 0 };
    if (known !== undefined && !isWhole(cause) && causeKey(known.cause) !== causeKey(cause))
      return nothing(`${known.id} of the same base waits already`);
    const fresh = await freshOf(write, cause, followers);
    const isAllowed = verdict.decision === 'allow' && hold === undefined;
    const isNothingNew = isAllowed || !isWhole(cause) || (await isOurs(write, cause));
    if (known === undefined && fresh.length === 0 && isNothingNew)
      return nothing('all that stands on it follows already');
    const { state, text } =
      hold !== undefined
        ? { state: 'held' as const, text: `held: ${hold}` }
        : verdict.decision === 'allow'
          ? renewalStateOf(fresh.map(() => 'waiting' as ImageState))
          : {
              state: verdict.decision === 'deny' ? ('refused' as const) : ('undecided' as const),
              text: `${cause.base} at its new digest is not allowed itself, ${whyNot(verdict)}`,
            };
    const why = { ...cause };
    if (why.kind === 'fix-available')
      why.ids = [...new Set(fresh.flatMap(({ reference }) => followers.fixes.get(reference) ?? []))]
        .sort()
        .slice(0, mostIds);
    const id = known?.id ?? newId(now);
    const row = { state, text, ended_at: state === 'nothing' ? now : null };
    if (known === undefined)
      await write
        .insertInto('renewal_renewals')
        .values({
          id,
          cause: JSON.stringify(why),
          base: cause.base,
          base_digest: cause.to,
          created_at: now,
          ...row,
        })
        .execute();
    else await write.updateTable('renewal_renewals').set(row).where('id', '=', id).execute();
    if (state === 'running') {
      if (isWhole(cause)) await supersede(write, cause, id, now);
      await recordReasons(write, id, cause, fresh, followers.fixes);
      await addImages(write, id, cause, fresh, now);
    }
    return { id, state, text: text === '' ? causeText(why) : text, images: fresh.length };
  });
}

/** What waited for its base, and what it waited for is gone meanwhile, waits no more. */
async function overtaken(parts: RenewalParts, cause: Cause, job: LeasedJob, text: string): Promise<Begun> {
  return parts.ledger.write<RenewalTables, Begun>(async (write) => {
    await fence(write, job);
    const known = await knownOf(write, cause);
    if (known !== undefined && isWaiting(known.state) && causeKey(known.cause) === causeKey(cause))
      await write
        .updateTable('renewal_renewals')
        .set({ state: 'nothing', text, ended_at: parts.clock.now().getTime() })
        .where('id', '=', known.id)
        .execute();
    return nothing(text);
  });
}

function nothing(text: string): Begun {
  return { id: '', state: 'nothing', text, images: 0 };
}

/** What is on record of this base and digest already, and stands for the cause or waits for the same. */
async function knownOf(write: Write<RenewalTables>, cause: Cause) {
  const rows = await write
    .selectFrom('renewal_renewals')
    .select(['id', 'state', 'text', 'cause', 'ended_at'])
    .where('base', '=', cause.base)
    .where('base_digest', '=', cause.to)
    .orderBy('created_at', 'desc')
    .execute();
  const known = rows.map((row) => ({ ...row, cause: JSON.parse(row.cause) as Cause }));
  const own = causeKey(cause);
  const open = known.filter(({ ended_at }) => ended_at === null);
  if (cause.kind === 'base-moved')
    return known.find((one) => isWhole(one.cause) && (one.ended_at === null || one.state !== 'nothing'));
  if (cause.kind === 'asked') return open.find((one) => isWhole(one.cause) || causeKey(one.cause) === own);
  const waiting = open.filter(({ state }) => isWaiting(state));
  return (
    waiting.find((one) => causeKey(one.cause) === own) ??
    (cause.kind === 'too-old' ? undefined : waiting.find((one) => isWhole(one.cause)))
  );
}

async function holdOn({ ledger }: RenewalParts, base: string): Promise<string | undefined> {
  const row = await ledger
    .read<RenewalTables>()
    .selectFrom('renewal_holds')
    .select('reason')
    .where('base', '=', base)
    .where('released_at', 'is', null)
    .executeTakeFirst();
  return row?.reason;
}

/** A base that a renewal put there itself: whoever follows was written down with it. */
async function isOurs(write: Write<RenewalTables>, { base, to }: Cause): Promise<boolean> {
  const row = await write
    .selectFrom('renewal_images')
    .select('id')
    .where('reference', '=', base)
    .where('to_digest', '=', to)
    .executeTakeFirst();
  return row !== undefined;
}
