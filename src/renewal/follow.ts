// Who follows a cause: of everything that stands on the base, whom it means and who is not on the way already.
import type { Write } from '../ledger/index.ts';
import { isTriedAgain } from './again.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import type { Dependent, RenewalParts } from './parts.ts';
import { knownReasons, reasonsOf } from './reasons.ts';

export interface Followers {
  /** By level. */
  images: readonly Dependent[];
  /** By reference: flaws that the base as it is now would take away. */
  fixes: ReadonlyMap<string, readonly string[]>;
}

/** Rejects with Faults of the registry. */
export async function whoFollows(parts: RenewalParts, cause: Cause): Promise<Followers> {
  const isRenewed = ({ reference }: Dependent) => parts.settingsOf(reference) !== undefined;
  if (cause.kind === 'too-old') {
    const one = await parts.standsOn(cause.reference);
    const isSame = one?.base === cause.base && one.digest === cause.digest && isRenewed(one);
    return { images: isSame ? [one] : [], fixes: new Map() };
  }
  const standing = (await parts.standingOn(cause.base)).filter(isRenewed);
  if (cause.kind !== 'fix-available')
    return {
      images: standing.filter(
        ({ reference }) =>
          cause.kind !== 'asked' || cause.reference === undefined || cause.reference === reference,
      ),
      fixes: new Map(),
    };
  const fixes = await parts.fixedBy(
    cause.to,
    standing.filter(({ level }) => level === 1),
  );
  return { images: fixes.size === 0 ? [] : standing, fixes };
}

export async function freshOf(
  write: Pick<Write<RenewalTables>, 'selectFrom'>,
  cause: Cause,
  { images, fixes }: Followers,
): Promise<readonly Dependent[]> {
  if (cause.kind === 'asked') return images;
  const rows = await write
    .selectFrom('renewal_images')
    .select(['reference', 'from_digest', 'base', 'base_to', 'state', 'verdict_after', 'ended_at'])
    .where((the) => the.or([the('base_to', '=', cause.to), the('ended_at', 'is', null)]))
    .orderBy('created_at')
    .execute();
  if (cause.kind === 'base-moved') {
    // a base that a renewal moved itself brings nothing new to those that follow, or followed in vain
    const follows = new Set(
      rows
        .filter(({ state }) => state !== 'superseded' && state !== 'skipped')
        .filter(({ base_to, ended_at }) => base_to === cause.to || (base_to === null && ended_at === null))
        .map(({ reference, base }) => `${reference} ${base}`),
    );
    return images.filter(({ reference, base }) => !follows.has(`${reference} ${base}`));
  }
  const open = new Set(rows.filter(({ ended_at }) => ended_at === null).map(({ reference }) => reference));
  const last = new Map(rows.map((row) => [`${row.reference} ${row.from_digest} ${row.base}`, row]));
  const known = await knownReasons(write, images);
  const chosen = new Set<string>();
  return images.filter((image) => {
    const { reference, digest, base, level } = image;
    if (open.has(reference)) return false;
    const isMeant =
      level > 1
        ? chosen.has(base)
        : reasonsOf(cause, image, fixes).some((reason) => !known.has(`${reference} ${digest} ${reason}`)) &&
          (cause.kind !== 'again' || isTriedAgain(cause, last.get(`${reference} ${digest} ${base}`)));
    if (isMeant) chosen.add(reference);
    return isMeant;
  });
}

/** Those whose tag still names the digest that the book has, which after a crash may be older, and what stands on them. */
export async function asTheyAre(
  { workshop }: RenewalParts,
  images: readonly Dependent[],
): Promise<readonly Dependent[]> {
  const there = new Map<string, Dependent>();
  for (const image of images) {
    const { reference, digest, base, level } = image;
    const isThere = level > 1 ? there.has(base) : (await workshop.current(reference)) === digest;
    if (isThere) there.set(reference, image);
  }
  return [...there.values()];
}

/** Whether one of them is renewed just now; one that a person is asked about may be so for days. */
export async function isOnTheWay(
  read: Pick<Write<RenewalTables>, 'selectFrom'>,
  { images }: Followers,
): Promise<boolean> {
  const rows = await read
    .selectFrom('renewal_images')
    .select('reference')
    .where('ended_at', 'is', null)
    .where('state', '!=', 'approval')
    .execute();
  const open = new Set(rows.map(({ reference }) => reference));
  return images.some(({ reference }) => open.has(reference));
}
