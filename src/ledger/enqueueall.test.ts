// Tests of many jobs at once, on both databases: they become what each by itself would have become.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { countJobs, enqueue, enqueueAll, type JobEnd, listJobs, startWorkers } from './index.ts';

for (const ledgers of testLedgers()) {
  const { dialect } = ledgers;
  test(`${dialect}: more jobs than a statement takes are all there, each key once, the last payload counting`, async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    await ledger.write(async (write) => {
      await enqueue(write, { kind: 'judge', key: 'k7', payload: { round: 0 }, priority: 5 });
      await enqueueAll(write, 'judge', [
        ...Array.from({ length: 1200 }, (_, at) => ({ key: `k${at}`, payload: { round: 1 } })),
        { key: 'k3', payload: { round: 2 } },
      ]);
      await enqueueAll(write, 'judge', []);
    });
    const first = await listJobs(ledger, { kind: 'judge', limit: 1000 });
    const jobs = [
      ...first,
      ...(await listJobs(ledger, { kind: 'judge', after: first.at(-1)!.id, limit: 1000 })),
    ];
    assert.equal(await countJobs(ledger).then((counts) => JSON.stringify(counts).includes('1200')), true);
    assert.equal(jobs.length, 1200);
    assert.equal(new Set(jobs.map(({ key }) => key)).size, 1200);
    const of = (key: string) => jobs.find((job) => job.key === key)?.payload;
    assert.deepEqual([of('k3'), of('k7')], [{ round: 2 }, { round: 1 }]);
  });

  test(`${dialect}: one that runs meanwhile is run once more afterwards, with what was told last`, async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const seen: unknown[] = [];
    const [begun, goOn, over] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    await ledger.write((write) => enqueueAll(write, 'judge', [{ key: 'a', payload: { round: 1 } }]));
    const workers = startWorkers(ledger, {
      handlers: {
        judge: async ({ payload }): Promise<JobEnd> => {
          seen.push(payload);
          begun.resolve();
          await goOn.promise;
          if (seen.length === 2) over.resolve();
          return 'done';
        },
      },
    });
    t.after(() => workers.stop());
    await begun.promise;
    const both = [
      { key: 'a', payload: { round: 2 } },
      { key: 'b', payload: { round: 2 }, runAt: Date.parse('2999-01-01') },
    ];
    await ledger.write((write) => enqueueAll(write, 'judge', both));
    goOn.resolve();
    await over.promise;
    assert.deepEqual(seen, [{ round: 1 }, { round: 2 }]);
  });
}
