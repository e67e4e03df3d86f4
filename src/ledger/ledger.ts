// What every room that records something works with: one engine, one query layer, on SQLite and on PostgreSQL.
import type { Kysely, Transaction } from 'kysely';

export type Dialect = 'sqlite' | 'postgres';

/**
 * A room's own tables. A book's names start with the book's name (`watch_images`); foreign keys only to books named
 * in `after`. Migrations only ever grow: one that was released is never edited.
 *
 * Columns that both databases agree on, and no others: `text`, `integer` (32 bits), `bigint` (times in milliseconds since
 * 1970, counts; read as number), `blob`/`bytea` (read as Uint8Array) and JSON as `text`. Booleans are integers 0 and 1.
 * `tableWords` has the words that differ.
 */
export interface Book {
  name: string;
  after?: readonly Book[];
  migrations: readonly Migration[];
}

export interface Migration {
  /** `0001-images`: applied in the order of the list, each in one transaction with its own record. */
  name: string;
  up(db: Transaction<unknown>, dialect: Dialect): Promise<void>;
}

/** A write that is one transaction. `T` is the interface of the tables, as Kysely has it. */
export type Write<T> = Transaction<T>;
export type Read<T> = Kysely<T>;

export interface Ledger {
  readonly dialect: Dialect;
  /** To read outside of a transaction: each statement sees all that was committed before it began. */
  read<T>(): Read<T>;
  /**
   * Runs `work` in one serializable transaction; it is run anew when the database says that it met another one
   * (serialization failure, deadlock), so it does nothing but what the transaction undoes. Once a statement failed
   * nothing of it counts. Inside of it neither `read` nor another `write` may be called. Rejects with LedgerFault,
   * ConstraintError or what `work` threw.
   */
  write<T, R>(work: (write: Write<T>) => Promise<R>): Promise<R>;
  /** Whether the database answers; for readiness. */
  ping(): Promise<void>;
  /** After the writes that have begun. */
  close(): Promise<void>;
}
