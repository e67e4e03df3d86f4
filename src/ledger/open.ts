// Opens a ledger: finds the database, brings its books up to date, and hands out reads and writes.
import {
  type DialectAdapter,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import { type Clock, systemClock } from '../core/index.ts';
import { auditBook } from './auditbook.ts';
import { readDriver, writeDriver } from './driver.ts';
import type { Engine, Isolation } from './engine.ts';
import { jobBook } from './jobbook.ts';
import { reclaimAll } from './lease.ts';
import type { Book, Ledger, Write } from './ledger.ts';
import { type MigrationsTable, migrate } from './migrate.ts';
import { outboxBook } from './outboxbook.ts';
import type { LedgerLog, OwnLedger } from './own.ts';
import { openSqlite } from './sqlite.ts';
import { transact } from './transact.ts';
import { parseLedgerUrl } from './url.ts';

export interface LedgerOptions {
  /** `sqlite:/path/ledger.db`, `sqlite::memory:` (thrown away on close), `postgres://user@host/database`. */
  url: string;
  /** Those of the rooms that record; the ledger's own are always there. */
  books: readonly Book[];
  clock?: Clock;
  log?: LedgerLog;
}

const silent: LedgerLog = { warn: () => {} };

/** Rejects with LedgerFault. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { url, books, clock = systemClock, log = silent } = options;
  const place = parseLedgerUrl(url);
  const engine =
    place.kind === 'sqlite'
      ? await openSqlite(place.path)
      : await (await import('./postgres.ts')).openPostgres(place, log);
  const ledger = ledgerOf(engine, clock, log);
  try {
    await migrate(
      <R>(work: (write: Write<MigrationsTable>) => Promise<R>) =>
        ledger.writeAs<MigrationsTable, R>('read committed', work),
      engine.dialect,
      [jobBook, outboxBook, auditBook, ...books],
      clock,
    );
    // no other process can have the file: what is leased in it was left behind by a crash
    if (engine.dialect === 'sqlite') await ledger.write(reclaimAll);
  } catch (error) {
    await ledger.close();
    throw error;
  }
  return ledger;
}

/** Of an engine that is set up. */
export function ledgerOf(engine: Engine, clock: Clock, log: LedgerLog): OwnLedger {
  const { reader, writer } = queriesOf(engine);
  const ledger: OwnLedger = {
    dialect: engine.dialect,
    clock,
    log,
    wakes: new Set(),
    read: <T>() => reader as unknown as Kysely<T>,
    write: <T, R>(work: (write: Write<T>) => Promise<R>) => ledger.writeAs('serializable', work),
    writeAs: <T, R>(isolation: Isolation, work: (write: Write<T>) => Promise<R>) =>
      transact(ledger, writer as unknown as Kysely<T>, work, isolation),
    ...(engine.listen === undefined ? {} : { listen: engine.listen }),
    async ping() {
      await sql`select 1`.execute(reader);
    },
    close: () => engine.close(),
  };
  return ledger;
}

function queriesOf(engine: Engine): { reader: Kysely<unknown>; writer: Kysely<unknown> } {
  const isSqlite = engine.dialect === 'sqlite';
  const parts = {
    createAdapter: (): DialectAdapter => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
    createIntrospector: (db: Kysely<unknown>) =>
      isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
    createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
  };
  return {
    reader: new Kysely({ dialect: { ...parts, createDriver: () => readDriver(engine) } }),
    writer: new Kysely({ dialect: { ...parts, createDriver: () => writeDriver(engine) } }),
  };
}
