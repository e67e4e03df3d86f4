// Hears of jobs that other processes enqueued: one connection that listens, made anew whenever it breaks.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ClientConfig } from 'pg';
import type { Listening } from './engine.ts';
import type { LedgerLog } from './own.ts';
import type { Library } from './postgresconfig.ts';
import { postgresError } from './postgresproblem.ts';

export interface Listener {
  listen(wake: () => void): Listening;
  close(): Promise<void>;
}

/** Connects with the first who listens. Without it jobs are found by polling, later. */
export function listenTo(
  pg: Library,
  config: ClientConfig,
  schema: string | undefined,
  log: LedgerLog,
): Listener {
  const wakes = new Set<() => void>();
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let client: Client | undefined;
  const wakeAll = () => {
    for (const wake of wakes) wake();
  };
  const once = async () => {
    const own = new pg.Client(config);
    client = own;
    const broken = new Promise<void>((resolve) => own.once('end', resolve));
    own.on('error', () => void own.end().catch(() => {}));
    await own.connect();
    if (schema !== undefined) await own.query(`set search_path to ${schema}`);
    const { rows } = await own.query<{ here: string }>('select current_schema() as here');
    own.on('notification', ({ payload }) => {
      if (payload === rows[0]?.here) wakeAll();
    });
    await own.query('listen seaworthy_jobs');
    // what was told while nobody listened
    wakeAll();
    await broken;
  };
  const run = async () => {
    for (let failures = 0; !stop.signal.aborted; failures++) {
      const began = performance.now();
      await once().catch((error: unknown) => {
        if (!stop.signal.aborted)
          log.warn({ error: postgresError(error) }, 'nobody tells of new jobs; they are looked for');
      });
      await client?.end().catch(() => {});
      if (performance.now() - began > 60_000) failures = 0;
      await delay(Math.min(10_000, 100 * 2 ** failures), undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  return {
    listen(wake) {
      wakes.add(wake);
      running ??= run();
      return { stop: async () => void wakes.delete(wake) };
    },
    async close() {
      stop.abort();
      await client?.end().catch(() => {});
      await running;
    },
  };
}
