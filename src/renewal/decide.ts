// What people decide: an image may go on, or not.
import { type Ledger, record, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { imageEnded } from './ending.ts';
import { RenewalFault } from './fault.ts';
import { wakeImage } from './jobs.ts';
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
