// The file of a ledger as SQLite's own tools see it, and the audit trail as somebody else computes it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { enqueue, openLedger, post, record, sql, verifyAudit } from '../src/ledger/index.ts';
import { startPostgres } from './postgresserver.ts';

/** By Python's json and hashlib, from the words of src/ledger/audit.ts. */
const chain = `
import hashlib, json, sys
before = bytes(32)
for line in sys.stdin:
    seq, at, actor, action, subject, detail, digest = json.loads(line)
    content = json.dumps([seq, at, actor, action, subject, detail], ensure_ascii=False, separators=(',', ':'))
    before = hashlib.sha256(before + content.encode()).digest()
    assert before.hex() == digest, seq
    print(seq, digest)
`;

test('sqlite3 finds the file whole and backs it up while it is in use, python computes the same trail', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-interop-ledger-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'ledger.db');
  const ledger = await openLedger({ url: `sqlite:${file}`, books: [] });
  for (let n = 0; n < 50; n++)
    await ledger.write(async (write) => {
      await record(write, {
        actor: 'ann “é” 🚢',
        action: 'test',
        subject: `s\\"${n}`,
        detail: { n, text: '\u2028ü' },
      });
      await enqueue(write, { kind: 'test', payload: { n } });
      await post(write, { channel: 'test', id: String(n), payload: { n } });
    });
  const sqlite3 = (path: string, statement: string) =>
    execFileSync('sqlite3', [path, statement], { encoding: 'utf8' }).trim();
  assert.equal(sqlite3(file, 'pragma integrity_check'), 'ok');
  assert.equal(sqlite3(file, 'pragma foreign_key_check'), '');
  const copy = join(directory, 'copy.db');
  sqlite3(file, `.backup ${copy}`);
  const { end } = await verifyAudit(ledger);
  const lines = sqlite3(
    file,
    'select json_array(seq, at, actor, action, subject, detail, lower(hex(hash))) from ledger_audit order by seq',
  );
  await ledger.close();
  const said = execFileSync('python3', ['-c', chain], { input: `${lines}\n`, encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.equal(said.at(-1), `50 ${end.hash}`);
  const restored = await openLedger({ url: `sqlite:${copy}`, books: [] });
  assert.deepEqual((await verifyAudit(restored)).end, end);
  await restored.close();
});

test('PostgreSQL keeps the same trail, and says "committed" only when it is', async () => {
  const server = await startPostgres(['synchronous_commit=off']);
  try {
    const ledger = await openLedger({ url: server.url, books: [] });
    for (let n = 0; n < 20; n++)
      await ledger.write((write) =>
        record(write, {
          actor: 'ann “é” 🚢',
          action: 'test',
          subject: `s\\"${n}`,
          detail: { n, text: '\u2028ü' },
        }),
      );
    const { end } = await verifyAudit(ledger);
    const { rows } = await sql<{ line: string }>`
      select json_build_array(seq, at, actor, action, subject, detail, encode(hash, 'hex'))::text as line
      from ledger_audit order by seq`.execute(ledger.read());
    const said = execFileSync('python3', ['-c', chain], {
      input: rows.map(({ line }) => `${line}\n`).join(''),
      encoding: 'utf8',
    });
    assert.equal(said.trim().split('\n').at(-1), `20 ${end.hash}`);
    const setting = await sql<{ setting: string }>`
      select current_setting('synchronous_commit') as setting`.execute(ledger.read());
    assert.equal(setting.rows[0]?.setting, 'on');
    await ledger.close();
  } finally {
    await server.stop();
  }
});
