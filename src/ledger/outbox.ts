// What is to be told to others, put into the record with the fact that it tells of.
import { enqueue, payloadText } from './enqueue.ts';
import { LedgerFault } from './fault.ts';
import type { JobPayload } from './job.ts';
import type { Ledger, Write } from './ledger.ts';
import { type OutboxRow, type OutboxTables, ofOutbox } from './outboxbook.ts';
import type { OwnLedger } from './own.ts';
import { soon } from './soon.ts';
import { afterCommit, writingOf } from './writing.ts';

export interface NewEvent {
  /** Who it is for, and what is delivered in order: `notify`, … */
  channel: string;
  /** The receiver knows a repetition by it; what is posted under it a second time is the first. */
  id: string;
  payload: JobPayload;
}

export interface PostedEvent {
  seq: number;
  channel: string;
  id: string;
  payload: JobPayload;
  state: OutboxRow['state'];
  /** Deliveries tried. */
  attempt: number;
  /** Why the last one failed. */
  error?: string;
  /** Ms since 1970. */
  postedAt: number;
  changedAt: number;
}

export async function post<T>(write: Write<T>, event: NewEvent): Promise<void> {
  const now = writingOf().ledger.clock.now().getTime();
  const { channel, id } = event;
  await ofOutbox(write)
    .insertInto('ledger_outbox')
    .values({
      channel,
      id,
      payload: payloadText(event.payload),
      state: 'waiting',
      attempt: 0,
      posted_at: now,
      since: now,
      next_at: now,
      changed_at: now,
    })
    .onConflict((on) => on.columns(['channel', 'id']).doNothing())
    .execute();
  await askForDelivery(write, channel);
}

/**
 * On SQLite with the event. On PostgreSQL the one job of a channel would be a row that all who post change, and all but
 * one of them would have to begin anew: there it is asked for right after, and looked for from time to time.
 */
async function askForDelivery<T>(write: Write<T>, channel: string): Promise<void> {
  const { ledger } = writingOf();
  if (ledger.dialect === 'sqlite') await enqueue(write, delivery(channel));
  else afterCommit(() => nudge(ledger, channel));
}

/** Asks for the delivery of a channel; who asks while one is about to ask has asked. */
export function nudge(ledger: OwnLedger, channel: string): Promise<void> {
  return soon(ledger, `deliver ${channel}`, (write) => enqueue(write, delivery(channel)));
}

/** One job delivers what waits in a channel, so that one worker at a time does. */
export function delivery(channel: string) {
  return { kind: deliveryKind(channel), key: 'deliver', payload: { channel } };
}

export function deliveryKind(channel: string): string {
  return `outbox.${channel}`;
}

export interface EventQuery {
  channel?: string;
  state?: OutboxRow['state'];
  /** Only those before this `seq`: the next page. */
  before?: number;
  /** 100 when left out, 1,000 at most. */
  limit?: number;
}

/** The newest first. */
export async function listEvents(ledger: Ledger, query: EventQuery = {}): Promise<PostedEvent[]> {
  let events = ledger.read<OutboxTables>().selectFrom('ledger_outbox').selectAll();
  if (query.channel !== undefined) events = events.where('channel', '=', query.channel);
  if (query.state !== undefined) events = events.where('state', '=', query.state);
  if (query.before !== undefined) events = events.where('seq', '<', query.before);
  const rows = await events
    .orderBy('seq', 'desc')
    .limit(Math.min(query.limit ?? 100, 1000))
    .execute();
  return rows.map(eventOf);
}

/** Delivers an event again that was delivered or given up, with all its time. Rejects with `event-unknown`. */
export async function replay<T>(write: Write<T>, channel: string, id: string): Promise<void> {
  const now = writingOf().ledger.clock.now().getTime();
  const { numUpdatedRows } = await ofOutbox(write)
    .updateTable('ledger_outbox')
    .set({ state: 'waiting', attempt: 0, error: null, since: now, next_at: now, changed_at: now })
    .where('channel', '=', channel)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n)
    throw new LedgerFault('event-unknown', `expected an event of ${channel}, got none with the id ${id}`);
  await askForDelivery(write, channel);
}

export function eventOf(row: OutboxRow): PostedEvent {
  return {
    seq: row.seq,
    channel: row.channel,
    id: row.id,
    payload: JSON.parse(row.payload) as JobPayload,
    state: row.state,
    attempt: row.attempt,
    postedAt: row.posted_at,
    changedAt: row.changed_at,
    ...(row.error === null ? {} : { error: row.error }),
  };
}
