// What people decide: an image may go on, or not; a base may be renewed on again.
import { type Ledger, record, type Write } from '../ledger/index.ts';
import { wakeImage } from './begin.ts';
import type { RenewalTables } from './book.ts';
import { imageEnded } from './ending.ts';
import { RenewalFault } from './fault.ts';
import type { ImageRow } from './step.ts';

/** Rejects with RenewalFault when nothing of that id waits for approval. */
export async function approveImage(ledger: Ledger, image: string, by: string): Promise<void> {
  await ledger.write<RenewalTables, void>(async (write) => {
    await waitingImage(write, image);
    await write
      .updateTable('renewal_images')
      .set({ approved_by: by, text: `approved by ${by}` })
      .where('id', '=', image)
      .execute();
    await wakeImage(write, image);
    await record(write, { actor: by, action: 'renewal.approved', subject: image, detail: {} });
  });
}

/** The image keeps what it has. */
export async function declineImage(
  ledger: Ledger,
  image: string,
  by: string,
  reason: string,
  now: number,
): Promise<void> {
  await ledger.write<RenewalTables, void>(async (write) => {
    const row = await waitingImage(write, image);
    const text = `declined by ${by}: ${reason}`;
    await write
      .updateTable('renewal_images')
      .set({ state: 'declined', text, updated_at: now, ended_at: now })
      .where('id', '=', image)
      .execute();
    await imageEnded(write, row, { state: 'declined', text, by }, now);
  });
}

async function waitingImage(write: Write<RenewalTables>, image: string): Promise<ImageRow> {
  const row = await write.selectFrom('renewal_images').selectAll().where('id', '=', image).executeTakeFirst();
  if (row?.state === 'approval') return row;
  throw new RenewalFault(
    'nothing-to-decide',
    `expected an image that waits for approval, got ${row === undefined ? `no image ${image}` : `${image}, which is ${row.state}`}`,
    { hint: 'seaworthy renewals lists what waits' },
  );
}

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

/** Rejects with RenewalFault when the base is not held. */
export async function releaseBase(
  ledger: Ledger,
  base: string,
  by: string,
  reason: string,
  now: number,
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
  });
}
