// The record read back: what moved, why, which images followed and how, and how long each step took.
import type { Ledger } from '../ledger/index.ts';
import type { RenewalTables } from './book.ts';
import { type Cause, causeText } from './cause.ts';
import { RenewalFault } from './fault.ts';
import { notesOf } from './notes.ts';
import type { PackageDiff } from './packagediff.ts';
import type { Tried } from './smoketest.ts';
import type { ImageState, RenewalState } from './state.ts';
import type { Counted } from './worse.ts';

export interface RenewalSummary {
  id: string;
  cause: string;
  base: string;
  digest: string;
  state: RenewalState;
  text: string;
  /** Ms since 1970. */
  createdAt: number;
  endedAt?: number;
  images: number;
}

export interface RenewedImage {
  id: string;
  reference: string;
  level: number;
  from: string;
  to?: string;
  base: { reference: string; from: string; to?: string };
  state: ImageState;
  text: string;
  means?: string;
  why?: string;
  before?: Counted;
  after?: Counted;
  approvedBy?: string;
  proofs?: unknown;
  packages?: PackageDiff;
  tried?: Tried;
  /** What the proofs of its rebase leave to say. */
  notes: string[];
  steps: { step: string; startedAt: number; endedAt: number; ledTo: string; text: string }[];
  rollouts: { target: string; state: string; text: string; startedAt: number; endedAt?: number }[];
}

export interface RenewalDetail extends Omit<RenewalSummary, 'images'> {
  images: RenewedImage[];
}

/** The newest first. `before`: only those that began earlier than this one. */
export async function listRenewals(
  ledger: Ledger,
  { limit = 50, before }: { limit?: number; before?: string } = {},
): Promise<RenewalSummary[]> {
  let query = ledger
    .read<RenewalTables>()
    .selectFrom('renewal_renewals')
    .leftJoin('renewal_images', 'renewal_images.renewal', 'renewal_renewals.id')
    .select((the) => [
      'renewal_renewals.id',
      'renewal_renewals.cause',
      'renewal_renewals.base',
      'renewal_renewals.base_digest',
      'renewal_renewals.state',
      'renewal_renewals.text',
      'renewal_renewals.created_at',
      'renewal_renewals.ended_at',
      the.fn.count<number>('renewal_images.id').as('images'),
    ])
    .groupBy([
      'renewal_renewals.id',
      'renewal_renewals.cause',
      'renewal_renewals.base',
      'renewal_renewals.base_digest',
      'renewal_renewals.state',
      'renewal_renewals.text',
      'renewal_renewals.created_at',
      'renewal_renewals.ended_at',
    ])
    .orderBy('renewal_renewals.created_at', 'desc')
    .orderBy('renewal_renewals.id', 'desc')
    .limit(limit);
  if (before !== undefined) query = query.where('renewal_renewals.id', '<', before);
  return (await query.execute()).map((row) => ({ ...summaryOf(row), images: Number(row.images) }));
}

/** Rejects with RenewalFault `renewal-unknown`. */
export async function readRenewal(ledger: Ledger, id: string): Promise<RenewalDetail> {
  const read = ledger.read<RenewalTables>();
  const row = await read.selectFrom('renewal_renewals').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined)
    throw new RenewalFault('renewal-unknown', `expected the id of a renewal, got ${id}`, {
      hint: 'seaworthy renewals lists them',
    });
  const images = await read
    .selectFrom('renewal_images')
    .selectAll()
    .where('renewal', '=', id)
    .orderBy('level')
    .orderBy('reference')
    .execute();
  const ids = images.map((image) => image.id);
  const steps =
    ids.length === 0
      ? []
      : await read.selectFrom('renewal_steps').selectAll().where('image', 'in', ids).orderBy('id').execute();
  const rollouts =
    ids.length === 0
      ? []
      : await read
          .selectFrom('renewal_rollouts')
          .selectAll()
          .where('image', 'in', ids)
          .orderBy('target')
          .execute();
  return {
    ...summaryOf(row),
    images: images.map((image) => ({
      ...imageOf(image),
      steps: steps
        .filter((step) => step.image === image.id)
        .map(({ step, started_at, ended_at, led_to, text }) => ({
          step,
          startedAt: started_at,
          endedAt: ended_at,
          ledTo: led_to,
          text,
        })),
      rollouts: rollouts
        .filter((one) => one.image === image.id)
        .map(({ target, state, text, started_at, ended_at }) => ({
          target,
          state,
          text,
          startedAt: started_at,
          ...(ended_at === null ? {} : { endedAt: ended_at }),
        })),
    })),
  };
}

function summaryOf(row: RenewalTables['renewal_renewals']): Omit<RenewalSummary, 'images'> {
  return {
    id: row.id,
    cause: causeText(JSON.parse(row.cause) as Cause),
    base: row.base,
    digest: row.base_digest,
    state: row.state,
    text: row.text,
    createdAt: row.created_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

function imageOf(row: RenewalTables['renewal_images']): Omit<RenewedImage, 'steps' | 'rollouts'> {
  return {
    id: row.id,
    reference: row.reference,
    level: row.level,
    from: row.from_digest,
    ...(row.to_digest === null ? {} : { to: row.to_digest }),
    base: {
      reference: row.base,
      from: row.base_from,
      ...(row.base_to === null ? {} : { to: row.base_to }),
    },
    state: row.state,
    text: row.text,
    ...(row.means === null ? {} : { means: row.means }),
    ...(row.why === '' ? {} : { why: row.why }),
    ...(row.found_before === null ? {} : { before: JSON.parse(row.found_before) as Counted }),
    ...(row.found_after === null ? {} : { after: JSON.parse(row.found_after) as Counted }),
    ...(row.approved_by === null ? {} : { approvedBy: row.approved_by }),
    ...(row.proofs === null ? {} : { proofs: JSON.parse(row.proofs) as unknown }),
    ...(row.packages === null ? {} : { packages: JSON.parse(row.packages) as PackageDiff }),
    ...(row.tried === null ? {} : { tried: JSON.parse(row.tried) as Tried }),
    notes: row.proofs === null ? [] : notesOf(JSON.parse(row.proofs)),
  };
}
