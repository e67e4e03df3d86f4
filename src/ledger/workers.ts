// Works on jobs: takes those that are due, runs their handlers side by side, and moves each on.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { messageOf } from '../core/index.ts';
import type { Listening } from './engine.ts';
import { LedgerFault } from './fault.ts';
import { beat } from './heartbeat.ts';
import type { JobEnd, JobPayload, LeasedJob } from './job.ts';
import type { JobRow } from './jobbook.ts';
import { lease } from './lease.ts';
import type { Ledger } from './ledger.ts';
import { type OwnLedger, ownOf } from './own.ts';
import { checkedEnd, type Ended, type Outcome, settleAll } from './settle.ts';
import { outsideOfWriting } from './writing.ts';

export type JobHandler = (job: LeasedJob) => Promise<JobEnd>;

export interface WorkersOptions {
  handlers: Readonly<Record<string, JobHandler>>;
  /** Jobs at a time; 4 when left out. */
  concurrency?: number;
  /** Jobs of one kind at a time. */
  limits?: Readonly<Record<string, number>>;
  /** After so long without a sign of life another worker takes a job; 30 s when left out. */
  leaseMs?: number;
  /** How often is looked for jobs that nobody told of; 5 s when left out. */
  pollMs?: number;
  /** How long `stop` waits for handlers that were told to stop; 20 s when left out. */
  graceMs?: number;
  /** Ms until a job that failed for the nth time is tried again. */
  backoff?: (attempt: number) => number;
  /** Called after a handler threw; `isLast`: the job will not be tried again. */
  onFailure?: (job: LeasedJob, error: unknown, isLast: boolean) => void;
}

export interface Workers {
  /** Looks for jobs now, and resolves once it has. */
  wake(): Promise<void>;
  /** Resolves when nothing runs and nothing is due. */
  idle(): Promise<void>;
  /** Takes no more, tells handlers to stop, waits for them, and gives back what they did not end. */
  stop(): Promise<void>;
}

interface Running {
  row: JobRow;
  abort: AbortController;
  /** When others may take it, by our clock. */
  leasedUntil: number;
}

/** One second, doubled each time up to an hour, less up to half of it by chance. */
export function defaultBackoff(attempt: number): number {
  return Math.min(3_600_000, 1000 * 2 ** (attempt - 1)) * (1 - Math.random() / 2);
}

export function startWorkers(ledger: Ledger, options: WorkersOptions): Workers {
  return outsideOfWriting(() => new Crew(ownOf(ledger), options));
}

class Crew implements Workers {
  readonly #ledger: OwnLedger;
  readonly #options: WorkersOptions;
  readonly #name = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  readonly #running = new Map<number, Running>();
  readonly #onWake = () => void this.wake();
  readonly #onEnqueued = (kinds: ReadonlySet<string>) => {
    if (Object.keys(this.#options.handlers).some((kind) => kinds.has(kind))) this.#onWake();
  };
  #listening: Listening | undefined;
  #beating: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Ended runs that the record does not know of yet. */
  #ended: Ended[] = [];
  #pump: Promise<void> | undefined;
  #isAsked = false;
  #isStopped = false;
  #failures = 0;
  /** When lost jobs are looked for next, by our clock. */
  #reclaimAt = 0;
  #onChange: (() => void)[] = [];
  /** The last look found nothing that is due. */
  #isDry = false;

  constructor(ledger: OwnLedger, options: WorkersOptions) {
    this.#ledger = ledger;
    this.#options = options;
    ledger.wakes.add(this.#onEnqueued);
    this.#listening = ledger.listen?.(this.#onWake);
    this.#beating = setInterval(() => void this.#beat(), this.#leaseMs / 3);
    this.#onWake();
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? 30_000;
  }

  /** One look at a time; who asks during one gets another after it. */
  wake(): Promise<void> {
    this.#isAsked = true;
    this.#isDry = false;
    // whoever wakes it may be in a transaction of theirs
    this.#pump ??= outsideOfWriting(() => this.#look());
    return this.#pump;
  }

  async idle(): Promise<void> {
    while (this.#pump !== undefined || this.#running.size > 0 || this.#ended.length > 0 || !this.#isDry) {
      if (this.#isStopped) return;
      await new Promise<void>((resolve) => this.#onChange.push(resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#ledger.wakes.delete(this.#onEnqueued);
    clearTimeout(this.#timer);
    for (const { abort } of this.#running.values()) abort.abort(new Error('the worker stops'));
    const grace = Promise.withResolvers<void>();
    const late = setTimeout(grace.resolve, this.#options.graceMs ?? 20_000);
    const over = async () => {
      while (this.#running.size > 0) await new Promise<void>((resolve) => this.#onChange.push(resolve));
    };
    await Promise.race([over(), grace.promise]);
    clearTimeout(late);
    clearInterval(this.#beating);
    await this.#pump;
    if (this.#ended.length > 0) await this.wake();
    await this.#listening?.stop();
    this.#changed();
  }

  #changed(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }

  async #look(): Promise<void> {
    // who enqueues many jobs at once wakes once
    await undefined;
    try {
      while (this.#isAsked && (await this.#tryTurn()));
    } finally {
      // at once with the last question, or a wake between the two would be lost
      this.#pump = undefined;
      this.#changed();
    }
  }

  /** Whether the database took part; if not, it is tried again later. */
  async #tryTurn(): Promise<boolean> {
    this.#isAsked = false;
    const ended = this.#ended.splice(0);
    try {
      await this.#turn(ended);
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#ended.unshift(...ended);
      this.#failures++;
      if (!(error instanceof LedgerFault && error.code === 'ledger-closed'))
        this.#ledger.log.warn({ error }, 'jobs cannot be taken; tried again');
      this.#sleep(Math.min(5000, 50 * 2 ** this.#failures));
      return false;
    }
  }

  /** One transaction: what ended is moved on, what is due is taken. */
  async #turn(ended: readonly Ended[]): Promise<void> {
    const room = this.#room();
    if (ended.length === 0 && room.kinds.size === 0) return;
    const leaseMs = this.#leaseMs;
    const now = this.#ledger.clock.now().getTime();
    const isReclaiming = now >= this.#reclaimAt;
    const taken = await this.#ledger.writeAs('read committed', async (write) => {
      await settleAll(write, ended);
      if (this.#isStopped) return { rows: [] };
      const running = [...this.#running.keys()];
      return lease(write, { worker: this.#name, leaseMs, running, isReclaiming, ...room });
    });
    if (isReclaiming) this.#reclaimAt = now + leaseMs / 10;
    for (const row of taken.rows) this.#run(row, now + leaseMs);
    this.#isDry = taken.rows.length === 0;
    const poll = this.#options.pollMs ?? 5000;
    const due = taken.nextAt === undefined ? poll : taken.nextAt - this.#ledger.clock.now().getTime();
    // what is due already waits for room, and is looked for when a job ends
    this.#sleep(due <= 0 ? poll : Math.min(poll, due));
  }

  #sleep(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(this.#onWake, ms);
  }

  /** How many more jobs fit, and of which kinds. */
  #room(): { count: number; kinds: Map<string, number> } {
    const { handlers, limits = {}, concurrency = 4 } = this.#options;
    const count = concurrency - this.#running.size;
    const kinds = new Map<string, number>();
    for (const kind of Object.keys(handlers)) {
      const busy = [...this.#running.values()].filter(({ row }) => row.kind === kind).length;
      const room = Math.min(count, (limits[kind] ?? concurrency) - busy);
      if (room > 0) kinds.set(kind, room);
    }
    return { count, kinds };
  }

  #run(row: JobRow, leasedUntil: number): void {
    const abort = new AbortController();
    this.#running.set(row.id, { row, abort, leasedUntil });
    const job: LeasedJob = {
      id: row.id,
      kind: row.kind,
      payload: JSON.parse(row.payload) as JobPayload,
      attempt: row.attempt,
      token: row.token,
      signal: abort.signal,
      ...(row.key === null ? {} : { key: row.key }),
    };
    void this.#handle(job, row).then((outcome) => {
      this.#running.delete(row.id);
      this.#ended.push({ row, outcome });
      this.#onWake();
      this.#changed();
    });
  }

  async #handle(job: LeasedJob, row: JobRow): Promise<Outcome> {
    try {
      return { kind: 'end', end: checkedEnd(await this.#options.handlers[job.kind]!(job)) };
    } catch (error) {
      // told to stop, it stopped: not its fault
      if (this.#isStopped && job.signal.aborted) return { kind: 'released' };
      const isLast = row.attempt >= row.attempts;
      this.#options.onFailure?.(job, error, isLast);
      const delay = (this.#options.backoff ?? defaultBackoff)(row.attempt);
      return { kind: 'failed', error: messageOf(error), delay };
    }
  }

  async #beat(): Promise<void> {
    if (this.#running.size === 0) return;
    const running = [...this.#running.values()];
    try {
      const leasedUntil = this.#ledger.clock.now().getTime() + this.#leaseMs;
      const held = await beat(
        this.#ledger,
        running.map(({ row }) => row),
        this.#leaseMs,
      );
      for (const one of running)
        if (held.has(one.row.id)) one.leasedUntil = leasedUntil;
        else
          one.abort.abort(
            new LedgerFault('lease-lost', `expected to hold job ${one.row.id}, got a lost lease`),
          );
    } catch (error) {
      this.#ledger.log.warn({ error }, 'leases cannot be renewed; tried again');
      const now = this.#ledger.clock.now().getTime();
      for (const { row, abort, leasedUntil } of running)
        if (leasedUntil <= now)
          abort.abort(
            new LedgerFault(
              'lease-lost',
              `expected to renew the lease of job ${row.id} in time, got no answer`,
            ),
          );
    }
  }
}
