// Renewals begin: each cause in a job of its own, asked again while the base is not allowed or held.
import { messageOf } from '../core/index.ts';
import { enqueue, type JobEnd, type LeasedJob, type Write } from '../ledger/index.ts';
import { beginRenewal, type Cause, causeKey, isWhole, type RenewalTables } from '../renewal/index.ts';
import { recordLineage } from './hublineage.ts';
import type { HubParts } from './hubparts.ts';

export const beginJob = 'renewal.begin';

/** Ms between two questions whether a refused base is allowed by now. */
const soonest = 15_000;
const latest = 3_600_000;
/** Ms until a cause is looked at again that met somebody on the way for another one. */
const afterwards = 30_000;

/**
 * What concerns all that stands on a base is one job for each: a push after another, or one platform after the other, puts
 * it off. A cause that means some images only never takes its place.
 */
export function enqueueBegin<T>(write: Write<T>, cause: Cause, runAt: number): Promise<void> {
  return enqueue(write, {
    kind: beginJob,
    key: isWhole(cause) ? cause.base : causeKey(cause),
    payload: { cause },
    runAt,
    attempts: 1_000_000,
  });
}

/** As long as the tag names that digest: a base that is refused today may be signed in a moment. */
export async function begin(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const cause = job.payload['cause'] as unknown as Cause;
  if (parts.renewal === undefined) return 'done';
  if ((await parts.renewal.workshop.current(cause.base)) !== cause.to) return 'done';
  // what stands on its earlier digests is known only once the new one is in the book
  await recordLineage(parts, cause.base, await parts.resolve(cause.base, cause.to), true);
  const begun = await beginRenewal(parts.renewal, cause, job);
  if (begun.state === 'nothing') return begun.isLater ? { again: afterwards } : 'done';
  const { id: renewal, state, images } = begun;
  parts.log.info({ base: cause.base, renewal, state, images }, begun.text);
  if (!['refused', 'undecided', 'held'].includes(begun.state)) return 'done';
  const row = await parts.ledger
    .read<RenewalTables>()
    .selectFrom('renewal_renewals')
    .select('created_at')
    .where('id', '=', begun.id)
    .executeTakeFirst();
  const age = parts.clock.now().getTime() - (row?.created_at ?? 0);
  return { again: Math.min(latest, Math.max(soonest, age / 4)) };
}

/** What waits for its base is asked at once: of one digest, or of all. */
export async function askAgain(write: Write<RenewalTables>, now: number, digest?: string): Promise<void> {
  let query = write
    .selectFrom('renewal_renewals')
    .select('cause')
    .where('state', 'in', ['refused', 'undecided']);
  if (digest !== undefined) query = query.where('base_digest', '=', digest);
  for (const { cause } of await query.execute()) await enqueueBegin(write, JSON.parse(cause) as Cause, now);
}

/** Somebody signed a digest: a base that was refused for want of it is asked again at once. */
export async function signedFor(parts: HubParts, digest: string): Promise<void> {
  try {
    await parts.ledger.write<RenewalTables, void>((write) =>
      askAgain(write, parts.clock.now().getTime(), digest),
    );
  } catch (error) {
    parts.log.warn(
      { digest, error: messageOf(error) },
      'a signature could not be taken note of; the next look finds it',
    );
  }
}
