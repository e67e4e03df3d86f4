// How old an image is, and what happens when it is older than its configuration allows.
import { parseConfig, parseReference } from '../image/index.ts';
import { enqueue, type JobEnd, type LeasedJob, type Write } from '../ledger/index.ts';
import { type LineageTables, standsOn } from '../lineage/index.ts';
import { type Cause, nameBaseless, type RenewalTables, spanText } from '../renewal/index.ts';
import { enqueueBegin } from './hubbegin.ts';
import type { HubParts } from './hubparts.ts';

export const ageJob = 'renewal.age';

/** One for each tag: looked at when it is due, and again whenever it moved. */
export function enqueueAge<T>(write: Write<T>, reference: string): Promise<void> {
  return enqueue(write, { kind: ageJob, key: reference, payload: { reference }, attempts: 1_000_000 });
}

/** Begun once when it is older than allowed, and once for each further span of that length that it stays as it is. */
export async function lookAtAge(parts: HubParts, job: LeasedJob): Promise<JobEnd> {
  const { ledger, clock, renewal, log } = parts;
  const reference = String(job.payload['reference']);
  const maxAge = parts.settingsOf(reference)?.maxAge;
  const born = maxAge === undefined ? undefined : await bornAt(parts, reference);
  if (renewal === undefined || maxAge === undefined || born === undefined) return 'done';
  const now = clock.now().getTime();
  const times = Math.floor((now - born.at) / maxAge);
  const again = Math.max(1000, born.at + (times + 1) * maxAge - now);
  if (times < 1) return { again };
  const due = born.at + times * maxAge;
  const aged = { reference, digest: born.digest, maxAge: spanText(maxAge) };
  const cause: Cause = { kind: 'too-old', base: '', to: '', ...aged, due };
  const on = await standsOn(ledger.read<LineageTables>(), reference);
  const to = on === undefined ? undefined : await renewal.workshop.current(on.base);
  if (on !== undefined && to !== undefined)
    await ledger.write((write) => enqueueBegin(write, { ...cause, base: on.base, to }, now));
  else if (await nameBaseless(renewal, cause, job))
    log.warn({ reference, maxAge: cause.maxAge }, 'an image is too old, and nobody knows what it stands on');
  return { again };
}

/**
 * By `created`, of its platforms the oldest. An image is no younger than its first sighting: what was built to be
 * reproducible is dated 1970, or by its source, or not at all, and a date to come is none. What a renewal made is as young
 * as that renewal, whatever it is dated: an image just rebuilt is not old. Undefined: it was never looked into.
 */
export async function bornAt(
  { ledger }: Pick<HubParts, 'ledger'>,
  reference: string,
): Promise<{ at: number; digest: string } | undefined> {
  const { domain, repository, tag = 'latest' } = parseReference(reference);
  const rows = await ledger
    .read<LineageTables>()
    .selectFrom('lineage_tags')
    .innerJoin('lineage_images', 'lineage_images.id', 'lineage_tags.image_id')
    .innerJoin('lineage_documents', 'lineage_documents.digest', 'lineage_images.config_digest')
    .select(['lineage_tags.digest', 'lineage_images.first_seen', 'lineage_documents.bytes'])
    .where('lineage_tags.repository', '=', `${domain}/${repository}`)
    .where('lineage_tags.tag', '=', tag)
    .execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  const dates = rows.map(({ bytes, first_seen }) => {
    const made = Date.parse(parseConfig(Buffer.from(bytes)).created ?? '');
    return made >= earliest && made < first_seen ? made : first_seen;
  });
  const made = await ledger
    .read<RenewalTables>()
    .selectFrom('renewal_images')
    .select((the) => the.fn.max('updated_at').as('at'))
    .where('to_digest', '=', first.digest)
    .where('reference', '=', reference)
    .where('state', 'in', ['tagging', 'rolling', 'done'])
    .executeTakeFirst();
  return { at: Math.max(Math.min(...dates), Number(made?.at ?? 0)), digest: first.digest };
}

/** Reproducible builds write the beginning of 1970 or of 1980 (zip's), which is no date. */
const earliest = Date.parse('1980-01-03T00:00:00Z');
