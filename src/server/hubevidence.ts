// Signed evidence of what runs, made anew: before it is too old for a policy, and when the advisories say something else.
import { createHash } from 'node:crypto';
import { isFault } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { enqueue, enqueueAll, type JobEnd, type LeasedJob, type Read, type Write } from '../ledger/index.ts';
import type { RenewalTables } from '../renewal/index.ts';
import { scanAuthorities } from '../trust/index.ts';
import type { WatchTables } from '../watch/index.ts';
import { spanOf } from './config.ts';
import type { HubParts } from './hubparts.ts';

export const evidenceJobs = { look: 'evidence.look', make: 'evidence.make' } as const;

/** Ms between two looks at all that runs. */
const every = 3_600_000;

/** One for all: asked for after the advisories changed, and when a cluster told of what it runs. */
export function enqueueEvidence<T>(write: Write<T>, runAt: number): Promise<void> {
  const job = { kind: evidenceJobs.look, key: 'all', payload: {}, attempts: 1_000_000 };
  return enqueue(write, { ...job, runAt });
}

/**
 * What runs of repositories that are watched: those are ours to write to. Nothing is made that no rule of the policy asks
 * for, nor twice by the same advisories.
 */
export async function lookForEvidence(parts: HubParts): Promise<JobEnd> {
  const { ledger, clock, workshop, policy, config } = parts;
  const revision = parts.database()?.revision;
  if (workshop === undefined) return 'done';
  if (revision === undefined || scanAuthorities(policy.current()).length === 0) return { again: every };
  const now = clock.now().getTime();
  const oldest = now - spanOf(config.advisories?.evidence, '12h');
  const read = ledger.read<WatchTables & RenewalTables>();
  const due: { key: string; payload: { reference: string; digest: string } }[] = [];
  for (const { reference, digest } of await runningOurs(read)) {
    const made = await madeOf(read, digest);
    const isDue =
      made === undefined ||
      (made.revision !== revision &&
        (made.at <= oldest || made.findings !== (await findingsHash(read, digest))));
    if (isDue) due.push({ key: `${reference}@${digest}`, payload: { reference, digest } });
  }
  await ledger.write((write) => enqueueAll(write, evidenceJobs.make, due));
  return { again: every };
}

/** `HOST/REPOSITORY` and digest of each image that runs, of repositories with a tag that the configuration names. */
async function runningOurs(read: Read<WatchTables>): Promise<{ reference: string; digest: string }[]> {
  const tags = await read
    .selectFrom('watch_tags')
    .select(['domain', 'repository'])
    .where('role', '=', 'image')
    .distinct()
    .execute();
  const ours = new Set(tags.map(({ domain, repository }) => `${domain}/${repository}`));
  const rows = await read.selectFrom('watch_running').select(['reference', 'digest']).distinct().execute();
  const found = new Map<string, { reference: string; digest: string }>();
  for (const { reference, digest } of rows) {
    const name = nameIn(reference);
    if (name !== undefined && ours.has(name)) found.set(`${name}@${digest}`, { reference: name, digest });
  }
  return [...found.values()];
}

/** Undefined: a runtime says an image's id, or whatever its agent sends, in the place of a reference. */
function nameIn(reference: string): string | undefined {
  try {
    const { domain, repository } = parseReference(reference);
    return `${domain}/${repository}`;
  } catch (error) {
    if (!isFault(error)) throw error;
    return undefined;
  }
}

/** What was signed of it last, by this job or by the renewal that made the image. */
async function madeOf(read: Read<WatchTables & RenewalTables>, digest: string) {
  const row = await read
    .selectFrom('watch_evidence')
    .select(['revision', 'findings', 'made_at as at'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (row !== undefined) return row;
  const renewed = await read
    .selectFrom('renewal_images')
    .select((the) => the.fn.max('created_at').as('at'))
    .where('to_digest', '=', digest)
    .executeTakeFirst();
  const at = Number(renewed?.at ?? 0);
  return at === 0 ? undefined : { revision: '', findings: await findingsHash(read, digest), at };
}

/** Of what affects its platforms now. */
async function findingsHash(read: Read<WatchTables>, digest: string): Promise<string> {
  const rows = await read
    .selectFrom('watch_findings')
    .leftJoin('watch_platforms', 'watch_platforms.digest', 'watch_findings.digest')
    .select(['watch_findings.id', 'watch_findings.purl', 'watch_findings.severity', 'watch_findings.state'])
    .where((the) =>
      the.or([the('watch_platforms.parent', '=', digest), the('watch_findings.digest', '=', digest)]),
    )
    .distinct()
    .execute();
  const lines = rows.map(({ id, purl, severity, state }) => `${id} ${purl} ${severity} ${state}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Takes the place of what this server signed before. A registry that does not take it is asked at the next look. */
export async function makeEvidence(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const { ledger, clock, workshop, log } = parts;
  const { reference, digest } = job.payload as { reference: string; digest: string };
  const revision = parts.database()?.revision;
  if (workshop === undefined || revision === undefined) return 'done';
  const findings = await findingsHash(ledger.read(), digest);
  try {
    await workshop.scan(reference, digest);
  } catch (error) {
    if (!isFault(error)) throw error;
    log.warn({ reference, digest, error }, 'evidence of what runs could not be made anew');
    return 'done';
  }
  const values = { digest, revision, findings, made_at: clock.now().getTime() };
  await ledger.write<WatchTables, void>(async (write) => {
    await write
      .insertInto('watch_evidence')
      .values(values)
      .onConflict((conflict) => conflict.column('digest').doUpdateSet(values))
      .execute();
  });
  log.info({ reference, digest, revision }, 'evidence of what runs was made anew');
  return 'done';
}
