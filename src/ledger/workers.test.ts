// Jobs: taken in order, once each, tried again, kept when they cannot be done, and never written by who lost them.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { beat } from './heartbeat.ts';
import {
  countJobs,
  dropJob,
  enqueue,
  fence,
  finish,
  type JobEnd,
  type LeasedJob,
  type Ledger,
  LedgerFault,
  listJobs,
  type NewJob,
  openLedger,
  reviveJob,
  startWorkers,
  type WorkersOptions,
} from './index.ts';
import type { JobTables } from './jobbook.ts';
import { ownOf } from './own.ts';
import { defaultBackoff } from './workers.ts';

interface SetClock {
  at: number;
  now(): Date;
}

function setClock(): SetClock {
  const clock = { at: Date.parse('2026-11-01T00:00:00Z'), now: () => new Date(clock.at) };
  return clock;
}

function started(t: TestContext, ledger: Ledger, options: Omit<WorkersOptions, 'pollMs'>) {
  const workers = startWorkers(ledger, { pollMs: 60_000, graceMs: 5000, ...options });
  t.after(() => workers.stop());
  return workers;
}

const put = (ledger: Ledger, ...jobs: NewJob[]) =>
  ledger.write(async (write) => {
    for (const job of jobs) await enqueue(write, job);
  });

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  test(said('a job is worked on as soon as its transaction is committed, and only then'), async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const seen: LeasedJob[] = [];
    const first = Promise.withResolvers<void>();
    const workers = started(t, ledger, {
      handlers: {
        greet: async (job) => {
          seen.push(job);
          first.resolve();
          return 'done';
        },
      },
    });
    await workers.idle();
    const failing = ledger.write(async (write) => {
      await enqueue(write, { kind: 'greet', payload: { to: 'nobody' } });
      throw new Error('never mind');
    });
    await assert.rejects(failing, /never mind/);
    await put(ledger, { kind: 'greet', payload: { to: 'all' } });
    await first.promise;
    await workers.idle();
    assert.deepEqual(
      seen.map(({ kind, payload, attempt, token }) => ({ kind, payload, attempt, token })),
      [{ kind: 'greet', payload: { to: 'all' }, attempt: 1, token: 1 }],
    );
    assert.deepEqual(await listJobs(ledger), []);
  });

  test(said('the smallest priority goes first, then the oldest; what has no handler stays'), async (t) => {
    const ledger = await ledgers.open(t, { books: [], clock: setClock() });
    const order: unknown[] = [];
    const job = (name: string, priority: number) => ({ kind: 'sort', payload: { name }, priority });
    await put(ledger, job('b', 0), job('c', 5), job('a', -1), job('d', 5), { kind: 'other', payload: {} });
    const workers = started(t, ledger, {
      concurrency: 1,
      handlers: {
        sort: async ({ payload }) => {
          order.push(payload['name']);
          return 'done';
        },
      },
    });
    await workers.idle();
    assert.deepEqual(order, ['a', 'b', 'c', 'd']);
    assert.deepEqual(await countJobs(ledger), [{ kind: 'other', state: 'waiting', count: 1 }]);
  });

  test(said('a job waits for its time'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    let runs = 0;
    const workers = started(t, ledger, {
      handlers: {
        later: async () => {
          runs++;
          return 'done';
        },
      },
    });
    await put(ledger, { kind: 'later', payload: {}, runAt: clock.at + 10_000_000 });
    await workers.wake();
    await workers.idle();
    assert.equal(runs, 0);
    clock.at += 10_000_000;
    await workers.wake();
    await workers.idle();
    assert.equal(runs, 1);
  });

  test(said('a key that waits is one job with what was enqueued last'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    const later = clock.at + 3_600_000;
    await put(
      ledger,
      { kind: 'poll', key: 'a', payload: { n: 1 }, runAt: later },
      { kind: 'poll', key: 'a', payload: { n: 2 }, priority: 3 },
      { kind: 'poll', key: 'b', payload: { n: 3 } },
      { kind: 'sync', key: 'a', payload: { n: 4 } },
      { kind: 'poll', payload: { n: 5 } },
      { kind: 'poll', payload: { n: 6 } },
    );
    const jobs = await listJobs(ledger);
    assert.deepEqual(
      jobs.map(({ kind, key, payload, runAt }) => [kind, key, payload['n'], runAt]),
      [
        ['poll', 'a', 2, clock.at],
        ['poll', 'b', 3, clock.at],
        ['sync', 'a', 4, clock.at],
        ['poll', undefined, 5, clock.at],
        ['poll', undefined, 6, clock.at],
      ],
    );
  });

  test(
    said('a key that is enqueued while it runs runs once more after, with what was enqueued last'),
    async (t) => {
      const ledger = await ledgers.open(t, { books: [] });
      const runs: unknown[] = [];
      let beside = 0;
      const workers = started(t, ledger, {
        handlers: {
          poll: async ({ payload }) => {
            assert.equal(beside++, 0);
            runs.push(payload['n']);
            if (runs.length === 1)
              for (const n of [2, 3]) await put(ledger, { kind: 'poll', key: 'a', payload: { n } });
            beside--;
            return 'done';
          },
        },
      });
      await put(ledger, { kind: 'poll', key: 'a', payload: { n: 1 } });
      await workers.idle();
      assert.deepEqual(runs, [1, 3]);
    },
  );

  test(
    said('what fails is tried again later, then kept as dead with its error, and revived or dropped'),
    async (t) => {
      const clock = setClock();
      const ledger = await ledgers.open(t, { books: [], clock });
      const failures: [number, boolean][] = [];
      let isMended = false;
      const workers = started(t, ledger, {
        backoff: (attempt) => attempt * 1000,
        onFailure: (job, error, isLast) => {
          assert.match(String(error), /no tide/);
          failures.push([job.attempt, isLast]);
        },
        handlers: {
          sail: async () => {
            if (!isMended) throw new Error('no tide');
            return 'done';
          },
        },
      });
      await put(ledger, { kind: 'sail', payload: {}, attempts: 3 });
      for (const ms of [0, 999, 1, 1999, 1]) {
        clock.at += ms;
        await workers.wake();
        await workers.idle();
      }
      assert.deepEqual(failures, [
        [1, false],
        [2, false],
        [3, true],
      ]);
      const [dead] = await listJobs(ledger, { state: 'dead' });
      assert.equal(dead?.error, 'no tide');
      isMended = true;
      await ledger.write((write) => reviveJob(write, dead!.id));
      await workers.idle();
      assert.deepEqual(await listJobs(ledger), []);
      isMended = false;
      await put(ledger, { kind: 'sail', key: 'x', payload: { n: 1 }, attempts: 1 });
      await workers.idle();
      // under a key that is dead a new job is a new start
      isMended = true;
      await put(ledger, { kind: 'sail', key: 'x', payload: { n: 2 }, attempts: 1 });
      await workers.idle();
      assert.deepEqual(await listJobs(ledger), []);
      isMended = false;
      await put(ledger, { kind: 'sail', payload: {}, attempts: 1 });
      await workers.idle();
      const [other] = await listJobs(ledger);
      await ledger.write((write) => dropJob(write, other!.id));
      await assert.rejects(
        ledger.write((write) => dropJob(write, other!.id)),
        { code: 'job-unknown' },
      );
      await assert.rejects(
        ledger.write((write) => reviveJob(write, other!.id)),
        { code: 'job-unknown' },
      );
    },
  );

  test(said('again runs it anew in so many milliseconds, with all its attempts'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    const attempts: number[] = [];
    const workers = started(t, ledger, {
      handlers: {
        follow: async ({ attempt }): Promise<JobEnd> => {
          attempts.push(attempt);
          return attempts.length < 3 ? { again: 5000 } : 'done';
        },
      },
    });
    await put(ledger, { kind: 'follow', payload: {} });
    for (const ms of [0, 4999, 1, 5000]) {
      clock.at += ms;
      await workers.wake();
      await workers.idle();
    }
    assert.deepEqual(attempts, [1, 1, 1]);
    assert.deepEqual(await listJobs(ledger), []);
  });

  test(said('an end that is none fails the job, and holds no other up'), async (t) => {
    const ledger = await ledgers.open(t, { books: [], clock: setClock() });
    const ends: unknown[] = [undefined, { again: -1 }, { again: Date.now() }, { again: Number.NaN }];
    const workers = started(t, ledger, { handlers: { odd: async () => ends.pop() as JobEnd } });
    await put(ledger, ...ends.map((_, n) => ({ kind: 'odd', payload: { n }, attempts: 1 })));
    await workers.idle();
    assert.deepEqual(
      (await listJobs(ledger)).map(({ state, error }) => [state, /ms from now/.test(error ?? '')]),
      Array.from({ length: 4 }, () => ['dead', true]),
    );
  });

  test(said('no more run at a time than asked for, of all and of each kind'), async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const now = { slow: 0, fast: 0 };
    const most = { slow: 0, fast: 0, all: 0 };
    const gate = Promise.withResolvers<void>();
    const handler = (kind: 'slow' | 'fast') => async (): Promise<JobEnd> => {
      now[kind]++;
      most[kind] = Math.max(most[kind], now[kind]);
      most.all = Math.max(most.all, now.slow + now.fast);
      if (most.all === 4) gate.resolve();
      await gate.promise;
      now[kind]--;
      return 'done';
    };
    for (let n = 0; n < 8; n++)
      await put(ledger, { kind: 'slow', payload: {} }, { kind: 'fast', payload: {}, priority: 1 });
    const workers = started(t, ledger, {
      concurrency: 4,
      limits: { slow: 2 },
      handlers: { slow: handler('slow'), fast: handler('fast') },
    });
    await workers.idle();
    assert.equal(most.slow, 2);
    assert.equal(most.all, 4);
    assert.deepEqual(await listJobs(ledger), []);
  });

  test(said('two crews on one ledger never have one job at a time, and do each once'), async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const done = new Map<unknown, number>();
    const handlers = {
      count: async ({ payload }: LeasedJob): Promise<JobEnd> => {
        done.set(payload['n'], (done.get(payload['n']) ?? 0) + 1);
        return 'done';
      },
    };
    await put(ledger, ...Array.from({ length: 60 }, (_, n) => ({ kind: 'count', payload: { n } })));
    const crews = [started(t, ledger, { handlers }), started(t, ledger, { handlers })];
    await Promise.all(crews.map((crew) => crew.idle()));
    assert.equal(done.size, 60);
    assert.ok([...done.values()].every((times) => times === 1));
  });

  test(said('who lost the lease cannot write, and does not end what another works on'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    const paused = Promise.withResolvers<LeasedJob>();
    const goOn = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<unknown>();
    const slow = started(t, ledger, {
      leaseMs: 30_000,
      handlers: {
        write: async (job) => {
          paused.resolve(job);
          await goOn.promise;
          const error = await ledger
            .write(async (write) => {
              await enqueue(write, { kind: 'effect', payload: { by: 'slow' } });
              await fence(write, job);
            })
            .catch((fault: unknown) => fault);
          lost.resolve(error);
          return 'done';
        },
      },
    });
    await put(ledger, { kind: 'write', payload: {} });
    const first = await paused.promise;
    clock.at += 30_001;
    // late as it is, it does not take from itself what it still works on
    await slow.wake();
    assert.equal((await listJobs(ledger, { state: 'leased' })).length, 1);
    const taken = Promise.withResolvers<LeasedJob>();
    const finishSecond = Promise.withResolvers<void>();
    const second = started(t, ledger, {
      handlers: {
        write: async (job) => {
          taken.resolve(job);
          await finishSecond.promise;
          await ledger.write(async (write) => {
            await fence(write, job);
            await enqueue(write, { kind: 'effect', payload: { by: 'second' } });
          });
          return 'done';
        },
      },
    });
    const again = await taken.promise;
    assert.deepEqual([again.id, again.token, again.attempt], [first.id, first.token + 1, 2]);
    goOn.resolve();
    assert.ok((await lost.promise) instanceof LedgerFault);
    await slow.wake();
    assert.equal((await listJobs(ledger, { kind: 'write' })).length, 1);
    finishSecond.resolve();
    await second.idle();
    const effects = await listJobs(ledger);
    assert.deepEqual(
      effects.map(({ payload }) => payload['by']),
      ['second'],
    );
    await assert.rejects(
      ledger.write((write) => fence(write, again)),
      { code: 'lease-lost' },
    );
  });

  test(said('a sign of life makes a lease longer, and tells who lost it'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    const has = Promise.withResolvers<LeasedJob>();
    const end = Promise.withResolvers<JobEnd>();
    const workers = started(t, ledger, {
      leaseMs: 30_000,
      handlers: {
        long: (job) => {
          has.resolve(job);
          return end.promise;
        },
      },
    });
    await put(ledger, { kind: 'long', payload: {} });
    const job = await has.promise;
    clock.at += 20_000;
    assert.deepEqual(await beat(ownOf(ledger), [job], 30_000), new Set([job.id]));
    const [row] = await ledger.read<JobTables>().selectFrom('ledger_jobs').select('lease_until').execute();
    assert.equal(row?.lease_until, clock.at + 30_000);
    assert.deepEqual(await beat(ownOf(ledger), [{ ...job, token: job.token + 1 }], 30_000), new Set());
    end.resolve('done');
    await workers.idle();
    assert.deepEqual(await beat(ownOf(ledger), [job], 30_000), new Set());
  });

  test(said('a job whose worker is lost too often is dead'), async (t) => {
    const clock = setClock();
    const ledger = await ledgers.open(t, { books: [], clock });
    await put(ledger, { kind: 'crash', payload: {}, attempts: 1 });
    const began = Promise.withResolvers<void>();
    const end = Promise.withResolvers<JobEnd>();
    started(t, ledger, {
      handlers: {
        crash: () => {
          began.resolve();
          return end.promise;
        },
      },
    });
    await began.promise;
    clock.at += 40_000;
    const other = started(t, ledger, { handlers: { crash: async () => assert.fail('it is dead') } });
    await other.idle();
    const [dead] = await listJobs(ledger, { state: 'dead' });
    assert.match(dead?.error ?? '', /not heard of again/);
    end.resolve('done');
  });

  test(
    said('a job that is finished in the transaction of its effect is over with it, or not at all'),
    async (t) => {
      const ledger = await ledgers.open(t, { books: [], clock: setClock() });
      const workers = started(t, ledger, {
        backoff: () => 0,
        handlers: {
          step: async (job) => {
            await ledger.write(async (write) => {
              await enqueue(write, { kind: 'effect', payload: {} });
              await finish(write, job);
              if (job.attempt === 1) throw new Error('not this time');
            });
            return 'done';
          },
        },
      });
      await put(ledger, { kind: 'step', payload: {} });
      await workers.idle();
      assert.deepEqual(await countJobs(ledger), [{ kind: 'effect', state: 'waiting', count: 1 }]);
    },
  );

  test(said('a stop tells handlers, gives back what they leave, and counts no attempt for it'), async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const began = Promise.withResolvers<void>();
    const workers = started(t, ledger, {
      onFailure: () => assert.fail('it did not fail'),
      handlers: {
        wait: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            began.resolve();
          }),
      },
    });
    await put(ledger, { kind: 'wait', payload: {} });
    await began.promise;
    await workers.stop();
    const [job] = await listJobs(ledger);
    assert.deepEqual([job?.state, job?.attempt], ['waiting', 0]);
    await put(ledger, { kind: 'wait', payload: {} });
    assert.equal((await listJobs(ledger, { state: 'waiting' })).length, 2);
  });

  // SQLite’s file is one process’s alone
  if (ledgers.dialect === 'postgres')
    test(said('a job that another process enqueues is heard of at once'), async (t) => {
      const url = ledgers.place(t);
      const [here, there] = [await openLedger({ url, books: [] }), await openLedger({ url, books: [] })];
      const heard = Promise.withResolvers<JobEnd>();
      const woken = Promise.withResolvers<void>();
      // told once it listens: until then nothing is missed that was enqueued before
      ownOf(here).listen!(woken.resolve);
      await woken.promise;
      const workers = startWorkers(here, {
        pollMs: 3_600_000,
        handlers: {
          call: async () => {
            heard.resolve('done');
            return 'done';
          },
        },
      });
      await workers.idle();
      await put(there, { kind: 'call', payload: {} });
      await heard.promise;
      await workers.stop();
      await here.close();
      await there.close();
    });

  test(said('a payload that is large is refused'), async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    await assert.rejects(put(ledger, { kind: 'x', payload: { text: 'x'.repeat(70_000) } }), {
      code: 'value-refused',
    });
  });
}

test('the wait doubles up to an hour, less up to half of it', () => {
  for (let attempt = 1; attempt <= 30; attempt++) {
    const most = Math.min(3_600_000, 1000 * 2 ** (attempt - 1));
    const ms = defaultBackoff(attempt);
    assert.ok(ms > most / 2 - 1 && ms <= most);
  }
});

test('what belongs into a transaction refuses to be called outside of one', async () => {
  await assert.rejects(enqueue({} as never, { kind: 'x', payload: {} }), /inside of Ledger.write/);
});
