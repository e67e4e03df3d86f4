// A renewal begins: the new base must be allowed itself; then everything that stands on it is written down, in levels.
import { randomBytes } from 'node:crypto';
import { enqueue, fence, type LeasedJob, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { type Cause, causeText } from './cause.ts';
import type { Dependent, RenewalParts } from './parts.ts';
import { whyNot } from './predecessor.ts';
import { type ImageState, isBeforeTag, type RenewalState, renewalStateOf } from './state.ts';

export const imageJob = 'renewal.image';
export const cancelJob = 'renewal.cancel';

export interface Begun {
  id: string;
  state: RenewalState;
  text: string;
  /** How many images follow. */
  images: number;
}

/**
 * The same base and digest twice is one renewal. Whatever is not `allow` moves nothing: the caller asks again while the
 * tag still names that digest. Rejects with Faults of the registry.
 */
export async function beginRenewal(parts: RenewalParts, cause: Cause, job: LeasedJob): Promise<Begun> {
  const follow = (await parts.standingOn(cause.base)).filter(
    ({ reference }) =>
      parts.settingsOf(reference) !== undefined &&
      (cause.kind !== 'asked' || cause.reference === undefined || cause.reference === reference),
  );
  if (follow.length === 0)
    return { id: '', state: 'nothing', text: `nothing that is renewed stands on ${cause.base}`, images: 0 };
  const verdict = await parts.workshop.judgeBase(cause.base, cause.to);
  const hold = await holdOn(parts, cause.base);
  const now = parts.clock.now().getTime();
  return parts.ledger.write<RenewalTables, Begun>(async (write) => {
    await fence(write, job);
    const known = await write
      .selectFrom('renewal_renewals')
      .select(['id', 'state', 'text'])
      .where('base', '=', cause.base)
      .where('base_digest', '=', cause.to)
      .where((the) =>
        cause.kind === 'asked'
          ? the('ended_at', 'is', null)
          : the.or([the('ended_at', 'is', null), the('state', '!=', 'nothing')]),
      )
      .orderBy('created_at', 'desc')
      .executeTakeFirst();
    const isOpen = known === undefined || ['refused', 'undecided', 'held'].includes(known.state);
    if (!isOpen) return { id: known.id, state: known.state, text: known.text, images: 0 };
    const fresh = await notFollowing(write, cause, follow);
    const isAllowed = verdict.decision === 'allow' && hold === undefined;
    if (isAllowed && fresh.length === 0 && known === undefined)
      return { id: '', state: 'nothing', text: 'all that stands on it follows already', images: 0 };
    const { state, text } =
      hold !== undefined
        ? { state: 'held' as const, text: `held: ${hold}` }
        : verdict.decision === 'allow'
          ? renewalStateOf(fresh.map(() => 'waiting' as ImageState))
          : {
              state: verdict.decision === 'deny' ? ('refused' as const) : ('undecided' as const),
              text: `${cause.base} at its new digest is not allowed itself, ${whyNot(verdict)}`,
            };
    const id = known?.id ?? newId(now);
    const row = { state, text, ended_at: state === 'nothing' ? now : null };
    if (known === undefined)
      await write
        .insertInto('renewal_renewals')
        .values({
          id,
          cause: JSON.stringify(cause),
          base: cause.base,
          base_digest: cause.to,
          created_at: now,
          ...row,
        })
        .execute();
    else await write.updateTable('renewal_renewals').set(row).where('id', '=', id).execute();
    if (state === 'running') {
      await supersede(write, cause, id, now);
      await addImages(write, id, cause, fresh, now);
    }
    return { id, state, text: text === '' ? causeText(cause) : text, images: fresh.length };
  });
}

/** A base that a renewal moved itself brings nothing new to those that already follow, or followed in vain. */
async function notFollowing(
  write: Write<RenewalTables>,
  cause: Cause,
  follow: readonly Dependent[],
): Promise<readonly Dependent[]> {
  if (cause.kind === 'asked') return follow;
  const known = await write
    .selectFrom('renewal_images')
    .select(['reference', 'base', 'base_to', 'ended_at'])
    .where('state', 'not in', ['superseded', 'skipped'])
    .where((the) => the.or([the('base_to', '=', cause.to), the('ended_at', 'is', null)]))
    .execute();
  return follow.filter(
    ({ reference, base }) =>
      !known.some(
        (one) =>
          one.reference === reference &&
          one.base === base &&
          (one.base_to === cause.to || (one.base_to === null && one.ended_at === null)),
      ),
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

/** A newer digest of the same base takes the place of what has not moved a tag yet; what has goes on to its end. */
async function supersede(
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

async function addImages(
  write: Write<RenewalTables>,
  renewal: string,
  cause: Cause,
  follow: readonly Dependent[],
  now: number,
): Promise<void> {
  const ids = new Map(follow.map(({ reference }, i) => [reference, `${renewal}.${i + 1}`]));
  for (const image of [...follow].sort((a, b) => a.level - b.level)) {
    const id = ids.get(image.reference)!;
    const after = image.level === 1 ? null : (ids.get(image.base) ?? null);
    await write
      .insertInto('renewal_images')
      .values({
        id,
        renewal,
        reference: image.reference,
        level: image.level,
        after,
        from_digest: image.digest,
        base: image.base,
        base_from: image.baseDigest,
        base_to: image.level === 1 ? cause.to : null,
        state: image.level === 1 || after !== null ? 'waiting' : 'skipped',
        means: null,
        why: '',
        staging_tag: `seaworthy-${id}`,
        to_digest: null,
        run: null,
        proofs: null,
        found_before: null,
        found_after: null,
        packages: null,
        verdict_before: null,
        verdict_after: null,
        approved_by: null,
        text: image.level === 1 || after !== null ? '' : `${image.base} is not renewed`,
        created_at: now,
        updated_at: now,
        ended_at: image.level === 1 || after !== null ? null : now,
      })
      .execute();
    if (image.level === 1) await wakeImage(write, id);
  }
}

/** A step is tried for as long as the world is away; only what cannot be done ends it. */
const manyAttempts = 1_000_000;

export function wakeImage<T>(write: Write<T>, image: string): Promise<void> {
  return enqueue(write, { kind: imageJob, key: image, payload: { image }, attempts: manyAttempts });
}

/** Sorts by time, and is short enough to be typed. */
function newId(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `r${time}-${randomBytes(2).toString('hex')}`;
}
