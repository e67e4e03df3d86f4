import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listEvents, post } from '../ledger/index.ts';
import { testLedgers } from '../testing/ledgers.ts';
import type { HubParts } from './hubparts.ts';
import { startTelling } from './hubtelling.ts';

for (const ledgers of testLedgers())
  test(`where nobody is told, nothing waits to be told (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [] });
    const telling = startTelling({ ledger, config: {} } as HubParts);
    t.after(() => telling.stop());
    await ledger.write((write) => post(write, { channel: 'notify', id: 'e1', payload: {} }));
    while ((await listEvents(ledger, { state: 'waiting' })).length > 0)
      await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      (await listEvents(ledger)).map(({ channel, state }) => [channel, state]),
      [['notify', 'delivered']],
    );
  });
