// The words of a `create table` that differ between the two databases.
import { type Kysely, sql } from 'kysely';
import type { Dialect } from './ledger.ts';

export interface TableWords {
  /** Type and constraint of a primary key that the database counts up, never used twice. */
  id: string;
  /** Times in ms since 1970, counts. */
  bigint: string;
  blob: string;
  /** Text that is compared and ordered by byte, whatever the server's language is. */
  text: string;
  /** What ends a `create table (…)`. */
  strict: string;
}

export function tableWords(dialect: Dialect): TableWords {
  return dialect === 'sqlite'
    ? {
        id: 'integer primary key autoincrement',
        bigint: 'integer',
        blob: 'blob',
        text: 'text',
        strict: 'strict',
      }
    : {
        id: 'bigint generated always as identity primary key',
        bigint: 'bigint',
        blob: 'bytea',
        text: 'text collate "C"',
        strict: '',
      };
}

/** Runs statements of a migration one after the other; each text is one statement. */
export async function runStatements<T>(db: Kysely<T>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
