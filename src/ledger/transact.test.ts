// A transaction on a database that says it met others, or goes away: what is run anew, and what never is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from '../core/index.ts';
import type { Engine } from './engine.ts';
import { Collision, LedgerFault } from './fault.ts';
import { afterCommit, sql } from './index.ts';
import { ledgerOf } from './open.ts';

/** An engine whose statements succeed, but for those that `answer` throws at; says what was asked. */
function scripted(answer: (statement: string, nth: number) => void) {
  const asked: string[] = [];
  const released: boolean[] = [];
  const connection = {
    run: async (statement: string) => {
      asked.push(statement);
      answer(statement, asked.filter((one) => one === statement).length);
      return { rows: [], changes: 0 };
    },
  };
  const engine: Engine = {
    dialect: 'postgres',
    acquireWriter: async () => connection,
    releaseWriter: (_, isBroken) => void released.push(isBroken),
    acquireReader: async () => connection,
    releaseReader: () => {},
    begin: (_, alone) => (alone ? 'begin alone' : 'begin'),
    close: async () => {},
  };
  const ledger = ledgerOf(engine, systemClock, { warn: () => {} });
  let runs = 0;
  let committed = 0;
  const write = () =>
    ledger.write(async (open) => {
      runs++;
      afterCommit(() => committed++);
      await sql`work`.execute(open);
      return runs;
    });
  const hide = () =>
    ledger.write(async (open) => {
      await sql`work`.execute(open).catch(() => {});
    });
  const done = () => ({ runs, committed, asked, released });
  return { write, hide, done };
}

const unreachable = () => new LedgerFault('database-unreachable', 'gone');

test('work that met another transaction is run anew, undone before, and hooks run once', async () => {
  const { write, done } = scripted((statement, nth) => {
    if (statement === 'work' && nth === 1) throw new Collision('serialization failure');
    if (statement === 'commit' && nth === 1) throw new Collision('serialization failure');
  });
  assert.equal(await write(), 3);
  assert.deepEqual(done(), {
    runs: 3,
    committed: 1,
    asked: ['begin', 'work', 'rollback', 'begin', 'work', 'commit', 'rollback', 'begin', 'work', 'commit'],
    released: [false, false, false],
  });
});

test('work that always meets others runs alone after four tries, and is given up after eight', async () => {
  const { write, done } = scripted((statement) => {
    if (statement === 'work') throw new Collision('deadlock');
  });
  await assert.rejects(write(), { code: 'database-busy', message: /8 times/ });
  const begins = done().asked.filter((statement) => statement.startsWith('begin'));
  assert.deepEqual(begins, [...Array(4).fill('begin'), ...Array(4).fill('begin alone')]);
  assert.equal(done().committed, 0);
});

test('a collision that the work hides is still one', async () => {
  const { hide, done } = scripted((statement, nth) => {
    if (statement === 'work' && nth === 1) throw new Collision('deadlock');
  });
  await hide();
  assert.deepEqual(done().asked, ['begin', 'work', 'rollback', 'begin', 'work', 'commit']);
});

test('a connection that broke before the commit is no harm: it is done again on another', async () => {
  const { write, done } = scripted((statement, nth) => {
    if (statement === 'work' && nth === 1) throw unreachable();
    if (statement === 'rollback') throw unreachable();
  });
  assert.equal(await write(), 2);
  assert.deepEqual(done().released, [true, false]);
});

test('a connection that broke in the commit is said, and nothing is done again', async () => {
  const { write, done } = scripted((statement) => {
    if (statement === 'commit') throw unreachable();
  });
  await assert.rejects(write(), { code: 'outcome-unknown' });
  const { runs, committed, released } = done();
  assert.deepEqual({ runs, committed, released }, { runs: 1, committed: 0, released: [true] });
});

test('what the work throws itself is not run anew', async () => {
  const { write, done } = scripted((statement) => {
    if (statement === 'work') throw new Error('a bug');
  });
  await assert.rejects(write(), /a bug/);
  assert.equal(done().runs, 1);
});
