// SQLite's own bad days: two processes, a full disk, a file that is damaged or somebody else's.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { openLedger, runStatements, sql } from './index.ts';

const books = [
  {
    name: 'log',
    migrations: [
      {
        name: '0001',
        up: (db: Parameters<typeof runStatements>[0]) =>
          runStatements(db, ['create table log_lines (id integer primary key, text text not null) strict']),
      },
    ],
  },
];

interface Tables {
  log_lines: { id: number; text: string };
}

function fileOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-sqlite-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'deep', 'ledger.db');
}

test('a second process is refused while the first runs, and let in once it was killed', async (t) => {
  const file = fileOf(t);
  const program = `
    const { openLedger } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    await openLedger({ url: ${JSON.stringify(`sqlite:${file}`)}, books: [] });
    process.stdout.write('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  await assert.rejects(openLedger({ url: `sqlite:${file}`, books: [] }), {
    code: 'ledger-in-use',
    hint: /fuser/,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const ledger = await openLedger({ url: `sqlite:${file}`, books });
  await assert.rejects(openLedger({ url: `sqlite:${file}`, books: [] }), { code: 'ledger-in-use' });
  await ledger.close();
});

test('the file and what SQLite puts beside it are for their owner only', async (t) => {
  const file = fileOf(t);
  const ledger = await openLedger({ url: `sqlite:${file}`, books });
  for (const path of [file, `${file}-wal`, `${file}-lock`])
    assert.equal(statSync(path).mode & 0o777, 0o600, path);
  await ledger.close();
});

test('a full disk is said, leaves nothing half written, and writing goes on once there is room', async (t) => {
  const file = fileOf(t);
  const ledger = await openLedger({ url: `sqlite:${file}`, books });
  const fill = (from: number) =>
    ledger.write<Tables, void>(async (write) => {
      for (let id = from; id < from + 50; id++)
        await write
          .insertInto('log_lines')
          .values({ id, text: 'x'.repeat(4000) })
          .execute();
    });
  await ledger.write(async (write) => {
    await sql`pragma max_page_count = 60`.execute(write);
  });
  await fill(0).catch(() => {});
  await assert.rejects(fill(100), { code: 'disk-full', hint: /make room/ });
  const count = async () =>
    (await ledger.read<Tables>().selectFrom('log_lines').select('id').execute()).length;
  assert.equal((await count()) % 50, 0);
  await ledger.write(async (write) => {
    await sql`pragma max_page_count = 6000`.execute(write);
  });
  await fill(100);
  assert.ok((await count()) >= 50);
  await ledger.close();
});

test('a file that is no database, or a damaged one, is refused and left as it was', async (t) => {
  const file = fileOf(t);
  const whole = await openLedger({ url: `sqlite:${file}`, books });
  await whole.write<Tables, void>(async (write) => {
    for (let id = 0; id < 100; id++)
      await write
        .insertInto('log_lines')
        .values({ id, text: 'x'.repeat(1000) })
        .execute();
  });
  await whole.close();
  const bytes = readFileSync(file);
  const garbage = Buffer.alloc(bytes.length, 'garbage');
  writeFileSync(file, garbage);
  await assert.rejects(openLedger({ url: `sqlite:${file}`, books }), { code: 'ledger-corrupt' });
  assert.deepEqual(readFileSync(file), garbage);
  // the header is whole, what follows is not
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 4096), garbage.subarray(4096)]));
  const read = async () => {
    const ledger = await openLedger({ url: `sqlite:${file}`, books });
    try {
      await ledger.read<Tables>().selectFrom('log_lines').selectAll().execute();
    } finally {
      await ledger.close();
    }
  };
  await assert.rejects(read(), { code: 'ledger-corrupt', hint: /backup/ });
  assert.equal(statSync(file).size, bytes.length);
});

test('another program’s database is left alone', async (t) => {
  const file = fileOf(t);
  await (await openLedger({ url: `sqlite:${file}`, books: [] })).close();
  rmSync(file);
  const other = new DatabaseSync(file);
  other.exec('create table theirs (id integer)');
  other.close();
  await assert.rejects(openLedger({ url: `sqlite:${file}`, books }), { code: 'ledger-foreign' });
});

test('a place where no file can be is said as such', async (t) => {
  const file = fileOf(t);
  await (await openLedger({ url: `sqlite:${file}`, books: [] })).close();
  await assert.rejects(openLedger({ url: `sqlite:${file}/below/ledger.db`, books: [] }), {
    code: 'ledger-unopenable',
  });
});

test('what was committed is in the file after kill -9, and nothing of what was not', async (t) => {
  const file = fileOf(t);
  await (await openLedger({ url: `sqlite:${file}`, books })).close();
  const program = `
    const { openLedger } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const ledger = await openLedger({ url: ${JSON.stringify(`sqlite:${file}`)}, books: [] });
    for (let id = 0; id < 20; id++)
      await ledger.write((write) => write.insertInto('log_lines').values({ id, text: 'kept' }).execute());
    await ledger.write(async (write) => {
      await write.insertInto('log_lines').values({ id: 99, text: 'not kept' }).execute();
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    });`;
  assert.throws(
    () => execFileSync(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' }),
    {
      signal: 'SIGKILL',
    },
  );
  const ledger = await openLedger({ url: `sqlite:${file}`, books });
  const rows = await ledger.read<Tables>().selectFrom('log_lines').select('id').orderBy('id').execute();
  assert.deepEqual(
    rows.map(({ id }) => id),
    Array.from({ length: 20 }, (_, id) => id),
  );
  await ledger.close();
});

test('an open ledger keeps no process from ending, and one to throw away leaves nothing', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-sqlite-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const program = `
    const { openLedger } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const ledger = await openLedger({ url: 'sqlite::memory:', books: [] });
    await ledger.ping();
    process.stdout.write('end');`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
    env: { ...process.env, TMPDIR: directory },
  });
  assert.equal(String(said), 'end');
  assert.deepEqual(readdirSync(directory), []);
});

test('a thread for reads beside others ends when nobody needed it for half a minute, and reads go on', async (t) => {
  let threads = 0;
  const onWorker = () => {
    threads++;
  };
  process.on('worker', onWorker);
  t.after(() => process.off('worker', onWorker));
  const ledger = await openLedger({ url: `sqlite:${fileOf(t)}`, books });
  t.after(() => ledger.close());
  const read = () =>
    ledger
      .read<Tables>()
      .selectFrom('log_lines')
      .select((of) => of.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
  const both = () => Promise.all([read(), read()]);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await both();
  assert.equal(threads, 3, 'one that writes and two that read');
  t.mock.timers.tick(29_999);
  await both();
  t.mock.timers.tick(29_999);
  await both();
  assert.equal(threads, 3);
  t.mock.timers.tick(30_000);
  assert.deepEqual(await both(), [{ n: 0 }, { n: 0 }]);
  assert.equal(threads, 4);
});
