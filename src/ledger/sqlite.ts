// SQLite as an engine: one thread that writes, and as many that read as are asked at a time, two at most.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultLimits, messageOf } from '../core/index.ts';
import type { Answer, Engine } from './engine.ts';
import { closed, LedgerFault } from './fault.ts';
import { networkFileSystem } from './filesystem.ts';
import { type SqliteThread, startSqliteThread } from './sqlitethread.ts';
import type { SqliteTask } from './sqliteworker.ts';
import { Turns } from './turns.ts';
import type { Value } from './value.ts';

const READERS = 2;

/** `path` undefined: a ledger in a directory of its own that goes with it. */
export async function openSqlite(path: string | undefined): Promise<Engine> {
  const throwAway = path === undefined ? makeThrowAway() : undefined;
  const file = path ?? join(throwAway!, 'ledger.db');
  const lockPath = `${file}-lock`;
  makeFile(file);
  makeFile(lockPath);
  refuseNetwork(file);
  const task: SqliteTask = {
    path: file,
    isReader: false,
    // what nobody reads after a crash need not reach the disk
    synchronous: throwAway === undefined ? 'full' : 'off',
    maxRows: defaultLimits.ledgerRows,
    maxBytes: defaultLimits.ledgerBytes,
  };
  let writer: SqliteThread;
  try {
    writer = await startSqliteThread({ ...task, lockPath });
  } catch (error) {
    if (throwAway !== undefined) remove(throwAway);
    throw error;
  }
  const readers = new Readers({ ...task, isReader: true });
  const turns = new Turns();
  let isClosed = false;
  return {
    dialect: 'sqlite',
    async acquireWriter() {
      await turns.take();
      if (isClosed) {
        turns.give();
        throw closed();
      }
      return writer;
    },
    releaseWriter: () => turns.give(),
    acquireReader: async () => readers,
    releaseReader: () => {},
    begin: () => 'begin immediate',
    async close() {
      if (isClosed) return;
      isClosed = true;
      await turns.take();
      turns.give();
      await readers.close();
      await writer.close();
      if (throwAway !== undefined) remove(throwAway);
    },
  };
}

/** Directories that go with this process, also when nobody closes what is in them. */
const throwAways = new Set<string>();

function makeThrowAway(): string {
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-ledger-'));
  if (throwAways.size === 0) process.on('exit', removeAll);
  throwAways.add(directory);
  return directory;
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  throwAways.delete(directory);
  if (throwAways.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const directory of throwAways) rmSync(directory, { recursive: true, force: true });
}

/**
 * For the owner only; SQLite gives the files beside it the same rights. A file that is there is not opened: closing it
 * would take away the locks that this process may have on it (POSIX, fcntl).
 */
function makeFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(path).isFile()) return;
    throw new LedgerFault(
      'ledger-unopenable',
      `${path}: expected a file to write, got: ${messageOf(error)}`,
      {
        hint: 'look at its directory and who may write there',
        cause: error,
      },
    );
  }
}

/** Where two machines may both believe that the file is theirs. */
function refuseNetwork(path: string): void {
  const name = networkFileSystem(statfsSync(path).type);
  if (name !== undefined)
    throw new LedgerFault('ledger-unopenable', `${path}: expected a disk of this machine, got ${name}`, {
      hint: 'use a block volume, or PostgreSQL: locks over a network do not keep two servers apart',
    });
}

/** Ms that a thread which nobody needs is kept. */
const idle = 30_000;

interface Reader {
  started: Promise<SqliteThread>;
  /** Once it is started. */
  thread?: SqliteThread;
}

/** Threads that read, begun when all others are busy. What was committed before is seen by each. */
class Readers {
  readonly #task: SqliteTask;
  readonly #readers: Reader[] = [];
  #ending: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(task: SqliteTask) {
    this.#task = task;
  }

  async run(sql: string, parameters: readonly Value[]): Promise<Answer> {
    if (this.#isClosed) throw closed();
    const [first, ...others] = this.#ready();
    if (first?.pending === 0) return first.run(sql, parameters);
    this.#endLater();
    const free = others.find(({ pending }) => pending === 0);
    if (free) return free.run(sql, parameters);
    if (this.#readers.length < READERS) return (await this.#start()).run(sql, parameters);
    await Promise.all(this.#readers.map(({ started }) => started));
    const least = this.#ready().reduce((best, one) => (one.pending < best.pending ? one : best));
    return least.run(sql, parameters);
  }

  #ready(): SqliteThread[] {
    return this.#readers.flatMap(({ thread }) => thread ?? []);
  }

  #start(): Promise<SqliteThread> {
    const reader: Reader = { started: startSqliteThread(this.#task) };
    this.#readers.push(reader);
    reader.started.then(
      (thread) => {
        reader.thread = thread;
      },
      () => this.#readers.splice(this.#readers.indexOf(reader), 1),
    );
    return reader.started;
  }

  /** All but the first, when nobody needed them for a while: each takes some 10 MB. */
  #endLater(): void {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => {
      for (const reader of this.#readers.slice(1)) {
        if (reader.thread?.pending !== 0) continue;
        this.#readers.splice(this.#readers.indexOf(reader), 1);
        void reader.thread.close();
      }
    }, idle).unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#ending);
    for (const one of await Promise.allSettled(this.#readers.map(({ started }) => started)))
      if (one.status === 'fulfilled') await one.value.close();
  }
}
