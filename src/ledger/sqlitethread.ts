// One thread with one connection to SQLite, from outside: statements are answered in the order they are asked.
import { Worker } from 'node:worker_threads';
import type { Answer } from './engine.ts';
import { closed } from './fault.ts';
import { sqliteError } from './sqliteproblem.ts';
import type { FromSqlite, SqliteTask, ToSqlite } from './sqliteworker.ts';
import type { Value } from './value.ts';

export interface SqliteThread {
  run(sql: string, parameters: readonly Value[]): Promise<Answer>;
  /** Statements that wait or run. */
  readonly pending: number;
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export async function startSqliteThread(task: SqliteTask): Promise<SqliteThread> {
  const worker = new Worker(script(), {
    workerData: task,
    // what the program was started with (`--input-type`, `--test`) is not for it
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let dead: unknown;
  const fail = (error: unknown) => {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  worker.on('message', (told: FromSqlite) => {
    const one = waiting.get(told.id);
    waiting.delete(told.id);
    if (waiting.size === 0) worker.unref();
    if (told.problem === undefined) one?.resolve(answerOf(told));
    else one?.reject(sqliteError(told.problem, task.path));
  });
  worker.on('error', (error) => fail(error));
  worker.on('messageerror', (error) => fail(error));
  worker.on('exit', () => fail(closed()));
  const ask = (asked: ToSqlite): Promise<Answer> => {
    if (dead !== undefined) return Promise.reject(dead);
    // first, for what cannot be sent would be waited for without end
    if (asked.id !== 0) worker.postMessage(asked);
    worker.ref();
    return new Promise((resolve, reject) => waiting.set(asked.id, { resolve, reject }));
  };
  await ask({ id: 0 });
  return {
    run: (sql, parameters) => ask({ id: next++, sql, parameters }),
    get pending() {
      return waiting.size;
    },
    async close() {
      if (dead !== undefined) return;
      await ask({ id: next++ });
      dead ??= closed();
      await worker.terminate();
    },
  };
}

function answerOf({ columns, values, changes }: FromSqlite): Answer {
  const rows: Record<string, unknown>[] = [];
  if (columns !== undefined && values !== undefined)
    for (let at = 0; at < values.length; at += columns.length) {
      const row: Record<string, unknown> = {};
      for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[at + i];
      rows.push(row);
    }
  return { rows, changes: changes ?? 0 };
}

function script(): URL {
  const source = import.meta.url.endsWith('.ts');
  return source
    ? new URL('./sqliteworker.ts', import.meta.url)
    : new URL('./sqliteworker.js', import.meta.url);
}
