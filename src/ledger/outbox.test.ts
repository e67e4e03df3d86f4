// The outbox: in order, at least once, until it is taken or given up, and again when asked.
import assert from 'node:assert/strict';
import test from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import {
  type Deliver,
  type DeliveryOptions,
  type Ledger,
  listEvents,
  post,
  replay,
  sql,
  startDelivery,
} from './index.ts';

const MINUTE = 60_000;
const books: [] = [];

const put = (ledger: Ledger, ...ids: string[]) =>
  ledger.write(async (write) => {
    for (const id of ids) await post(write, { channel: 'notify', id, payload: { id } });
  });

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  async function withDelivery(
    t: Parameters<(typeof ledgers)['open']>[0],
    deliver: Deliver,
    options: Partial<DeliveryOptions> = {},
  ) {
    const clock = { at: Date.parse('2026-11-01T00:00:00Z'), now: () => new Date(clock.at) };
    const ledger = await ledgers.open(t, { books, clock });
    const delivery = startDelivery(ledger, {
      channels: { notify: deliver },
      backoff: () => MINUTE,
      pollMs: 60_000,
      graceMs: 5000,
      ...options,
    });
    t.after(() => delivery.stop());
    const pass = async (ms: number) => {
      clock.at += ms;
      await delivery.wake();
      await delivery.idle();
    };
    return { ledger, delivery, pass };
  }

  test(said('events are delivered in the order of posting, each id once'), async (t) => {
    const got: string[] = [];
    const { ledger, delivery } = await withDelivery(t, async ({ id, payload }) => {
      assert.deepEqual(payload, { id });
      got.push(id);
    });
    await put(ledger, 'a', 'b');
    await put(ledger, 'c', 'a');
    await assert.rejects(
      ledger.write(async (write) => {
        await post(write, { channel: 'notify', id: 'never', payload: {} });
        throw new Error('not committed');
      }),
    );
    await delivery.idle();
    assert.deepEqual(got, ['a', 'b', 'c']);
    assert.deepEqual(
      (await listEvents(ledger)).map(({ id, state, attempt }) => [id, state, attempt]),
      [
        ['c', 'delivered', 1],
        ['b', 'delivered', 1],
        ['a', 'delivered', 1],
      ],
    );
  });

  test(said('one that is not taken is tried again in its time, and what follows waits'), async (t) => {
    const got: [string, number][] = [];
    const { ledger, delivery, pass } = await withDelivery(t, async ({ id, attempt }) => {
      got.push([id, attempt]);
      if (id === 'a' && attempt < 3) throw new Error('503');
    });
    await put(ledger, 'a', 'b');
    await delivery.idle();
    // a new event is no reason to ask the receiver sooner
    await put(ledger, 'c');
    await delivery.idle();
    assert.deepEqual(got, [['a', 1]]);
    const [waiting] = (await listEvents(ledger)).filter(({ id }) => id === 'a');
    assert.deepEqual([waiting?.state, waiting?.error], ['waiting', '503']);
    await pass(MINUTE);
    await pass(MINUTE);
    assert.deepEqual(got, [
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', 1],
      ['c', 1],
    ]);
  });

  test(
    said('one that is given up stays, is listed, lets the next one through, and is delivered when asked'),
    async (t) => {
      let isUp = false;
      const got: string[] = [];
      const failures: [string, boolean][] = [];
      const { ledger, delivery, pass } = await withDelivery(
        t,
        async ({ id }) => {
          if (id === 'a' && !isUp) throw new Error('410');
          got.push(id);
        },
        { giveUpMs: 90_000, onFailure: ({ id }, _, isLast) => failures.push([id, isLast]) },
      );
      await put(ledger, 'a', 'b');
      await delivery.idle();
      await pass(MINUTE);
      assert.deepEqual(got, []);
      await pass(MINUTE);
      assert.deepEqual(got, ['b']);
      assert.deepEqual(failures, [
        ['a', false],
        ['a', false],
        ['a', true],
      ]);
      const [dead] = await listEvents(ledger, { state: 'dead' });
      assert.deepEqual([dead?.id, dead?.error, dead?.attempt], ['a', '410', 3]);
      isUp = true;
      await ledger.write((write) => replay(write, 'notify', 'a'));
      await ledger.write((write) => replay(write, 'notify', 'b'));
      await delivery.idle();
      assert.deepEqual(got, ['b', 'a', 'b']);
      await assert.rejects(
        ledger.write((write) => replay(write, 'notify', 'z')),
        { code: 'event-unknown' },
      );
    },
  );

  test(said('a receiver that never answers holds a channel up for no longer than its time'), async (t) => {
    const { ledger, delivery } = await withDelivery(t, () => new Promise(() => {}), { timeoutMs: 20 });
    await put(ledger, 'a');
    await delivery.idle();
    const [event] = await listEvents(ledger);
    assert.match(event?.error ?? '', /within 20 ms/);
  });

  test(
    said('a stop in the middle is no failure of the receiver, and the event is delivered later'),
    async (t) => {
      const asked = Promise.withResolvers<void>();
      const { ledger, delivery } = await withDelivery(
        t,
        () => {
          asked.resolve();
          return new Promise(() => {});
        },
        { onFailure: () => assert.fail('it did not fail') },
      );
      await put(ledger, 'a');
      await asked.promise;
      await delivery.stop();
      const [event] = await listEvents(ledger);
      assert.deepEqual([event?.state, event?.attempt], ['waiting', 0]);
    },
  );

  // SQLite asks for the delivery in the transaction that posts
  if (ledgers.dialect === 'postgres')
    test(
      said('an event whose process was killed right after its commit is delivered all the same'),
      async (t) => {
        const got: string[] = [];
        const third = Promise.withResolvers<string>();
        const { ledger, delivery, pass } = await withDelivery(t, async ({ id }) => void got.push(id));
        const left = (id: string) =>
          ledger.write(async (write) => {
            await sql`insert into ledger_outbox
            (channel, id, payload, state, attempt, posted_at, since, next_at, changed_at)
            values ('notify', ${id}, '{}', 'waiting', 0, 1, 1, 1, 1)`.execute(write);
          });
        await put(ledger, 'first');
        await delivery.idle();
        await left('second');
        await pass(30_000);
        assert.deepEqual(got, ['first', 'second']);
        await delivery.stop();
        await left('third');
        const next = startDelivery(ledger, { channels: { notify: async ({ id }) => third.resolve(id) } });
        assert.equal(await third.promise, 'third');
        await next.stop();
      },
    );

  test(said('what was delivered long ago is forgotten, what is dead is not'), async (t) => {
    const { ledger, delivery, pass } = await withDelivery(
      t,
      async ({ id }) => {
        if (id === 'bad') throw new Error('no');
      },
      { giveUpMs: 0, keepMs: 3_600_000 },
    );
    await put(ledger, 'good', 'bad');
    await delivery.idle();
    await pass(3_600_001);
    await put(ledger, 'new');
    await delivery.idle();
    assert.deepEqual(
      (await listEvents(ledger)).map(({ id, state }) => [id, state]),
      [
        ['new', 'delivered'],
        ['bad', 'dead'],
      ],
    );
  });
}
