// Bases that are held: nothing is renewed on them until a person says so.
import { type Ledger, record, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { RenewalFault } from './fault.ts';

export interface HoldInfo {
  base: string;
  digest: string;
  reason: string;
  image?: string;
  since: number;
}

export async function listHolds(ledger: Ledger): Promise<HoldInfo[]> {
  const rows = await ledger
    .read<RenewalTables>()
    .selectFrom('renewal_holds')
    .selectAll()
    .where('released_at', 'is', null)
    .orderBy('since')
    .execute();
  return rows.map(({ base, digest, reason, image, since }) => ({
    base,
    digest,
    reason,
    since,
    ...(image === null ? {} : { image }),
  }));
}

/** `also`: in the same transaction. Rejects with RenewalFault when the base is not held. */
export async function releaseBase(
  ledger: Ledger,
  base: string,
  by: string,
  reason: string,
  now: number,
  also?: (write: Write<RenewalTables>) => Promise<void>,
): Promise<void> {
  await ledger.write<RenewalTables, void>(async (write) => {
    const { numUpdatedRows } = await write
      .updateTable('renewal_holds')
      .set({ released_at: now, released_by: by, released_why: reason })
      .where('base', '=', base)
      .where('released_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n)
      throw new RenewalFault('nothing-to-decide', `expected a base that is held, got ${base}, which is not`, {
        hint: 'seaworthy renewals lists what is held',
      });
    await record(write, { actor: by, action: 'renewal.released', subject: base, detail: { reason } });
    await also?.(write);
  });
}
