// One image on its way: the step of its state is done, then the state moves on in one transaction with its record.
import { isFault, messageOf } from '../core/index.ts';
import { fence, type JobEnd, type LeasedJob, type Write } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { imageEnded } from './ending.ts';
import { wakeImage } from './jobs.ts';
import { making } from './making.ts';
import type { RenewalParts } from './parts.ts';
import type { RunHandle } from './pipeline/index.ts';
import { rolling } from './rolling.ts';
import { checking, judging, scanning, signing } from './signing.ts';
import { isEnd, type OpenState } from './state.ts';
import type { ImageRow, Move, Step } from './step.ts';
import { approval, tagging, waiting } from './tagging.ts';
import { trying } from './trying.ts';

const steps: Record<OpenState, Step> = {
  waiting,
  making,
  scanning,
  judging,
  signing,
  checking,
  trying,
  approval,
  tagging,
  rolling,
};

/** Attempts of a step that fails by a fault of ours, not of the world. */
const mostBugs = 5;

/** The handler of `renewal.image`. */
export async function workOnImage(parts: RenewalParts, job: LeasedJob): Promise<JobEnd> {
  const id = String(job.payload['image']);
  for (;;) {
    job.signal.throwIfAborted();
    const image = await parts.ledger
      .read<RenewalTables>()
      .selectFrom('renewal_images')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (image === undefined || isEnd(image.state)) return 'done';
    const move = await stepOf(image, parts, job);
    await moveOn(parts, job, image, move);
    if ('again' in move) return move.again === 'never' ? 'done' : { again: move.again };
  }
}

async function stepOf(image: ImageRow, parts: RenewalParts, job: LeasedJob): Promise<Move> {
  try {
    return await steps[image.state as OpenState](image, parts, job.signal);
  } catch (error) {
    job.signal.throwIfAborted();
    const text = isFault(error)
      ? `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`
      : messageOf(error);
    if (isPassing(error) || (!isFault(error) && job.attempt < mostBugs)) {
      const said = `${image.state} is tried again: ${text}`;
      const rest = restFor(error);
      if (rest !== undefined) return { again: rest, text: said };
      await note(parts, job, image, said);
      throw error;
    }
    return { to: 'failed', text: `${image.state}: ${text}` };
  }
}

const passing = new Set([
  'connect-failed',
  'name-not-found',
  'registry-failed',
  'rate-limited',
  'timeout',
  'body-truncated',
  'ledger-unreachable',
  'disk-full',
  'update-locked',
]);

/** What time mends: the step is done again, for as long as it takes. */
export function isPassing(error: unknown): boolean {
  if (!isFault(error)) return false;
  return passing.has(error.code) || (error as { isPassing?: unknown }).isPassing === true;
}

const longestRest = 3_600_000;

/** Ms that a service asks to be left alone for, in which nothing is asked. */
function restFor(error: unknown): number | undefined {
  const { retryAfter } = error as { retryAfter?: unknown };
  if (!isPassing(error) || typeof retryAfter !== 'number' || !(retryAfter >= 0)) return undefined;
  return Math.min(longestRest, Math.max(1_000, retryAfter));
}

async function note(parts: RenewalParts, job: LeasedJob, image: ImageRow, text: string): Promise<void> {
  await parts.ledger.write<RenewalTables, void>(async (write) => {
    await fence(write, job);
    await write.updateTable('renewal_images').set({ text }).where('id', '=', image.id).execute();
  });
}

/** The handler of `renewal.cancel`: a run whose image is over is asked to stop. */
export async function cancelRun(parts: RenewalParts, job: LeasedJob): Promise<JobEnd> {
  const row = await parts.ledger
    .read<RenewalTables>()
    .selectFrom('renewal_images')
    .select('run')
    .where('id', '=', String(job.payload['image']))
    .executeTakeFirst();
  if (row === undefined || row.run === null) return 'done';
  const { name, handle } = JSON.parse(row.run) as { name: string; handle: RunHandle };
  try {
    await parts.pipelines.get(name)?.cancel(handle, job.signal);
  } catch (error) {
    const rest = restFor(error);
    if (rest === undefined) throw error;
    return { again: rest };
  }
  return 'done';
}

/** All of it or nothing: a worker that lost its lease writes no more. */
async function moveOn(parts: RenewalParts, job: LeasedJob, image: ImageRow, move: Move): Promise<void> {
  const now = parts.clock.now().getTime();
  await parts.ledger.write<RenewalTables, void>(async (write) => {
    await fence(write, job);
    const current = await write
      .selectFrom('renewal_images')
      .select('state')
      .where('id', '=', image.id)
      .executeTakeFirstOrThrow();
    // superseded, approved or declined meanwhile: what was done here led nowhere
    if (current.state !== image.state) return;
    const text = move.text ?? '';
    if ('again' in move) {
      if (move.set !== undefined || text !== image.text)
        await write
          .updateTable('renewal_images')
          .set({ ...move.set, text })
          .where('id', '=', image.id)
          .execute();
      return;
    }
    await write
      .updateTable('renewal_images')
      .set({ ...move.set, text, state: move.to, updated_at: now, ended_at: isEnd(move.to) ? now : null })
      .where('id', '=', image.id)
      .execute();
    await write
      .insertInto('renewal_steps')
      .values({
        image: image.id,
        step: image.state,
        started_at: image.updated_at,
        ended_at: now,
        led_to: move.to,
        text,
      })
      .execute();
    // whoever stands on it begins once its tag has moved, or stood right: what follows is the cluster's time
    if (move.to === 'rolling' || move.to === 'done')
      await release(write, image, move.set?.to_digest ?? image.to_digest ?? image.from_digest, now);
    if (isEnd(move.to)) await imageEnded(write, image, { state: move.to, text, by: 'seaworthy' }, now);
  });
}

async function release(
  write: Write<RenewalTables>,
  image: ImageRow,
  digest: string,
  now: number,
): Promise<void> {
  const next = await write
    .updateTable('renewal_images')
    .set({ base_to: digest, updated_at: now })
    .where('after', '=', image.id)
    .where('base_to', 'is', null)
    .returning('id')
    .execute();
  for (const { id } of next) await wakeImage(write, id);
}
