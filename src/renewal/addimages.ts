// Images of a renewal are written down, in levels; the first level begins at once.
import { randomBytes } from 'node:crypto';
import type { Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import { wakeImage } from './jobs.ts';
import type { Dependent } from './parts.ts';
import type { EndState } from './state.ts';
import type { ImageRow } from './step.ts';

/** `ended`: none of them begins. */
export async function addImages(
  write: Write<RenewalTables>,
  renewal: string,
  cause: Cause,
  follow: readonly Dependent[],
  now: number,
  ended?: { state: EndState; text: string },
): Promise<ImageRow[]> {
  const ids = new Map(follow.map(({ reference }, i) => [reference, `${renewal}.${i + 1}`]));
  const rows: ImageRow[] = [];
  for (const image of [...follow].sort((a, b) => a.level - b.level)) {
    const id = ids.get(image.reference)!;
    const after = image.level === 1 ? null : (ids.get(image.base) ?? null);
    const isOver = ended !== undefined || (image.level > 1 && after === null);
    const row: ImageRow = {
      id,
      renewal,
      reference: image.reference,
      level: image.level,
      after,
      from_digest: image.digest,
      base: image.base,
      base_from: image.baseDigest,
      base_to: image.level === 1 ? cause.to : null,
      state: ended?.state ?? (isOver ? 'skipped' : 'waiting'),
      means: null,
      why: '',
      staging_tag: `seaworthy-${id}`,
      to_digest: null,
      run: null,
      proofs: null,
      found_before: null,
      found_after: null,
      packages: null,
      verdict_before: null,
      verdict_after: null,
      approved_by: null,
      tried: null,
      text: ended?.text ?? (isOver ? `${image.base} is not renewed` : ''),
      created_at: now,
      updated_at: now,
      ended_at: isOver ? now : null,
    };
    await write.insertInto('renewal_images').values(row).execute();
    rows.push(row);
    if (image.level === 1 && !isOver) await wakeImage(write, id);
  }
  return rows;
}

/** Sorts by time, and is short enough to be typed. */
export function newId(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `r${time}-${randomBytes(2).toString('hex')}`;
}
