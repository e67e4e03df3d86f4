// A ledger: what is written is there, whole or not at all, on both databases.
import assert from 'node:assert/strict';
import test from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import {
  afterCommit,
  type Book,
  type Generated,
  openLedger,
  runStatements,
  sql,
  tableWords,
  type Write,
} from './index.ts';
import { outsideOfWriting } from './writing.ts';

interface Tables {
  fleet_ships: { id: Generated<number>; name: string; seen: number; hull: Uint8Array | null };
  fleet_ports: { ship: number; port: string };
}

const ships: Book = {
  name: 'fleet',
  migrations: [
    {
      name: '0001-ships',
      async up(db, dialect) {
        const { id, bigint, blob, strict } = tableWords(dialect);
        await runStatements(db, [
          `create table fleet_ships (id ${id}, name text not null unique, seen ${bigint} not null, hull ${blob}) ${strict}`,
          `create table fleet_ports (ship ${bigint} not null references fleet_ships (id), port text not null) ${strict}`,
        ]);
      },
    },
  ],
};
const books = [ships];
const ship = (name: string) => ({ name, seen: 1, hull: null });

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  test(said('a write is seen by every read that begins after it'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    assert.equal(ledger.dialect, ledgers.dialect);
    const hull = new Uint8Array([0, 1, 255]);
    const seen = 4_102_444_800_123;
    const { id } = await ledger.write<Tables, { id: number }>((write) =>
      write
        .insertInto('fleet_ships')
        .values({ name: 'Zoë 🚢', seen, hull })
        .returning('id')
        .executeTakeFirstOrThrow(),
    );
    const rows = await ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute();
    assert.deepEqual(rows, [{ id, name: 'Zoë 🚢', seen, hull }]);
    const { n } = await ledger
      .read<Tables>()
      .selectFrom('fleet_ships')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    assert.equal(n, 1);
    await ledger.ping();
  });

  test(said('a write that throws leaves nothing'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    const mine = new Error('mine');
    let hooks = 0;
    await assert.rejects(
      ledger.write<Tables, void>(async (write) => {
        afterCommit(() => hooks++);
        await write.insertInto('fleet_ships').values(ship('Ann')).execute();
        throw mine;
      }),
      mine,
    );
    assert.deepEqual(await ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute(), []);
    assert.equal(hooks, 0);
    await ledger.write<Tables, void>(async () => afterCommit(() => hooks++));
    assert.equal(hooks, 1);
  });

  test(said('once a statement failed nothing of a write counts, whatever became of the error'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await assert.rejects(
      ledger.write<Tables, void>(async (write) => {
        await write.insertInto('fleet_ships').values(ship('Ann')).execute();
        await write
          .insertInto('fleet_ships')
          .values(ship('Ann'))
          .execute()
          .catch(() => {});
      }),
      { name: 'ConstraintError', constraint: 'unique' },
    );
    assert.deepEqual(await ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute(), []);
  });

  test(said('a broken rule of a table is named'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await assert.rejects(
      ledger.write<Tables, unknown>((write) =>
        write.insertInto('fleet_ports').values({ ship: 7, port: 'Kiel' }).execute(),
      ),
      { name: 'ConstraintError', constraint: 'foreign-key' },
    );
    await assert.rejects(
      ledger.write<Tables, unknown>((write) =>
        write
          .insertInto('fleet_ships')
          .values({ ...ship('x'), name: null as unknown as string })
          .execute(),
      ),
      { name: 'ConstraintError', constraint: 'not-null' },
    );
  });

  test(said('writes at once all come through, and none is lost'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    const { id } = await ledger.write<Tables, { id: number }>((write) =>
      write
        .insertInto('fleet_ships')
        .values({ ...ship('Ann'), seen: 0 })
        .returning('id')
        .executeTakeFirstOrThrow(),
    );
    // read, then write what was read: lost updates without a serializable transaction
    const one = () =>
      ledger.write<Tables, void>(async (write) => {
        const { seen } = await write
          .selectFrom('fleet_ships')
          .select('seen')
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
        await write
          .updateTable('fleet_ships')
          .set({ seen: seen + 1 })
          .where('id', '=', id)
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, one));
    const [row] = await ledger.read<Tables>().selectFrom('fleet_ships').select('seen').execute();
    assert.equal(row?.seen, 20);
  });

  test(said('a transaction that others are always in the way of runs alone in the end'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await ledger.write<Tables, unknown>((write) =>
      write
        .insertInto('fleet_ships')
        .values({ ...ship('Ann'), seen: 0 })
        .execute(),
    );
    const bump = (write: Write<Tables>) =>
      write
        .updateTable('fleet_ships')
        .set(({ eb }) => ({ seen: eb('seen', '+', 1) }))
        .execute();
    let tries = 0;
    const others: Promise<unknown>[] = [];
    await ledger.write<Tables, void>(async (write) => {
      tries++;
      await write.selectFrom('fleet_ships').selectAll().execute();
      // begun outside of this transaction, as by another process
      const other = outsideOfWriting(() => ledger.write<Tables, unknown>(bump));
      others.push(other);
      // who is not alone lets the other go first, and then finds the row changed
      if (ledgers.dialect === 'postgres' && tries <= 4) await other;
      await bump(write);
    });
    await Promise.all(others);
    assert.equal(tries, ledgers.dialect === 'postgres' ? 5 : 1);
    const [row] = await ledger.read<Tables>().selectFrom('fleet_ships').select('seen').execute();
    assert.equal(row?.seen, tries + 1);
  });

  test(said('reads answer while a write is open, and see nothing of it'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    const inside = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const writing = ledger.write<Tables, void>(async (write) => {
      await write.insertInto('fleet_ships').values(ship('Ann')).execute();
      inside.resolve();
      await finish.promise;
    });
    await inside.promise;
    assert.deepEqual(await ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute(), []);
    finish.resolve();
    await writing;
    assert.equal((await ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute()).length, 1);
  });

  test(said('what would wait for itself or read around its own write is a bug that is named'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await assert.rejects(
      ledger.write(async () => ledger.write(async () => {})),
      /a write inside of a write/,
    );
    await assert.rejects(
      ledger.write(async () => ledger.read<Tables>().selectFrom('fleet_ships').selectAll().execute()),
      /Ledger.read in it/,
    );
    await assert.rejects(
      ledger.read<Tables>().insertInto('fleet_ships').values(ship('Ann')).execute(),
      /a statement that reads/,
    );
    await assert.rejects(
      ledger
        .read()
        .transaction()
        .execute(async () => {}),
      /Ledger.write/,
    );
  });

  test(said('values that only one database takes are refused by both'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    const record = (values: object) =>
      ledger.write<Tables, unknown>((write) =>
        write
          .insertInto('fleet_ships')
          .values({ ...ship('Ann'), ...values })
          .execute(),
      );
    await assert.rejects(record({ name: 'a\0b' }), { code: 'value-refused' });
    await assert.rejects(record({ seen: Number.NaN }), { code: 'value-refused' });
    await assert.rejects(record({ seen: 2n ** 60n }), { code: 'value-refused' });
    await assert.rejects(record({ seen: new Date() as unknown as number }), TypeError);
    await record({ seen: true as unknown as number });
    const [row] = await ledger.read<Tables>().selectFrom('fleet_ships').select('seen').execute();
    assert.equal(row?.seen, 1);
  });

  test(said('integers that a number cannot hold are an error, never another number'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await assert.rejects(sql`select 9007199254740993 as big`.execute(ledger.read()), /too large|53 bits/);
    const { rows } = await sql`select 9007199254740991 as big`.execute(ledger.read());
    assert.deepEqual(rows, [{ big: 9_007_199_254_740_991 }]);
  });

  test(said('an answer with more rows than are read is refused'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    const rows = sql`with recursive n(x) as (select 1 union all select x + 1 from n where x < 1000001) select x from n`;
    await assert.rejects(rows.execute(ledger.read()), { code: 'result-too-large' });
    await ledger.ping();
  });

  test(said('what was recorded is there when the ledger is opened again'), async (t) => {
    const url = ledgers.place(t);
    const first = await openLedger({ url, books });
    await first.write<Tables, unknown>((write) =>
      write.insertInto('fleet_ships').values(ship('Ann')).execute(),
    );
    await first.close();
    await assert.rejects(first.ping(), { code: 'ledger-closed' });
    await assert.rejects(
      first.write(async () => {}),
      { code: 'ledger-closed' },
    );
    const second = await openLedger({ url, books });
    const rows = await second.read<Tables>().selectFrom('fleet_ships').select('name').execute();
    assert.deepEqual(rows, [{ name: 'Ann' }]);
    await second.close();
  });
}
