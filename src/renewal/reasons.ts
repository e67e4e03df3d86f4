// Reasons for which images were begun: none begins twice on the same digest for the same one.
import type { Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import type { Dependent } from './parts.ts';

type Fixes = ReadonlyMap<string, readonly string[]>;

/** None: a base that moved, or a person, needs no other. */
export function reasonsOf(cause: Cause, { reference }: Dependent, fixes: Fixes): string[] {
  switch (cause.kind) {
    case 'too-old':
      return [`age ${cause.due}`];
    case 'again':
      return [`${cause.change} ${cause.id} ${cause.to}`];
    case 'fix-available':
      return (fixes.get(reference) ?? []).map((id) => `fix ${id} ${cause.to}`);
    default:
      return [];
  }
}

/** `REFERENCE DIGEST REASON` */
export async function knownReasons(
  read: Pick<Write<RenewalTables>, 'selectFrom'>,
  images: readonly Pick<Dependent, 'reference'>[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < images.length; at += 500)
    for (const { reference, digest, reason } of await read
      .selectFrom('renewal_reasons')
      .select(['reference', 'digest', 'reason'])
      .where(
        'reference',
        'in',
        images.slice(at, at + 500).map((image) => image.reference),
      )
      .execute())
      found.add(`${reference} ${digest} ${reason}`);
  return found;
}

export async function recordReasons(
  write: Write<RenewalTables>,
  renewal: string,
  cause: Cause,
  images: readonly Dependent[],
  fixes: Fixes,
): Promise<void> {
  const rows = images
    .filter(({ level }) => level === 1)
    .flatMap((image) =>
      reasonsOf(cause, image, fixes).map((reason) => ({
        reference: image.reference,
        digest: image.digest,
        reason,
        renewal,
      })),
    );
  for (let at = 0; at < rows.length; at += 500)
    await write
      .insertInto('renewal_reasons')
      .values(rows.slice(at, at + 500))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}
