// Whether a tag moved: one HEAD a look; what counts are the digests of its platforms, never that of an index alone.
import type { Clock } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import type { Ledger, Write } from '../ledger/index.ts';
import { type Registry, RemoteFault, resolveTag } from '../transport/index.ts';
import { platformsOf, type ResolvedImage } from '../trust/index.ts';
import type { WatchTables } from './book.ts';

export interface Look {
  ledger: Ledger;
  clock: Clock;
  registryOf(domain: string): Registry;
  /** By digest. */
  resolve(reference: string, digest: string): Promise<ResolvedImage>;
}

export interface Moved {
  reference: string;
  role: 'image' | 'base';
  /** What it named before; null: it was never seen. */
  from: string | null;
  /** Null: it is gone. */
  to: string | null;
  /** Platforms whose image is another one now, also new ones; empty where only the index changed. */
  platforms: string[];
}

/**
 * Looks at one tag and writes down what it names. `told`, in the same transaction, hears of what moved. Undefined: it
 * names what it named. Rejects with Faults of the registry; the tag's row says so too.
 */
export async function lookAtTag(
  look: Look,
  reference: string,
  told: (write: Write<WatchTables>, moved: Moved) => Promise<void>,
): Promise<Moved | undefined> {
  const { domain, repository, tag = 'latest' } = parseReference(reference);
  const { ledger, clock } = look;
  const row = await rowOf(ledger, reference);
  if (row === undefined) return undefined;
  const digest = await digestNow(look, domain, repository, tag, reference);
  const now = clock.now().getTime();
  if (digest === row.digest) {
    await saw(ledger, reference, { looked_at: now, trouble: null });
    return undefined;
  }
  const image = digest === undefined ? undefined : await look.resolve(reference, digest);
  const platforms = image === undefined ? [] : await platformDigests(image);
  const before = row.digest === null ? [] : await knownPlatforms(ledger, row.digest);
  const changed = platforms.filter(
    (one) => !before.some((other) => other.platform === one.platform && other.digest === one.digest),
  );
  const moved: Moved = {
    reference,
    role: row.role,
    from: row.digest,
    to: digest ?? null,
    platforms: changed.map(({ platform }) => platform),
  };
  await ledger.write<WatchTables, void>(async (write) => {
    const current = await write
      .selectFrom('watch_tags')
      .select('digest')
      .where('reference', '=', reference)
      .executeTakeFirst();
    // another look saw it before this one
    if (current?.digest === moved.to) return;
    await write
      .updateTable('watch_tags')
      .set({
        digest: moved.to,
        media_type: image?.mediaType ?? null,
        looked_at: now,
        moved_at: now,
        trouble: digest === undefined ? 'the tag is gone' : null,
      })
      .where('reference', '=', reference)
      .execute();
    for (const one of platforms)
      await write
        .insertInto('watch_platforms')
        .values({ parent: digest!, ...one })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    await told(write, moved);
  });
  return moved;
}

async function digestNow(
  look: Look,
  domain: string,
  repository: string,
  tag: string,
  reference: string,
): Promise<string | undefined> {
  try {
    return await resolveTag(look.registryOf(domain), repository, tag);
  } catch (error) {
    if (error instanceof RemoteFault && error.code === 'image-not-found') return undefined;
    const text = error instanceof Error ? error.message : String(error);
    await saw(look.ledger, reference, { looked_at: look.clock.now().getTime(), trouble: text });
    throw error;
  }
}

async function rowOf(ledger: Ledger, reference: string) {
  return ledger
    .read<WatchTables>()
    .selectFrom('watch_tags')
    .select(['digest', 'role'])
    .where('reference', '=', reference)
    .executeTakeFirst();
}

async function saw(
  ledger: Ledger,
  reference: string,
  set: { looked_at: number; trouble: string | null },
): Promise<void> {
  await ledger.write<WatchTables, void>(async (write) => {
    await write.updateTable('watch_tags').set(set).where('reference', '=', reference).execute();
  });
}

function knownPlatforms(ledger: Ledger, parent: string) {
  return ledger
    .read<WatchTables>()
    .selectFrom('watch_platforms')
    .select(['platform', 'digest'])
    .where('parent', '=', parent)
    .execute();
}

/** An image that is in no index has no platform but in its config, which costs another request: `` stands for it. */
async function platformDigests(image: ResolvedImage): Promise<{ platform: string; digest: string }[]> {
  return platformsOf(image).map(({ digest, platform }) => ({ platform: platform ?? '', digest }));
}

/** Begins to watch tags; one that is watched already keeps what is known of it, and is an image rather than a base. */
export async function watchTags(
  write: Write<WatchTables>,
  references: readonly string[],
  role: 'image' | 'base',
): Promise<void> {
  for (const reference of references) {
    const { domain, repository, tag = 'latest' } = parseReference(reference);
    await write
      .insertInto('watch_tags')
      .values({
        reference: `${domain}/${repository}:${tag}`,
        domain,
        repository,
        tag,
        role,
        digest: null,
        media_type: null,
        looked_at: null,
        moved_at: null,
        trouble: null,
      })
      .onConflict((conflict) =>
        role === 'image' ? conflict.column('reference').doUpdateSet({ role }) : conflict.doNothing(),
      )
      .execute();
  }
}
