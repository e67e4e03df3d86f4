// Ledgers for tests: SQLite always, PostgreSQL where SEAWORTHY_TEST_POSTGRES names one; each test has its own.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Dialect, type Ledger, type LedgerOptions, openLedger, sql } from '../ledger/index.ts';

export interface TestLedger {
  dialect: Dialect;
  /** A new ledger, closed and taken away with the test. */
  open(test: TestContext, options: Omit<LedgerOptions, 'url'>): Promise<Ledger>;
  /** The URL of a new place, for a test that opens it more than once or from other processes. */
  place(test: TestContext): string;
}

/** `for (const ledgers of testLedgers()) test(`… (${ledgers.dialect})`, …)`. */
export function testLedgers(): TestLedger[] {
  const server = process.env['SEAWORTHY_TEST_POSTGRES'];
  return [sqlite, ...(server === undefined ? [] : [postgres(server)])];
}

const sqlite: TestLedger = {
  dialect: 'sqlite',
  async open(test, options) {
    const ledger = await openLedger({ ...options, url: 'sqlite::memory:' });
    test.after(() => ledger.close());
    return ledger;
  },
  place(test) {
    const directory = mkdtempSync(join(tmpdir(), 'seaworthy-ledger-'));
    test.after(() => rmSync(directory, { recursive: true, force: true }));
    return `sqlite:${join(directory, 'ledger.db')}`;
  },
};

function postgres(server: string): TestLedger {
  return {
    dialect: 'postgres',
    place(test) {
      const { url, drop } = newSchema(server);
      test.after(drop);
      return url;
    },
    async open(test, options) {
      const { url, drop } = newSchema(server);
      const ledger = await openLedger({ ...options, url });
      test.after(async () => {
        await ledger.close();
        await drop();
      });
      return ledger;
    },
  };
}

function newSchema(server: string): { url: string; drop(): Promise<void> } {
  const schema = `test_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.searchParams.set('schema', schema);
  return {
    url: url.href,
    async drop() {
      const ledger = await openLedger({ url: server, books: [] });
      await ledger.write(async (write) => {
        await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(write);
      });
      await ledger.close();
    },
  };
}
