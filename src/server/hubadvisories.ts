// Advisories brought up to date, and what that touches judged again: items, then the verdicts of their tags.
import { isFault } from '../core/index.ts';
import { enqueue, enqueueAll, type JobEnd, type LeasedJob, post, type Write } from '../ledger/index.ts';
import { advisoryFetch, publishers, updateDatabase } from '../scan/index.ts';
import {
  keepOlderImages,
  type NewsOfBatch,
  noteAdvisories,
  rejudgeBatch,
  takeNews,
  type WatchTables,
} from '../watch/index.ts';
import { spanOf } from './config.ts';
import { enqueueEvidence } from './hubevidence.ts';
import type { HubParts } from './hubparts.ts';
import { enqueueReasons } from './hubreasons.ts';

export const advisoryJobs = {
  update: 'advisories.update',
  rejudge: 'advisories.rejudge',
  verdict: 'watch.verdict',
} as const;

/** Tags that are told of one by one after an update; the rest is one event with their number. */
const mostTold = 200;
/** Ids in an event. */
const mostIds = 50;

export async function updateAdvisories(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const { config, home, http, clock, log } = parts;
  const settings = config.advisories;
  const every = spanOf(settings?.every, '6h');
  try {
    const report = await updateDatabase({
      home,
      from: settings?.from ?? publishers.osv,
      ecosystems: settings?.ecosystems ?? 'all',
      ...(settings?.from === undefined ? { epss: publishers.epss, kev: publishers.kev } : {}),
      acceptShrink: [],
      clock,
      fetch: advisoryFetch(http, job.signal),
    });
    for (const { name, fault } of report.refused)
      log.warn({ feed: name, error: fault }, 'a feed was refused; it stays as it was');
    parts.reopenDatabase();
    if (report.before !== report.revision) {
      const { changed } = report;
      const { packages, ids } = changed === 'all' ? {} : changed;
      log.info(
        { revision: report.revision, packages: packages?.length ?? 'all', ids: ids?.length ?? 'all' },
        'the advisories changed',
      );
    }
    await parts.ledger.write<WatchTables, void>(async (write) => {
      if (await noteAdvisories(write, report)) await enqueueRejudge(write);
    });
  } catch (error) {
    if (!isFault(error)) throw error;
    log.warn({ error }, 'the advisories could not be brought up to date');
  }
  return { again: every };
}

export function enqueueRejudge<T>(write: Write<T>): Promise<void> {
  return enqueue(write, { kind: advisoryJobs.rejudge, key: 'all', payload: {}, attempts: 1_000_000 });
}

/** The book as it was left, against the advisories and the program of now. */
export async function beginJudging(parts: HubParts): Promise<void> {
  const revision = parts.database()?.revision ?? '';
  await parts.ledger.write<WatchTables, void>(async (write) => {
    if (await noteAdvisories(write, { before: revision, revision, changed: 'all' }))
      await enqueueRejudge(write);
    // what was judged before a crash is told after it
    else if (await write.selectFrom('watch_news').select('item').executeTakeFirst())
      await enqueueRejudge(write);
  });
}

/** What is marked, and nothing else. */
export async function rejudge(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const { observing, ledger, log, clock } = parts;
  const started = clock.now().getTime();
  let judged = 0;
  let changed = 0;
  while ((await keepOlderImages(observing)) > 0) if (job.signal.aborted) return { again: 0 };
  for (;;) {
    if (job.signal.aborted) return { again: 0 };
    const batch = await rejudgeBatch(observing);
    // the update that overtook this one has marked what it touched, or is about to
    if (batch === undefined) return { again: 1_000 };
    if (batch.judged === 0) break;
    judged += batch.judged;
    changed += batch.changed;
  }
  const now = clock.now().getTime();
  const news = await takeNews(ledger, mostTold, (write, batch) => tell(write, batch, now));
  const { references = [] } = news ?? {};
  if (judged > 0 || news !== undefined)
    log.info(
      { judged, changed, tags: references.length, seconds: (now - started) / 1000 },
      'what the advisories touched was judged again',
    );
  return 'done';
}

async function tell(
  write: Write<WatchTables>,
  { references, news }: NewsOfBatch,
  now: number,
): Promise<void> {
  const verdicts = references.map((reference) => ({ key: reference, payload: { reference } }));
  await enqueueAll(write, advisoryJobs.verdict, verdicts);
  if (references.length > 0) await enqueueReasons(write);
  await enqueueEvidence(write, now);
  for (const { reference, added, gone } of news)
    await post(write, {
      channel: 'notify',
      id: `findings.${now}.${reference}`,
      payload: {
        event: 'findings',
        reference,
        added: added.slice(0, mostIds),
        gone: gone.slice(0, mostIds),
        addedCount: added.length,
        goneCount: gone.length,
      },
    });
  if (references.length > mostTold)
    await post(write, {
      channel: 'notify',
      id: `findings.${now}`,
      payload: { event: 'findings', moreTags: references.length - mostTold },
    });
}
