// The thread that holds one connection to SQLite: statements in, rows out, everything bounded.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Value } from './value.ts';
import { sizeOf } from './valuesize.ts';

export interface SqliteTask {
  path: string;
  isReader: boolean;
  /** Held from the start to the end of the thread; a crash frees it. */
  lockPath?: string;
  synchronous: 'full' | 'off';
  maxRows: number;
  maxBytes: number;
}

export interface ToSqlite {
  id: number;
  /** Nothing: close, and end. */
  sql?: string;
  parameters?: readonly Value[];
}

export interface SqliteProblem {
  /** SQLite's extended result code; -1 for a result over its bound, -2 for what SQLite did not say. */
  code: number;
  message: string;
  where?: 'lock' | 'open' | 'foreign';
}

export interface FromSqlite {
  id: number;
  columns?: string[];
  /** Row after row, without seams. */
  values?: unknown[];
  changes?: number;
  problem?: SqliteProblem;
}

const APPLICATION = 0x5357_4c47;
const KEPT = 500;

const task = workerData as SqliteTask;
const port = parentPort!;
const statements = new Map<string, StatementSync>();
let lock: DatabaseSync | undefined;
let database: DatabaseSync | undefined;

function open(): void {
  let where: 'lock' | 'open' = 'lock';
  try {
    if (task.lockPath !== undefined) {
      lock = new DatabaseSync(task.lockPath, { timeout: 0 });
      lock.exec('begin exclusive');
    }
    where = 'open';
    database = new DatabaseSync(task.path, { readOnly: task.isReader, timeout: 10_000 });
    database.exec('pragma trusted_schema = off');
    database.exec(`pragma cache_size = ${task.isReader ? -8192 : -16_384}`);
    if (!task.isReader) prepareWriter(database);
    port.postMessage({ id: 0 } satisfies FromSqlite);
  } catch (error) {
    port.postMessage({ id: 0, problem: { where, ...problemOf(error) } } satisfies FromSqlite);
    port.close();
  }
}

function prepareWriter(opened: DatabaseSync): void {
  const one = (sql: string) => Object.values(opened.prepare(sql).get() ?? {})[0];
  const tables = one('select count(*) from sqlite_schema');
  if (tables !== 0 && one('pragma application_id') !== APPLICATION)
    throw Object.assign(new Error('another program’s tables'), { where: 'foreign' });
  const mode = one('pragma journal_mode = wal');
  if (mode !== 'wal') throw new Error(`journal mode ${String(mode)}`);
  opened.exec(`pragma application_id = ${APPLICATION}`);
  opened.exec(`pragma synchronous = ${task.synchronous}`);
  opened.exec('pragma foreign_keys = on');
  // so that a row that another one replaces is a deleted row to triggers, too
  opened.exec('pragma recursive_triggers = on');
  opened.exec(`pragma journal_size_limit = ${64 << 20}`);
}

function answer({ id, sql, parameters }: ToSqlite): void {
  if (sql === undefined) {
    database?.close();
    lock?.close();
    port.postMessage({ id } satisfies FromSqlite);
    port.close();
    return;
  }
  try {
    port.postMessage(run(id, sql, parameters ?? []));
  } catch (error) {
    port.postMessage({ id, problem: problemOf(error) } satisfies FromSqlite);
  }
}

function run(id: number, sql: string, parameters: readonly Value[]): FromSqlite {
  const statement = prepared(sql);
  const columns = statement.columns().map(({ name }) => name);
  if (columns.length === 0) return { id, changes: Number(statement.run(...parameters).changes) };
  const values: unknown[] = [];
  let bytes = 0;
  let rows = 0;
  for (const row of statement.iterate(...parameters)) {
    if (++rows > task.maxRows) throw tooLarge();
    for (const value of row as unknown as unknown[]) {
      bytes += sizeOf(value);
      values.push(value);
    }
    if (bytes > task.maxBytes) throw tooLarge();
  }
  return { id, columns, values, changes: rows };
}

/** The statement, kept; of many, those used last. */
function prepared(sql: string): StatementSync {
  let statement = statements.get(sql);
  statements.delete(sql);
  if (statement === undefined) {
    statement = database!.prepare(sql);
    statement.setReturnArrays(true);
    if (statements.size >= KEPT) statements.delete(statements.keys().next().value!);
  }
  statements.set(sql, statement);
  return statement;
}

function tooLarge(): Error {
  return Object.assign(new Error('result too large'), { errcode: -1 });
}

function problemOf(error: unknown): SqliteProblem {
  const { errcode, message, where } = error as { errcode?: number; message: string; where?: 'foreign' };
  return { code: errcode ?? -2, message, ...(where === undefined ? {} : { where }) };
}

port.on('message', answer);
open();
