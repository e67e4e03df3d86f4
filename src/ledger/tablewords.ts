// The words of a `create table` that differ between the two databases.
import { type Kysely, sql } from 'kysely';
import type { Dialect } from './ledger.ts';

export interface TableWords {
  /** Type and constraint of a primary key that the database counts up, never used twice. */
  id: string;
  /** Times in ms since 1970, counts. */
  bigint: string;
  blob: string;
  /** What ends a `create table (…)`. */
  strict: string;
}

export function tableWords(dialect: Dialect): TableWords {
  return dialect === 'sqlite'
    ? { id: 'integer primary key autoincrement', bigint: 'integer', blob: 'blob', strict: 'strict' }
    : {
        id: 'bigint generated always as identity primary key',
        bigint: 'bigint',
        blob: 'bytea',
        strict: '',
      };
}

/** Runs statements of a migration one after the other; each text is one statement. */
export async function runStatements<T>(db: Kysely<T>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
