// The record: transactions, jobs, and reads beside a long write, on SQLite and on a PostgreSQL that is started for it.
//   node bench/ledger.ts [JOBS]      default: 2000
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../interop/postgresserver.ts';
import { enqueue, fence, type Ledger, openLedger, record, sql, startWorkers } from '../src/ledger/index.ts';
import { type EffectTables, effects } from '../src/testing/effects.ts';

const jobs = Number(process.argv[2] ?? 2000);
const directory = mkdtempSync(join(tmpdir(), 'seaworthy-bench-ledger-'));
const server = await startPostgres();
const rows: [string, string[]][] = [];

try {
  for (const url of [`sqlite:${join(directory, 'ledger.db')}`, server.url]) await measure(url);
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
const width = Math.max(...rows.map(([name]) => name.length));
process.stdout.write(`| ${''.padEnd(width)} | SQLite | PostgreSQL |\n|---|---|---|\n`);
for (const [name, figures] of rows)
  process.stdout.write(`| ${name.padEnd(width)} | ${figures.join(' | ')} |\n`);

async function measure(url: string): Promise<void> {
  const began = performance.now();
  const ledger = await openLedger({ url, books: [effects] });
  say('open an empty ledger', `${Math.round(performance.now() - began)} ms`);
  await transactions(ledger);
  await work(ledger);
  await longWrite(ledger);
  const closing = performance.now();
  await ledger.close();
  const again = await openLedger({ url, books: [effects] });
  say('close and open again', `${Math.round(performance.now() - closing)} ms`);
  await again.close();
}

async function transactions(ledger: Ledger): Promise<void> {
  const write = (n: number) =>
    ledger.write<EffectTables, unknown>((to) => to.insertInto('effects_done').values({ n }).execute());
  say('a transaction of one row, p50 / p99', await latency(500, write));
  say(
    'the same with an entry of the audit trail',
    await latency(200, (n) =>
      ledger.write(async (to) => {
        await record(to, { actor: 'bench', action: 'bench.write', subject: String(n), detail: { n } });
      }),
    ),
  );
  say(
    'a read of one row, p50 / p99',
    await latency(500, () =>
      ledger.read<EffectTables>().selectFrom('effects_done').selectAll().limit(1).execute(),
    ),
  );
  const began = performance.now();
  await Promise.all(Array.from({ length: 1000 }, (_, n) => write(n)));
  say('1,000 transactions asked for at once', `${Math.round(performance.now() - began)} ms`);
}

/** Each has one transaction of its own, with the fence, beside those of the queue. */
async function work(ledger: Ledger): Promise<void> {
  const enqueuing = performance.now();
  for (let from = 0; from < jobs; from += 100)
    await ledger.write(async (to) => {
      for (let n = from; n < from + 100; n++) await enqueue(to, { kind: 'bench', payload: { n } });
    });
  say('jobs enqueued a second, 100 in a transaction', rate(jobs, enqueuing));
  const began = performance.now();
  const workers = startWorkers(ledger, {
    concurrency: 10,
    handlers: {
      bench: async (job) => {
        await ledger.write<EffectTables, void>(async (to) => {
          await fence(to, job);
          await to
            .insertInto('effects_done')
            .values({ n: Number(job.payload['n']) })
            .execute();
        });
        return 'done';
      },
    },
  });
  await workers.idle();
  await workers.stop();
  say('jobs leased, fenced, written and done a second', rate(jobs, began));
}

async function longWrite(ledger: Ledger): Promise<void> {
  const began = performance.now();
  let isOver = false;
  const writing = ledger
    .write<EffectTables, void>(async (to) => {
      for (let from = 0; from < 100_000; from += 1000)
        await to
          .insertInto('effects_done')
          .values(Array.from({ length: 1000 }, (_, n) => ({ n: from + n })))
          .execute();
      await sql`update effects_done set n = n + 1`.execute(to);
    })
    .finally(() => {
      isOver = true;
    });
  const waits: number[] = [];
  while (!isOver) {
    const asked = performance.now();
    await ledger.read<EffectTables>().selectFrom('effects_done').selectAll().limit(10).execute();
    waits.push(performance.now() - asked);
  }
  await writing;
  say('100,000 rows inserted and changed in one transaction', `${Math.round(performance.now() - began)} ms`);
  say('a read beside it, p50 / p99 / longest', spread(waits, true));
}

async function latency(count: number, once: (n: number) => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await once(n);
    times.push(performance.now() - began);
  }
  return spread(times, false);
}

function spread(times: number[], hasLongest: boolean): string {
  const sorted = times.sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toFixed(2);
  return `${at(0.5)} / ${at(0.99)}${hasLongest ? ` / ${at(1)}` : ''} ms`;
}

function rate(count: number, since: number): string {
  return Math.round((count * 1000) / (performance.now() - since)).toLocaleString('en');
}

function say(name: string, figure: string): void {
  const row = rows.find(([known]) => known === name);
  if (row) row[1].push(figure);
  else rows.push([name, [figure]]);
}
