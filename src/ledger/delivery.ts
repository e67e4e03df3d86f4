// Delivers what waits in the outbox: in order within a channel, at least once, until it is taken or given up.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/index.ts';
import { fence } from './fence.ts';
import type { JobEnd, JobPayload, LeasedJob } from './job.ts';
import type { Ledger } from './ledger.ts';
import { deliveryKind, nudge } from './outbox.ts';
import { type OutboxRow, type OutboxTables, ofOutbox } from './outboxbook.ts';
import { type OwnLedger, ownOf } from './own.ts';
import { defaultBackoff, startWorkers, type Workers, type WorkersOptions } from './workers.ts';

export interface Delivery {
  channel: string;
  /** The same for each try: the receiver that had it before takes it for the one it had. */
  id: string;
  payload: JobPayload;
  /** 1 for the first. */
  attempt: number;
  /** Ms since 1970. */
  postedAt: number;
}

/** Rejects when it was not taken; it is tried again, and nothing after it in the channel comes first. */
export type Deliver = (event: Delivery, signal: AbortSignal) => Promise<void>;

export interface DeliveryOptions extends Pick<WorkersOptions, 'leaseMs' | 'pollMs' | 'graceMs' | 'backoff'> {
  channels: Readonly<Record<string, Deliver>>;
  /** After so long an event is given up: it stays, dead, and the next one is delivered; three days when left out. */
  giveUpMs?: number;
  /** How long what was delivered stays, to be asked for again; seven days when left out. */
  keepMs?: number;
  /** For one try; 30 s when left out. */
  timeoutMs?: number;
  /** Called after a try failed; `isLast`: the event was given up. */
  onFailure?: (event: Delivery, error: unknown, isLast: boolean) => void;
}

const DAY = 86_400_000;
/** For an event whose poster was killed before it could ask for the delivery. */
const LOOK_AGAIN = 30_000;

export function startDelivery(ledger: Ledger, options: DeliveryOptions): Workers {
  const own = ownOf(ledger);
  const { channels, leaseMs, pollMs, graceMs } = options;
  const handlers = Object.entries(channels).map(
    ([channel, deliver]) =>
      [
        deliveryKind(channel),
        (job: LeasedJob) => deliverChannel(own, channel, deliver, options, job),
      ] as const,
  );
  const workers = startWorkers(ledger, {
    handlers: Object.fromEntries(handlers),
    concurrency: handlers.length,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(pollMs === undefined ? {} : { pollMs }),
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  // whoever posted may have been killed before it asked
  if (own.dialect === 'postgres') for (const channel of Object.keys(channels)) void nudge(own, channel);
  return workers;
}

/** What waits, one after the other, until nothing does or one is not taken. */
async function deliverChannel(
  ledger: OwnLedger,
  channel: string,
  deliver: Deliver,
  options: DeliveryOptions,
  job: LeasedJob,
): Promise<JobEnd> {
  for (;;) {
    job.signal.throwIfAborted();
    const row = await ledger
      .read<OutboxTables>()
      .selectFrom('ledger_outbox')
      .selectAll()
      .where('channel', '=', channel)
      .where('state', '=', 'waiting')
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) break;
    const wait = row.next_at - ledger.clock.now().getTime();
    if (wait > 0) return { again: wait };
    const event = deliveryOf(row);
    try {
      await inTime(deliver, event, job.signal, options.timeoutMs ?? 30_000);
    } catch (error) {
      // the worker stops, or another has the channel: no failure of the receiver
      job.signal.throwIfAborted();
      await failed(ledger, row, error, options, job);
      continue;
    }
    await change(ledger, job, row, { state: 'delivered', attempt: event.attempt, error: null });
  }
  await forget(ledger, channel, options.keepMs ?? 7 * DAY, job);
  return ledger.dialect === 'postgres' ? { again: LOOK_AGAIN } : 'done';
}

async function failed(
  ledger: OwnLedger,
  row: OutboxRow,
  error: unknown,
  options: DeliveryOptions,
  job: LeasedJob,
): Promise<void> {
  const now = ledger.clock.now().getTime();
  const event = deliveryOf(row);
  const isLast = now - row.since >= (options.giveUpMs ?? 3 * DAY);
  await change(ledger, job, row, {
    state: isLast ? 'dead' : 'waiting',
    attempt: event.attempt,
    error: messageOf(error).slice(0, 2000).replaceAll('\0', '\u{fffd}'),
    next_at: now + Math.ceil((options.backoff ?? defaultBackoff)(event.attempt)),
  });
  options.onFailure?.(event, error, isLast);
}

function change(
  ledger: OwnLedger,
  job: LeasedJob,
  row: OutboxRow,
  set: Partial<Omit<OutboxRow, 'seq'>>,
): Promise<void> {
  return ledger.write(async (write) => {
    await fence(write, job);
    await ofOutbox(write)
      .updateTable('ledger_outbox')
      .set({ ...set, changed_at: ledger.clock.now().getTime() })
      .where('seq', '=', row.seq)
      .execute();
  });
}

async function forget(ledger: OwnLedger, channel: string, keepMs: number, job: LeasedJob): Promise<void> {
  const old = ledger.clock.now().getTime() - keepMs;
  await ledger.write(async (write) => {
    await fence(write, job);
    const rows = await ofOutbox(write)
      .selectFrom('ledger_outbox')
      .select('seq')
      .where('state', '=', 'delivered')
      .where('changed_at', '<', old)
      .where('channel', '=', channel)
      .limit(1000)
      .execute();
    if (rows.length === 0) return;
    const seqs = rows.map(({ seq }) => seq);
    await ofOutbox(write).deleteFrom('ledger_outbox').where('seq', 'in', seqs).execute();
  });
}

/** A receiver that never answers, and does not heed the signal either, holds nothing up for longer. */
async function inTime(deliver: Deliver, event: Delivery, stop: AbortSignal, ms: number): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const done = new AbortController();
  const late = delay(ms, undefined, { signal: done.signal }).then(() => {
    over.abort(new Error(`expected an answer within ${ms} ms, got none`));
  });
  late.catch(() => {});
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: done.signal });
  });
  try {
    signal.throwIfAborted();
    await Promise.race([deliver(event, signal), aborted]);
  } finally {
    done.abort();
  }
}

function deliveryOf(row: OutboxRow): Delivery {
  return {
    channel: row.channel,
    id: row.id,
    payload: JSON.parse(row.payload) as JobPayload,
    attempt: row.attempt + 1,
    postedAt: row.posted_at,
  };
}
