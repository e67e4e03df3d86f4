// Books are brought up to date: in order, once, and never backwards.
import assert from 'node:assert/strict';
import test from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { type Book, openLedger, runStatements, sql } from './index.ts';
import { inOrder } from './migrate.ts';

function book(name: string, migrations: Record<string, string>, after: Book[] = []): Book {
  return {
    name,
    after,
    migrations: Object.entries(migrations).map(([step, statement]) => ({
      name: step,
      up: (db) => runStatements(db, [statement]),
    })),
  };
}

const hulls = book('hulls', { '0001': 'create table hulls_all (id integer primary key)' });
const masts = book('masts', { '0001': 'create table masts_all (hull integer references hulls_all (id))' }, [
  hulls,
]);

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  test(said('the books that a book stands on come first, though nobody named them'), async (t) => {
    const ledger = await ledgers.open(t, { books: [masts] });
    await sql`select * from masts_all`.execute(ledger.read());
  });

  test(said('a migration is applied once, and new ones of the same book later'), async (t) => {
    const url = ledgers.place(t);
    await (await openLedger({ url, books: [hulls] })).close();
    const grown = book('hulls', {
      '0001': 'create table hulls_all (id integer primary key)',
      '0002': 'alter table hulls_all add column name text',
    });
    for (let time = 0; time < 2; time++) {
      const ledger = await openLedger({ url, books: [grown] });
      await sql`select name from hulls_all`.execute(ledger.read());
      await ledger.close();
    }
  });

  test(said('a migration that fails leaves nothing of itself, and those before it stay'), async (t) => {
    const url = ledgers.place(t);
    const broken = book('hulls', {
      '0001': 'create table hulls_all (id integer primary key)',
      '0002': 'create table hulls_all (id integer primary key)',
    });
    const half: Book = {
      name: 'half',
      migrations: [
        {
          name: '0001',
          async up(db) {
            await runStatements(db, ['create table half_all (id integer primary key)']);
            throw new Error('half way');
          },
        },
      ],
    };
    await assert.rejects(openLedger({ url, books: [broken] }), /already exists/);
    await assert.rejects(openLedger({ url, books: [half] }), /half way/);
    const ledger = await openLedger({ url, books: [hulls] });
    await sql`select * from hulls_all`.execute(ledger.read());
    await assert.rejects(sql`select * from half_all`.execute(ledger.read()));
    await ledger.close();
  });

  // SQLite’s file is one process’s alone
  if (ledgers.dialect === 'postgres')
    test(
      said('of many that open a new ledger at once each finds every migration applied once'),
      async (t) => {
        const url = ledgers.place(t);
        const opened = await Promise.all(
          Array.from({ length: 6 }, () => openLedger({ url, books: [masts, hulls] })),
        );
        const { rows } = await sql`select * from ledger_migrations where book in ('hulls', 'masts')`.execute(
          opened[0]!.read(),
        );
        assert.equal(rows.length, 2);
        for (const ledger of opened) await ledger.close();
      },
    );

  test(said('a ledger that a newer version wrote is left alone'), async (t) => {
    const url = ledgers.place(t);
    const newer = book('hulls', {
      '0001': 'create table hulls_all (id integer primary key)',
      '0002-names': 'alter table hulls_all add column name text',
    });
    await (await openLedger({ url, books: [newer] })).close();
    const other = book('other', { '0001': 'create table other_all (id integer primary key)' });
    await assert.rejects(openLedger({ url, books: [other, hulls] }), {
      code: 'ledger-newer',
      message: /hulls 0002-names/,
    });
    // a program without that book may open it, and the one that was refused made nothing
    const ledger = await openLedger({ url, books: [] });
    await assert.rejects(sql`select * from other_all`.execute(ledger.read()));
    await ledger.close();
  });
}

test('books in a circle, or two of one name, are a bug that is named', () => {
  const one: { name: string; after: Book[]; migrations: [] } = { name: 'one', after: [], migrations: [] };
  const two = { name: 'two', after: [one], migrations: [] };
  one.after.push(two);
  assert.throws(() => inOrder([one]), /circle/);
  assert.throws(() => inOrder([book('a', {}), book('a', {})]), /two books/);
  assert.throws(() => inOrder([book('A;', {})]), /not a name/);
});
