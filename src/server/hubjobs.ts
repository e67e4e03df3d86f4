// What a server does by itself: looks at tags, looks into images, begins renewals, brings advisories up to date.
import { isFault, messageOf } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { enqueue, type JobEnd, type JobHandler, type LeasedJob, type Write } from '../ledger/index.ts';
import {
  beginRenewal,
  type Cause,
  cancelJob,
  cancelRun,
  imageJob,
  type RenewalTables,
  workOnImage,
} from '../renewal/index.ts';
import { lookAtTag, type Moved, observeImage, type WatchTables, watchTags } from '../watch/index.ts';
import { spanOf } from './config.ts';
import { advisoryJobs, rejudge, updateAdvisories } from './hubadvisories.ts';
import { recordLineage } from './hublineage.ts';
import type { HubParts } from './hubparts.ts';

export const jobs = {
  poll: 'watch.poll',
  image: 'watch.image',
  begin: 'renewal.begin',
  ...advisoryJobs,
} as const;

/** Ms between two questions whether a refused base is allowed by now. */
const soonest = 15_000;
const latest = 3_600_000;

export function hubHandlers(parts: HubParts): Record<string, JobHandler> {
  const { renewal } = parts;
  return {
    [jobs.poll]: (job) => poll(parts, String(job.payload['reference'])),
    [jobs.image]: (job) => lookInto(parts, String(job.payload['reference'])),
    [jobs.verdict]: (job) => giveVerdict(parts, String(job.payload['reference'])),
    [jobs.update]: (job) => updateAdvisories(parts, job),
    [jobs.rejudge]: (job) => rejudge(parts, job),
    [jobs.begin]: (job) => begin(parts, job),
    ...(renewal === undefined
      ? {}
      : {
          [imageJob]: (job) => workOnImage(renewal, job),
          [cancelJob]: (job) => cancelRun(renewal, job),
        }),
  };
}

export function enqueuePoll<T>(write: Write<T>, reference: string, runAt?: number): Promise<void> {
  return enqueue(write, {
    kind: jobs.poll,
    key: reference,
    payload: { reference },
    attempts: 1_000_000,
    ...(runAt === undefined ? {} : { runAt }),
  });
}

/** A tag costs one HEAD; a tenth more or less, so that a thousand tags do not come at once for ever. */
async function poll(parts: HubParts, reference: string): Promise<JobEnd> {
  const every = spanOf(parts.config.watch?.every, '5m');
  const again = Math.round(every * (0.9 + Math.random() / 5));
  try {
    await lookAtTag(parts, reference, (write, moved) => tell(parts, write, moved));
  } catch (error) {
    if (!isFault(error)) throw error;
    parts.log.warn({ reference, error }, 'a tag could not be looked at');
  }
  return { again };
}

async function tell(parts: HubParts, write: Write<WatchTables>, moved: Moved): Promise<void> {
  const { reference, from, to, platforms } = moved;
  parts.log.info({ reference, from, to, platforms }, to === null ? 'a tag is gone' : 'a tag moved');
  if (to === null) return;
  await enqueue(write, { kind: jobs.image, key: reference, payload: { reference } });
  if (platforms.length === 0) return;
  const cause: Cause = { kind: 'base-moved', base: reference, from, to };
  await enqueueBegin(write, cause, parts.clock.now().getTime() + spanOf(parts.config.watch?.debounce, '30s'));
}

/** One for each base: a push after another, or one platform after the other, puts it off. */
export function enqueueBegin<T>(write: Write<T>, cause: Cause, runAt: number): Promise<void> {
  return enqueue(write, {
    kind: jobs.begin,
    key: cause.base,
    payload: { cause },
    runAt,
    attempts: 1_000_000,
  });
}

async function lookInto(parts: HubParts, reference: string): Promise<JobEnd> {
  const image = await parts.resolve(reference);
  const row = await parts.ledger
    .read<WatchTables>()
    .selectFrom('watch_tags')
    .select('role')
    .where('reference', '=', reference)
    .executeTakeFirst();
  const bases = await recordLineage(parts, reference, image, row?.role === 'base');
  await observeImage(parts.observing, image);
  await parts.ledger.write<WatchTables, void>(async (write) => {
    await watchTags(write, bases, 'base');
    for (const base of bases) await enqueuePoll(write, base);
    await enqueue(write, { kind: jobs.verdict, key: reference, payload: { reference } });
  });
  return 'done';
}

async function giveVerdict(parts: HubParts, reference: string): Promise<JobEnd> {
  const row = await parts.ledger
    .read<WatchTables>()
    .selectFrom('watch_tags')
    .select('digest')
    .where('reference', '=', reference)
    .executeTakeFirst();
  if (row === undefined || row.digest === null || parts.workshop === undefined) return 'done';
  const verdict = await parts.workshop.judge(reference, row.digest);
  const values = {
    reference,
    digest: row.digest,
    policy: verdict.policy.hash,
    decision: verdict.decision,
    verdict: JSON.stringify(verdict),
    judged_at: parts.clock.now().getTime(),
  };
  await parts.ledger.write<WatchTables, void>(async (write) => {
    await write
      .insertInto('watch_verdicts')
      .values(values)
      .onConflict((conflict) => conflict.column('reference').doUpdateSet(values))
      .execute();
  });
  return 'done';
}

/** As long as the tag names that digest: a base that is refused today may be signed in a moment. */
async function begin(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const cause = job.payload['cause'] as unknown as Cause;
  if (parts.renewal === undefined) return 'done';
  if ((await parts.renewal.workshop.current(cause.base)) !== cause.to) return 'done';
  // what stands on its earlier digests is known only once the new one is in the book
  await recordLineage(parts, cause.base, await parts.resolve(cause.base, cause.to), true);
  const begun = await beginRenewal(parts.renewal, cause, job);
  if (begun.state === 'nothing') return 'done';
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

/** What a registry told: a hint, which is looked into like any tag. Tags that nobody watches are left alone. */
export async function hinted(parts: HubParts, reference: string): Promise<void> {
  const { domain, repository, tag } = parseReference(reference);
  try {
    await parts.ledger.write<WatchTables, void>(async (write) => {
      const row = await write
        .selectFrom('watch_tags')
        .select('reference')
        .where('reference', '=', `${domain}/${repository}:${tag ?? 'latest'}`)
        .executeTakeFirst();
      if (row !== undefined) await enqueuePoll(write, row.reference);
    });
  } catch (error) {
    parts.log.warn(
      { reference, error: messageOf(error) },
      'a push could not be taken note of; the next look finds it',
    );
  }
}

/** Somebody signed a digest: a base that was refused for want of it is asked again at once. */
export async function signedFor(parts: HubParts, digest: string): Promise<void> {
  try {
    await parts.ledger.write<RenewalTables, void>(async (write) => {
      const rows = await write
        .selectFrom('renewal_renewals')
        .select('cause')
        .where('base_digest', '=', digest)
        .where('state', 'in', ['refused', 'undecided'])
        .execute();
      for (const { cause } of rows)
        await enqueueBegin(write, JSON.parse(cause) as Cause, parts.clock.now().getTime());
    });
  } catch (error) {
    parts.log.warn(
      { digest, error: messageOf(error) },
      'a signature could not be taken note of; the next look finds it',
    );
  }
}
