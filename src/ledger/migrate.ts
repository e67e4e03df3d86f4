// Brings the books of a ledger to what this program knows, each migration once, each in one transaction.
import { sql, type Transaction } from 'kysely';
import type { Clock } from '../core/index.ts';
import { LedgerFault } from './fault.ts';
import type { Book, Dialect } from './ledger.ts';

export interface MigrationsTable {
  ledger_migrations: { book: string; name: string; applied_at: number };
}

type Apply = <R>(work: (write: Transaction<MigrationsTable>) => Promise<R>) => Promise<R>;

/** Any number, the same in every version of this program: who holds it migrates, the others wait. */
const LOCK = 0x5357_4c47;

export async function migrate(
  apply: Apply,
  dialect: Dialect,
  books: readonly Book[],
  clock: Clock,
): Promise<void> {
  const ordered = inOrder(books);
  const recorded = await apply(async (write) => {
    await lock(write, dialect);
    await sql
      .raw(
        `create table if not exists ledger_migrations (book text not null, name text not null,
          applied_at ${dialect === 'sqlite' ? 'integer' : 'bigint'} not null, primary key (book, name))
          ${dialect === 'sqlite' ? 'strict' : ''}`,
      )
      .execute(write);
    return write.selectFrom('ledger_migrations').select(['book', 'name']).execute();
  });
  for (const book of ordered) {
    const unknown = recorded.find(
      (row) => row.book === book.name && !book.migrations.some(({ name }) => name === row.name),
    );
    if (unknown)
      throw new LedgerFault(
        'ledger-newer',
        `expected a ledger that this version knows, got one with ${book.name} ${unknown.name}, which is newer`,
        { hint: 'run the newer version, or put the backup from before it in place' },
      );
  }
  for (const book of ordered)
    for (const migration of book.migrations)
      await apply(async (write) => {
        await lock(write, dialect);
        const done = await write
          .selectFrom('ledger_migrations')
          .select('name')
          .where('book', '=', book.name)
          .where('name', '=', migration.name)
          .executeTakeFirst();
        if (done) return;
        await migration.up(write as unknown as Transaction<unknown>, dialect);
        const applied_at = clock.now().getTime();
        await write
          .insertInto('ledger_migrations')
          .values({ book: book.name, name: migration.name, applied_at })
          .execute();
      });
}

/** On SQLite a transaction is alone by itself. */
async function lock(write: Transaction<MigrationsTable>, dialect: Dialect): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`set local statement_timeout = 0`.execute(write);
  await sql`set local lock_timeout = 0`.execute(write);
  await sql`select pg_advisory_xact_lock(${LOCK}::integer, hashtext(current_schema()))`.execute(write);
}

/** Each book once, after those it stands on. */
export function inOrder(books: readonly Book[]): Book[] {
  const done: Book[] = [];
  const visit = (book: Book, path: readonly Book[]) => {
    if (path.includes(book)) throw new Error(`books in a circle: ${book.name}`);
    if (done.includes(book)) return;
    for (const earlier of book.after ?? []) visit(earlier, [...path, book]);
    if (!/^[a-z][a-z0-9_]*$/.test(book.name)) throw new Error(`not a name of a book: ${book.name}`);
    if (done.some(({ name }) => name === book.name)) throw new Error(`two books are named ${book.name}`);
    if (new Set(book.migrations.map(({ name }) => name)).size !== book.migrations.length)
      throw new Error(`${book.name} has two migrations of one name`);
    done.push(book);
  };
  for (const book of books) visit(book, []);
  return done;
}
