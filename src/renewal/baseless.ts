// An image that is due for its age and of which nobody knows what it stands on: named in the record, once.
import { fence, type LeasedJob } from '../ledger/index.ts';
import { addImages, newId } from './addimages.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import { imageEnded } from './ending.ts';
import type { RenewalParts } from './parts.ts';
import { knownReasons, recordReasons } from './reasons.ts';

const text = 'nobody knows what it stands on, so a rebuild could not be checked: seaworthy lineage says more';

/** False: the record says so already. */
export async function nameBaseless(
  { ledger, clock }: Pick<RenewalParts, 'ledger' | 'clock'>,
  cause: Extract<Cause, { kind: 'too-old' }>,
  job: LeasedJob,
): Promise<boolean> {
  const now = clock.now().getTime();
  const { reference, digest } = cause;
  const image = { reference, digest, base: '', baseDigest: '', level: 1 };
  return ledger.write<RenewalTables, boolean>(async (write) => {
    await fence(write, job);
    if ((await knownReasons(write, [image])).has(`${reference} ${digest} age ${cause.due}`)) return false;
    const id = newId(now);
    await write
      .insertInto('renewal_renewals')
      .values({
        id,
        cause: JSON.stringify(cause),
        base: '',
        base_digest: '',
        state: 'running',
        text: '',
        created_at: now,
        ended_at: null,
      })
      .execute();
    await recordReasons(write, id, cause, [image], new Map());
    const [row] = await addImages(write, id, cause, [image], now, { state: 'unsafe', text });
    await imageEnded(write, row!, { state: 'unsafe', text, by: 'seaworthy' }, now);
    return true;
  });
}
