// What the API says of work in the background: jobs, events that are to be told, the audit trail.

export interface ApiJob {
  id: number;
  kind: string;
  key?: string;
  payload: unknown;
  state: 'waiting' | 'leased' | 'dead';
  /** Begun so far, and at most. */
  attempt: number;
  attempts: number;
  runAt: string;
  enqueuedAt: string;
  changedAt: string;
  error?: string;
}

export interface ApiJobs {
  jobs: ApiJob[];
  /** Of each kind and state there are so many, whatever was asked for. */
  counts: { kind: string; state: ApiJob['state']; count: number }[];
  next?: string;
}

export interface ApiEvent {
  channel: string;
  id: string;
  state: 'waiting' | 'delivered' | 'dead';
  attempt: number;
  error?: string;
  postedAt: string;
  changedAt: string;
}

export interface ApiEvents {
  events: ApiEvent[];
  next?: string;
}

export interface ApiAuditAnswer {
  /** Rows that are as they were written. */
  entries: number;
  /** Kept elsewhere, and given as `seq` and `hash` later, it shows that nothing up to here was written anew. */
  end: { seq: number; hash: string };
  broken?: { seq: number; reason: string };
}
