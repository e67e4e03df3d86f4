import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listJobs } from '../ledger/index.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { builder, digest, renewing, usual, World } from '../testing/renewals.ts';
import { imageJob } from './jobs.ts';
import { listRenewals, readRenewal } from './list.ts';
import { PipelineFault } from './pipeline/index.ts';

const base = 'r.example/base:1';
const app = 'r.example/app:1';

for (const ledgers of testLedgers())
  test(`a pipeline that asks to be left alone is left alone for so long, an hour at most (${ledgers.dialect})`, async (t) => {
    const made = new World();
    made.put(base, { digest: digest('base-1'), findings: [], isSigned: true });
    made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
    made.unproven.set(app, 'for no reason');
    made.settings = () => usual({ pipeline: 'ci' });
    const asked = builder(made, 'ci');
    const ci = made.pipelines.get('ci')!;
    const rests = [90_000, 86_400_000];
    let calls = 0;
    made.pipelines.set('ci', {
      ...ci,
      start: async (request, signal) => {
        calls++;
        const retryAfter = rests.shift();
        if (retryAfter === undefined) return ci.start(request, signal);
        throw new PipelineFault('pipeline-busy', 'expected room, got 429', { retryAfter });
      },
    });
    const { ledger, begin, minute } = await renewing(t, made, ledgers);
    const next = async () => {
      const [job] = await listJobs(ledger, { kind: imageJob });
      return (job?.runAt ?? 0) - made.now;
    };
    await begin(made.move(base, { digest: digest('base-2'), findings: [], isSigned: true }));
    const [summary] = await listRenewals(ledger);
    const read = async () => (await readRenewal(ledger, summary!.id)).images[0]!;
    assert.deepEqual([calls, await next()], [1, 90_000]);
    assert.equal((await read()).text, 'making is tried again: expected room, got 429');
    await minute();
    assert.equal(calls, 1, 'not before its time');
    await minute();
    assert.deepEqual([calls, await next()], [2, 3_600_000]);
    made.now += 3_540_000;
    await minute();
    await minute();
    assert.deepEqual([calls, asked.length, (await read()).state], [3, 1, 'done']);
  });
