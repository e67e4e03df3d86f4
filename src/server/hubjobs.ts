// What a server does by itself: looks at tags, looks into images, begins renewals, brings advisories up to date.
import { isFault, messageOf } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { enqueue, type JobEnd, type JobHandler, type Write } from '../ledger/index.ts';
import { forgetTag, type LineageTables } from '../lineage/index.ts';
import { type Cause, cancelJob, cancelRun, imageJob, workOnImage } from '../renewal/index.ts';
import { lookAtTag, type Moved, observeImage, type WatchTables, watchTags } from '../watch/index.ts';
import { spanOf } from './config.ts';
import { advisoryJobs, rejudge, updateAdvisories } from './hubadvisories.ts';
import { ageJob, enqueueAge, lookAtAge } from './hubage.ts';
import { begin, beginJob, enqueueBegin } from './hubbegin.ts';
import { evidenceJobs, lookForEvidence, makeEvidence } from './hubevidence.ts';
import { recordLineage } from './hublineage.ts';
import type { HubParts } from './hubparts.ts';
import { lookForReasons, reasonsJob } from './hubreasons.ts';

export const jobs = {
  poll: 'watch.poll',
  image: 'watch.image',
  ...advisoryJobs,
} as const;

export function hubHandlers(parts: HubParts): Record<string, JobHandler> {
  const { renewal } = parts;
  return {
    [jobs.poll]: (job) => poll(parts, String(job.payload['reference'])),
    [jobs.image]: (job) => lookInto(parts, String(job.payload['reference'])),
    [jobs.verdict]: (job) => giveVerdict(parts, String(job.payload['reference'])),
    [jobs.update]: (job) => updateAdvisories(parts, job),
    [jobs.rejudge]: (job) => rejudge(parts, job),
    [beginJob]: (job) => begin(parts, job),
    [ageJob]: (job) => lookAtAge(parts, job),
    [reasonsJob]: () => lookForReasons(parts),
    [evidenceJobs.look]: () => lookForEvidence(parts),
    [evidenceJobs.make]: (job) => makeEvidence(parts, job),
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
  if (to === null) {
    // only where its registry said so (404): one that is away moves nothing
    const { domain, repository, tag = 'latest' } = parseReference(reference);
    return forgetTag(write as Write<WatchTables & LineageTables>, `${domain}/${repository}`, tag);
  }
  await enqueue(write, { kind: jobs.image, key: reference, payload: { reference } });
  if (platforms.length === 0) return;
  const cause: Cause = { kind: 'base-moved', base: reference, from, to };
  await enqueueBegin(write, cause, parts.clock.now().getTime() + spanOf(parts.config.watch?.debounce, '30s'));
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
    if (parts.settingsOf(reference)?.maxAge !== undefined) await enqueueAge(write, reference);
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
  // evidence and exceptions end, and trust roots change, though no tag moves
  return { again: Math.min(Math.max((verdict.until ?? Infinity) - values.judged_at, soonest), latest) };
}

/** Ms until a verdict is given again by itself. */
const soonest = 60_000;
const latest = 86_400_000;

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
