// Workers that die or are paused: what they did not finish another does, and nothing is done twice.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { type EffectTables, effects } from '../testing/effects.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { enqueue, finish, type Ledger, listJobs, openLedger, startWorkers } from './index.ts';

const program = new URL('../testing/crashingworker.ts', import.meta.url).pathname;
const books = [effects];

function worker(url: string, step: string): ChildProcess {
  return spawn(process.execPath, [program, url, step], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function enqueued(url: string): Promise<void> {
  const ledger = await openLedger({ url, books });
  await ledger.write(async (write) => {
    for (let n = 0; n < 3; n++) await enqueue(write, { kind: 'effect', key: String(n), payload: { n } });
  });
  await ledger.close();
}

/** On PostgreSQL later, when every lease of a process that is gone has ended; on SQLite at once. */
async function finishAll(url: string): Promise<Ledger> {
  const later = url.startsWith('postgres') ? 120_000 : 0;
  const ledger = await openLedger({ url, books, clock: { now: () => new Date(Date.now() + later) } });
  const workers = startWorkers(ledger, {
    handlers: {
      effect: async (job) => {
        await ledger.write<EffectTables, void>(async (write) => {
          await write
            .insertInto('effects_done')
            .values({ n: Number(job.payload['n']) })
            .execute();
          await finish(write, job);
        });
        return 'done';
      },
    },
  });
  await workers.idle();
  await workers.stop();
  return ledger;
}

async function assertOnce(ledger: Ledger): Promise<void> {
  const done = await ledger
    .read<EffectTables>()
    .selectFrom('effects_done')
    .select('n')
    .orderBy('n')
    .execute();
  assert.deepEqual(
    done.map(({ n }) => n),
    [0, 1, 2],
  );
  assert.deepEqual(await listJobs(ledger), []);
}

for (const ledgers of testLedgers()) {
  for (const step of ['leased', 'written', 'finished', 'committed'])
    test(`a worker killed when it has ${step} leaves each effect once (${ledgers.dialect})`, async (t) => {
      const url = ledgers.place(t);
      await enqueued(url);
      const [, signal] = await once(worker(url, step), 'exit');
      assert.equal(signal, 'SIGKILL');
      const ledger = await finishAll(url);
      await assertOnce(ledger);
      await ledger.close();
    });

  // SQLite’s file is the first process’s alone
  if (ledgers.dialect === 'postgres')
    test('a worker paused for longer than its lease writes nothing once it goes on (postgres)', async (t) => {
      const url = ledgers.place(t);
      await enqueued(url);
      const paused = worker(url, 'pause');
      t.after(() => paused.kill('SIGKILL'));
      await once(paused.stdout!, 'data');
      const ledger = await finishAll(url);
      await assertOnce(ledger);
      paused.stdin!.write('go on\n');
      const [said] = await once(paused.stdout!, 'data');
      assert.match(String(said), /expected lease 1 of job \d+ \(effect\) to hold/);
      await assertOnce(ledger);
      await ledger.close();
    });
}
