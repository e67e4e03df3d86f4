// Brings a database file up to date: all work goes into a new file that then takes the old one's name.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, isFault, messageOf } from '../../core/index.ts';
import { type AdvisoryDelta, DeltaWriter, filledEcosystems } from './delta.ts';
import { AdvisoryFault } from './fault.ts';
import { type FeedChange, updateFeed } from './feed.ts';
import { readFeeds } from './lookup.ts';
import { type Fetch, type Place, placeOf } from './place.ts';
import { createFile, openToRead, openToWrite } from './schema.ts';
import { type ScoresChange, updateScores } from './scores.ts';

export interface UpdateOptions {
  /** The database file; made when it is not there. */
  file: string;
  /** URL or directory of the feeds. */
  from: string;
  ecosystems: string[] | 'all';
  /** URL or file; undefined: left as it is. */
  epss?: string | undefined;
  kev?: string | undefined;
  /** Ecosystems (with release) to keep; undefined: all. */
  keeps?: ((ecosystem: string) => boolean) | undefined;
  /** Feeds (or EPSS, KEV) that may lose half their records or more. */
  acceptShrink: string[];
  clock: Clock;
  fetch: Fetch;
  progress?(feed: string, done: number, all: number): void;
}

export interface UpdateReport {
  feeds: FeedChange[];
  scores: ScoresChange[];
  /** Feeds that stay as they were, with the reason. */
  refused: { name: string; fault: AdvisoryFault }[];
  revision: string;
  /** The revision that was brought up to date; empty: there was none, and `changed` is `all`. */
  before: string;
  changed: AdvisoryDelta;
}

/**
 * One updater at a time; readers are never waited for, and keep the file they have open. A process that dies on the way
 * leaves the old file as it was, and what it left beside is removed by the next. Throws AdvisoryFault `update-locked`.
 */
export async function updateFile(options: UpdateOptions): Promise<UpdateReport> {
  const unlock = lock(`${options.file}.lock`);
  try {
    removeLeftovers(options.file);
    const working = `${options.file}.new`;
    const db = startFrom(options.file, working);
    try {
      const before = revisionOf(db);
      const ecosystems = filledEcosystems(db);
      const delta = new DeltaWriter();
      const report = await updateAll(db, options, delta);
      report.revision = saveRevision(db);
      report.before = before;
      delta.addEcosystems(ecosystems, filledEcosystems(db));
      report.changed = before === '' ? 'all' : delta.delta();
      const result = compact(db, working);
      db.close();
      replaceFile(result, options.file);
      return report;
    } finally {
      if (db.isOpen) db.close();
      removeLeftovers(options.file);
    }
  } finally {
    unlock();
  }
}

async function updateAll(
  db: DatabaseSync,
  options: UpdateOptions,
  delta: DeltaWriter,
): Promise<UpdateReport> {
  const report: UpdateReport = {
    feeds: [],
    scores: [],
    refused: [],
    revision: '',
    before: '',
    changed: 'all',
  };
  const place = placeOf(options.from, options.fetch);
  const now = options.clock.now().toISOString();
  const accept = new Set(options.acceptShrink);
  const inTransaction = async (name: string, work: () => Promise<void>) => {
    db.exec('BEGIN');
    try {
      await work();
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      if (!(error instanceof AdvisoryFault)) throw error;
      report.refused.push({ name, fault: error });
    }
  };
  for (const name of await feedNames(place, options.ecosystems))
    await inTransaction(name, async () => {
      const progress = (done: number, all: number) => options.progress?.(name, done, all);
      const settings = {
        place,
        folder: dirname(options.file),
        acceptShrink: accept.has(name),
        keeps: options.keeps,
        now,
        delta,
        progress,
      };
      report.feeds.push(await updateFeed(db, name, settings));
    });
  for (const [name, from] of [
    ['EPSS', options.epss],
    ['KEV', options.kev],
  ] as const)
    if (from !== undefined)
      await inTransaction(name, async () => {
        const file = placeOf(from, options.fetch);
        report.scores.push(await updateScores(db, name, file, now, accept.has(name), delta));
      });
  return report;
}

async function feedNames(place: Place, ecosystems: string[] | 'all'): Promise<string[]> {
  const names = ecosystems === 'all' ? await place.feeds() : ecosystems;
  for (const name of names)
    if (!/^[A-Za-z0-9][\w .+-]{0,99}$/.test(name) || name.includes('..'))
      throw new AdvisoryFault(
        'feed-unknown',
        `expected the name of a feed, got ${JSON.stringify(name.slice(0, 100))}`,
      );
  return names;
}

/** A copy of the file that is there; a new one when there is none that can be read. */
function startFrom(file: string, working: string): DatabaseSync {
  if (isReadable(file)) {
    copyFileSync(file, working, constants.COPYFILE_FICLONE);
    return openToWrite(working);
  }
  return createFile(working);
}

function isReadable(file: string): boolean {
  try {
    const db = openToRead(file);
    db?.close();
    return db !== undefined;
  } catch (error) {
    if (isFault(error)) return false;
    throw error;
  }
}

function revisionOf(db: DatabaseSync): string {
  return String(db.prepare("SELECT value FROM state WHERE key = 'revision'").get()?.['value'] ?? '');
}

/** The content's name: the records' hashes added up, and which scores there are. */
export function saveRevision(db: DatabaseSync): string {
  const sum = db.prepare("SELECT value FROM state WHERE key = 'sum'").get()?.['value'];
  const scores = readFeeds(db)
    .filter(({ name }) => name === 'EPSS' || name === 'KEV')
    .map(({ name, newest, records }) => [name, newest, records]);
  const revision = createHash('sha256')
    .update(JSON.stringify([sum ?? '0', scores]))
    .digest('hex')
    .slice(0, 32);
  db.prepare("INSERT OR REPLACE INTO state VALUES ('revision', ?)").run(revision);
  return revision;
}

/** The path of a copy without holes when there are many, as after a first build, else the file itself. */
function compact(db: DatabaseSync, working: string): string {
  const free = Number(db.prepare('PRAGMA freelist_count').get()!['freelist_count']);
  const all = Number(db.prepare('PRAGMA page_count').get()!['page_count']);
  if (free * 8 <= all) return working;
  const compacted = `${working}.compact`;
  db.prepare('VACUUM INTO ?').run(compacted);
  return compacted;
}

function replaceFile(from: string, to: string): void {
  sync(from);
  renameSync(from, to);
  sync(dirname(to));
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function removeLeftovers(file: string): void {
  const folder = dirname(file);
  const name = file.slice(folder.length + 1);
  for (const entry of existsSync(folder) ? readdirSync(folder) : [])
    if (entry.startsWith(`${name}.new`) || /^download-\d+\.tmp$/.test(entry))
      rmSync(join(folder, entry), { force: true });
}

/** The operating system's lock on a file of its own: it ends with the process, however that ends. */
function lock(path: string): () => void {
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new AdvisoryFault('update-locked', `expected to update alone, got ${messageOf(cause)}`, {
      cause,
      hint: 'Another `seaworthy db update` is at work; wait for it to end.',
    });
  }
  return () => db.close();
}
