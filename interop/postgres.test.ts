// PostgreSQL itself: every test that runs on two databases runs on it, and nothing is lost or done twice when it is
// restarted or killed in the middle of the work.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  enqueue,
  finish,
  isLedgerFault,
  type Ledger,
  listJobs,
  openLedger,
  sql,
  startWorkers,
  type Write,
} from '../src/ledger/index.ts';
import { type EffectTables, effects } from '../src/testing/effects.ts';
import { root } from './peers.ts';
import { type PostgresServer, startPostgres } from './postgresserver.ts';

const books = [effects];
let server: PostgresServer;

before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const files = globSync('src/**/*.test.ts', { cwd: root }).filter((file) =>
  /testing\/ledgers\.ts'/.test(readFileSync(join(root, file), 'utf8')),
);

for (const file of files.sort())
  test(`${file} on PostgreSQL`, () => {
    // a test runner that runs in another would report to it, and not here
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const done = spawnSync(process.execPath, ['--test', '--test-reporter=tap', join(root, file)], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...env, SEAWORTHY_TEST_POSTGRES: server.url },
    });
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /^ *ok .*postgres/im, 'expected titles that say postgres, got none');
  });

/** Writes rows one after the other until told to stop, and says what became of each. */
function writer(ledger: Ledger, from: number) {
  const fates = new Map<number, string>();
  let isOver = false;
  const run = (async () => {
    for (let n = from; !isOver; n++)
      await ledger
        .write<EffectTables, unknown>((write) => write.insertInto('effects_done').values({ n }).execute())
        .then(
          () => fates.set(n, 'committed'),
          (error: unknown) => {
            assert.ok(isLedgerFault(error), String(error));
            fates.set(n, error.code);
          },
        );
  })();
  return {
    async stop() {
      isOver = true;
      await run;
      return fates;
    },
  };
}

for (const [how, disturb] of [
  ['restarted', () => server.restart()],
  ['killed', () => server.crash()],
] as const)
  test(`a server that is ${how} in the middle of the work loses nothing and does nothing twice`, async () => {
    const url = `${server.url}?schema=work_${how}`;
    const ledger = await openLedger({ url, books });
    const jobs = 400;
    await ledger.write(async (write) => {
      for (let n = 0; n < jobs; n++) await enqueue(write, { kind: 'effect', payload: { n } });
    });
    let done = 0;
    const workers = startWorkers(ledger, {
      leaseMs: 2000,
      pollMs: 200,
      backoff: () => 100,
      handlers: {
        effect: async (job) => {
          await ledger.write<EffectTables, void>(async (write) => {
            await write
              .insertInto('effects_done')
              .values({ n: Number(job.payload['n']) })
              .execute();
            await finish(write, job);
          });
          done++;
          return 'done';
        },
      },
    });
    const writers = [writer(ledger, 1_000_000), writer(ledger, 2_000_000)];
    for (const part of [0.2, 0.5]) {
      while (done < jobs * part) await delay(5);
      await disturb();
    }
    while ((await listJobs(ledger, { kind: 'effect', limit: 1 })).length > 0) await delay(50);
    const fates = new Map((await Promise.all(writers.map((one) => one.stop()))).flatMap((map) => [...map]));
    await workers.stop();
    const rows = await ledger.read<EffectTables>().selectFrom('effects_done').select('n').execute();
    const times = new Map<number, number>();
    for (const { n } of rows) times.set(n, (times.get(n) ?? 0) + 1);
    for (let n = 0; n < jobs; n++)
      assert.equal(times.get(n), 1, `job ${n} was done ${times.get(n) ?? 0} times`);
    for (const [n, fate] of fates) {
      if (fate === 'committed')
        assert.equal(times.get(n), 1, `row ${n} was accepted and is lost or there twice`);
      else if (fate !== 'outcome-unknown')
        assert.equal(times.get(n), undefined, `row ${n} was refused and is there`);
    }
    assert.ok([...fates.values()].filter((fate) => fate === 'committed').length > 50);
    assert.deepEqual(await listJobs(ledger, { state: 'dead' }), []);
    await ledger.close();
  });

test('a server that is down is said as such, and used again once it is up', async () => {
  const ledger = await openLedger({ url: server.url, books });
  await server.down();
  await assert.rejects(ledger.ping(), { code: 'database-unreachable' });
  await assert.rejects(
    ledger.write(async () => {}),
    { code: 'database-unreachable' },
  );
  await assert.rejects(openLedger({ url: server.url, books }), {
    code: 'database-unreachable',
    hint: /runs/,
  });
  await server.up();
  await ledger.ping();
  await ledger.write(async () => {});
  await ledger.close();
});

test('TLS: only a server whose certificate is verified is spoken to', async () => {
  const base = `postgres://sea:tide@localhost:${server.port}/postgres`;
  const ca = encodeURIComponent(server.authority);
  await (await openLedger({ url: `${base}?sslmode=verify-full&sslrootcert=${ca}`, books })).close();
  await (
    await openLedger({
      url: `${base.replace('localhost', '127.0.0.1')}?sslmode=verify-ca&sslrootcert=${ca}`,
      books,
    })
  ).close();
  await assert.rejects(openLedger({ url: `${base}?sslmode=verify-full`, books }), {
    code: 'database-refused',
    hint: /sslrootcert/,
  });
  await assert.rejects(
    openLedger({
      url: `${base.replace('localhost', '127.0.0.1')}?sslmode=verify-full&sslrootcert=${ca}`,
      books,
    }),
    { code: 'database-refused' },
  );
});

test('who is not let in is told so, without the password', async () => {
  const wrong = (url: string, code = 'database-refused') =>
    assert.rejects(openLedger({ url, books }), (error: unknown) => {
      assert.ok(isLedgerFault(error), String(error));
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /hushhush/);
      return true;
    });
  await wrong(server.url.replace(':tide@', ':hushhush@'));
  await wrong(server.url.replace('/postgres?', '/nowhere?').replace(/\/postgres$/, '/nowhere'));
  await wrong('postgres://sea:hushhush@127.0.0.1:1/sea', 'database-unreachable');
  await wrong('postgres://sea:hushhush@no-such-host.invalid/sea', 'database-unreachable');
});

test('what takes too long ends with its name, once, and the connection after it is a good one', async () => {
  const ledger = await openLedger({ url: `${server.url}?connections=2`, books });
  let tries = 0;
  const timed = (setting: string, then: (write: Write<EffectTables>) => Promise<unknown>) =>
    ledger.write<EffectTables, void>(async (write) => {
      tries++;
      await sql.raw(`set local ${setting}`).execute(write);
      await then(write);
    });
  await assert.rejects(
    timed('statement_timeout = 50', (write) => sql`select pg_sleep(30)`.execute(write)),
    { code: 'statement-timeout' },
  );
  await assert.rejects(
    timed('idle_in_transaction_session_timeout = 50', async (write) => {
      await delay(500);
      await sql`select 1`.execute(write);
    }),
    { code: 'statement-timeout', message: /idle-in-transaction/ },
  );
  const locked = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  const holding = ledger.write<EffectTables, void>(async (write) => {
    await sql`lock table effects_done`.execute(write);
    locked.resolve();
    await freed.promise;
  });
  await locked.promise;
  await assert.rejects(
    timed('lock_timeout = 50', (write) => sql`lock table effects_done`.execute(write)),
    { code: 'database-busy' },
  );
  freed.resolve();
  await holding;
  assert.equal(tries, 3);
  for (let n = 0; n < 4; n++) await ledger.write(async (write) => void (await sql`select 1`.execute(write)));
  await ledger.close();
});
