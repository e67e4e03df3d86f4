// The audit trail: it only grows, and a row that was changed, taken away or put in is found.
import assert from 'node:assert/strict';
import test from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { hashOf } from './audit.ts';
import type { AuditTables } from './auditbook.ts';
import { type Ledger, listAudit, record, sql, verifyAudit } from './index.ts';

const books: [] = [];

async function fill(ledger: Ledger, count: number): Promise<void> {
  for (let n = 1; n <= count; n++)
    await ledger.write((write) =>
      record(write, {
        actor: n % 2 === 0 ? 'ann' : 'bob',
        action: 'hold.release',
        subject: `sha256:${n}`,
        detail: { n, reason: 'tested “by hand” 🚢' },
      }),
    );
  // PostgreSQL chains them right after; who lists waits for that
  await listAudit(ledger, { limit: 1 });
}

/** What somebody with all rights in the database can do. */
async function tamper(ledger: Ledger, statement: string): Promise<void> {
  await ledger.write(async (write) => {
    if (ledger.dialect === 'sqlite')
      for (const change of ['update', 'delete'])
        await sql.raw(`drop trigger if exists ledger_audit_no_${change}`).execute(write);
    else await sql.raw('alter table ledger_audit disable trigger all').execute(write);
    await sql.raw(statement).execute(write);
  });
}

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  test(said('entries are listed by page and by who, what, where and when'), async (t) => {
    const clock = { at: 1000, now: () => new Date(clock.at++) };
    const ledger = await ledgers.open(t, { books, clock });
    clock.at = 1000;
    await fill(ledger, 10);
    const seqs = async (query: Parameters<typeof listAudit>[1]) =>
      (await listAudit(ledger, query)).map(({ seq }) => seq);
    assert.deepEqual(await seqs({ limit: 3 }), [10, 9, 8]);
    assert.deepEqual(await seqs({ limit: 3, before: 8 }), [7, 6, 5]);
    assert.deepEqual(await seqs({ actor: 'ann', limit: 2 }), [10, 8]);
    assert.deepEqual(await seqs({ subject: 'sha256:4' }), [4]);
    assert.deepEqual(await seqs({ action: 'policy.set' }), []);
    assert.deepEqual(await seqs({ since: 1002, until: 1004 }), [4, 3]);
    const [entry] = await listAudit(ledger, { subject: 'sha256:4' });
    assert.equal(entry?.detail['reason'], 'tested “by hand” 🚢');
    assert.match(entry?.hash ?? '', /^[0-9a-f]{64}$/);
  });

  test(
    said('an entry is there with the change it tells of, or not at all; many at once make one trail'),
    async (t) => {
      const ledger = await ledgers.open(t, { books });
      await assert.rejects(
        ledger.write(async (write) => {
          await record(write, { actor: 'a', action: 'b', subject: 'c', detail: {} });
          throw new Error('no');
        }),
      );
      assert.deepEqual(await verifyAudit(ledger), { entries: 0, end: { seq: 0, hash: '0'.repeat(64) } });
      const odd = {
        actor: 'half \ud83d pair',
        action: '',
        subject: 'é\u0301',
        detail: { nested: { '\0': '\0' } },
      };
      await Promise.all(Array.from({ length: 12 }, () => ledger.write((write) => record(write, odd))));
      const { entries, broken } = await verifyAudit(ledger);
      assert.deepEqual([entries, broken], [12, undefined]);
    },
  );

  test(said('rows are neither changed nor taken away nor replaced'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await fill(ledger, 3);
    const refused = [
      "update ledger_audit set actor = 'eve' where seq = 2",
      'delete from ledger_audit where seq = 3',
      'delete from ledger_audit',
      ...(ledgers.dialect === 'postgres'
        ? ['truncate ledger_audit']
        : [
            "insert or replace into ledger_audit select seq, at, 'eve', action, subject, detail, hash from ledger_audit where seq = 2",
          ]),
    ];
    for (const statement of refused)
      await assert.rejects(
        ledger.write(async (write) => {
          await sql.raw(statement).execute(write);
        }),
        /the audit trail only grows/,
        statement,
      );
    assert.equal((await verifyAudit(ledger)).broken, undefined);
  });

  // SQLite chains an entry in the transaction that records it
  if (ledgers.dialect === 'postgres')
    test(
      said('an entry whose process was killed right after its commit is part of the trail all the same'),
      async (t) => {
        const ledger = await ledgers.open(t, { books });
        await fill(ledger, 1);
        await ledger.write(async (write) => {
          await sql`insert into ledger_audit_new (at, actor, action, subject, detail)
          select at, actor, 'left', subject, detail from ledger_audit`.execute(write);
        });
        await assert.rejects(
          ledger.write(async (write) => {
            await sql`update ledger_audit_new set actor = 'eve'`.execute(write);
          }),
          /the audit trail only grows/,
        );
        assert.deepEqual(
          (await listAudit(ledger)).map(({ seq, action }) => [seq, action]),
          [
            [2, 'left'],
            [1, 'hold.release'],
          ],
        );
        assert.equal((await verifyAudit(ledger)).entries, 2);
      },
    );

  const crimes: [string, string, number][] = [
    ['a changed row', "update ledger_audit set actor = 'eve' where seq = 2", 2],
    ['a changed time', 'update ledger_audit set at = at + 1 where seq = 3', 3],
    ['a missing row', 'delete from ledger_audit where seq = 2', 2],
    ['a missing end', 'delete from ledger_audit where seq > 3', 4],
    ['an empty trail', 'delete from ledger_audit', 1],
    [
      'two rows that changed places',
      'update ledger_audit set seq = case seq when 2 then -3 else -2 end where seq in (2, 3)',
      2,
    ],
    [
      'a row that was put in',
      "insert into ledger_audit select seq + 1, at, 'eve', action, subject, detail, hash from ledger_audit where seq = 5",
      6,
    ],
    ['an end that was moved back', 'update ledger_audit_end set seq = 4', 5],
  ];
  for (const [crime, statement, seq] of crimes)
    test(said(`${crime} is found`), async (t) => {
      const ledger = await ledgers.open(t, { books });
      await fill(ledger, 5);
      await tamper(ledger, statement);
      assert.equal((await verifyAudit(ledger)).broken?.seq, seq);
    });

  test(said('a changed row with a hash of its own is found by the row after it'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await fill(ledger, 5);
    await tamper(ledger, "update ledger_audit set actor = 'eve' where seq = 2");
    const audit = ledger.read<AuditTables>().selectFrom('ledger_audit').selectAll();
    const rows = await audit.where('seq', '<', 3).orderBy('seq').execute();
    const hash = hashOf(rows[0]!.hash, rows[1]!);
    await ledger.write(async (write) => {
      await sql`update ledger_audit set hash = ${hash} where seq = 2`.execute(write);
    });
    assert.equal((await verifyAudit(ledger)).broken?.seq, 3);
  });

  test(said('a trail that was written anew is found by an end that was noted'), async (t) => {
    const ledger = await ledgers.open(t, { books });
    await fill(ledger, 3);
    const { end } = await verifyAudit(ledger);
    await fill(ledger, 2);
    assert.equal((await verifyAudit(ledger, end)).broken, undefined);
    await tamper(ledger, 'delete from ledger_audit');
    await ledger.write(async (write) => {
      const zeros = new Uint8Array(32);
      await sql`update ledger_audit_end set seq = 0, hash = ${zeros}`.execute(write);
    });
    await fill(ledger, 2);
    assert.equal((await verifyAudit(ledger)).broken, undefined);
    assert.equal((await verifyAudit(ledger, end)).broken?.seq, 3);
    await fill(ledger, 2);
    assert.equal((await verifyAudit(ledger, end)).broken?.seq, 3);
  });
}
