// What a job is: a row that one worker at a time leases, works on and moves on, through crashes.

/** JSON that a job carries, 64 KiB at most: what is large lies in a table. */
export type JobPayload = Readonly<Record<string, unknown>>;

export interface NewJob {
  /** Which handler works on it: `renewal.step`, `watch.poll`, … */
  kind: string;
  payload: JobPayload;
  /** One job with this key per kind; a new one replaces payload and time of one that waits or is dead, and of one that runs it says "once more". */
  key?: string;
  /** Ms since 1970; now when left out. */
  runAt?: number;
  /** Smaller first; 0 when left out. */
  priority?: number;
  /** Attempts until it is set aside as dead, where a person sees it; 25 when left out. */
  attempts?: number;
}

export interface LeasedJob {
  id: number;
  kind: string;
  key?: string;
  payload: JobPayload;
  /** 1 for the first; lost workers count. */
  attempt: number;
  /** Grows with each lease: who holds an older one cannot write any more. */
  token: number;
  /** Aborted when the lease is lost or the worker stops. */
  signal: AbortSignal;
}

/** What becomes of a job that did not throw; `again`: run anew in so many ms, with all its attempts. */
export type JobEnd = 'done' | { again: number };

/** Within the transaction of whoever moves a job on. */
export type JobHold = Pick<LeasedJob, 'id' | 'kind' | 'token'>;
