// The database file: its tables, and opening it to read or to write.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../core/index.ts';
import type { SourceInfo } from './advisory.ts';
import { AdvisoryFault } from './fault.ts';

/** Changes whenever the tables or what they hold change; a file of another format is built anew. */
export const formatVersion = 1;

const tables = `
  -- Facts about the whole file, as JSON.
  CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
  -- One row a feed; sources() in full, and what to ask the publisher with next time.
  CREATE TABLE feed (feed INTEGER PRIMARY KEY, name TEXT UNIQUE, source TEXT);
  -- One row a record and feed: a record in two feeds is two rows, each with the entries of its own feed.
  CREATE TABLE record (record INTEGER PRIMARY KEY, feed INTEGER, id TEXT, modified TEXT, hash INTEGER, body TEXT);
  CREATE UNIQUE INDEX record_id ON record (feed, id, modified);
  -- Ids that name a record. Kind 0: the same flaw (aliases, and its own id); 1: a CVE whose severity it tells.
  CREATE TABLE ref (name TEXT, kind INTEGER, record INTEGER, PRIMARY KEY (name, kind, record)) WITHOUT ROWID;
  -- Ecosystems with release; how many entries, and how many of them name no fix.
  CREATE TABLE ecosystem (ecosystem INTEGER PRIMARY KEY, name TEXT UNIQUE, entries INTEGER, unfixed INTEGER);
  -- One row a package with all its entries (entry.ts).
  CREATE TABLE package (package INTEGER PRIMARY KEY, ecosystem INTEGER, name TEXT, body TEXT);
  CREATE UNIQUE INDEX package_name ON package (ecosystem, name);
  -- EPSS scores of 4,096 CVE numbers a row (scores.ts).
  CREATE TABLE epss (block INTEGER PRIMARY KEY, scores BLOB);
  CREATE TABLE kev (cve INTEGER PRIMARY KEY, added TEXT, ransomware INTEGER);
`;

/** What a feed's row keeps beside SourceInfo. */
export interface FeedState extends SourceInfo {
  /** Validators of the last answers, by file name. */
  validators: Record<string, { etag?: string; modified?: string }>;
  /** Records that could not be read, and what is wrong with the first hundred. */
  unreadable: number;
  problems: { id: string; reason: string }[];
}

/** A new, empty file. */
export function createFile(path: string): DatabaseSync {
  const db = openToWrite(path);
  db.exec(tables);
  db.prepare('INSERT INTO state VALUES (?, ?)').run('format', String(formatVersion));
  return db;
}

/** For a file that nobody else has: nothing is synced until `closeSynced`. */
export function openToWrite(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY',
  );
  return db;
}

/**
 * Undefined: there is no such file, or it is of another format. The file never changes in place, so it is opened as
 * immutable: no locks, and no file beside it. Throws AdvisoryFault `database-unreadable`.
 */
export function openToRead(path: string): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(url, { readOnly: true });
    const format = db.prepare('SELECT value FROM state WHERE key = ?').get('format')?.['value'];
    if (format === String(formatVersion)) {
      db.exec('PRAGMA mmap_size=1073741824');
      return db;
    }
  } catch (cause) {
    db?.close();
    throw damaged(cause);
  }
  db.close();
  return undefined;
}

export function damaged(cause: unknown): AdvisoryFault {
  return new AdvisoryFault(
    'database-unreadable',
    `expected a whole advisory database, got ${messageOf(cause)}`,
    {
      cause,
      hint: 'Run `seaworthy db update`; if the message stays, delete the database folder of the home first.',
    },
  );
}
