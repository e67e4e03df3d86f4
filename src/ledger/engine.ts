// What a database is to the query layer: connections that run one statement at a time.
import type { Dialect } from './ledger.ts';
import type { Value } from './value.ts';

export interface Answer {
  rows: Record<string, unknown>[];
  /** Rows inserted, updated or deleted. */
  changes: number;
}

export interface Connection {
  /** Rejects with LedgerFault, ConstraintError or Collision. */
  run(sql: string, parameters: readonly Value[]): Promise<Answer>;
}

export interface Engine {
  readonly dialect: Dialect;
  /** The connection for one transaction, when it is this one's turn. */
  acquireWriter(): Promise<Connection>;
  /** `isBroken` when nobody knows what state it is in. */
  releaseWriter(connection: Connection, isBroken: boolean): void;
  /** A connection for one statement that reads. */
  acquireReader(): Promise<Connection>;
  releaseReader(connection: Connection): void;
  /** The statement that begins a transaction; `alone`: with no other beside it. */
  begin(isolation: Isolation, alone: boolean): string;
  /** Where there is a way to hear of jobs that other processes enqueued. */
  listen?(wake: () => void): Listening;
  close(): Promise<void>;
}

export interface Listening {
  stop(): Promise<void>;
}

/** `serializable` is what SQLite always is; `read committed` is for queues whose rows are locked one by one. */
export type Isolation = 'serializable' | 'read committed';
