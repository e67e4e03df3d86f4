// Puts records into the database file and takes them out, keeping every derived row in step.
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { DeltaWriter } from './delta.ts';
import { type Entry, entryOf, isUnfixed, type PackedPackage, packPackage, unpackEntries } from './entry.ts';
import { collectGarbage } from './garbage.ts';
import { baseOf, keyOf } from './names.ts';
import type { OsvRecord } from './osv.ts';
import { packRecord, refsOf, unpackRecord } from './record.ts';

export interface RecordWriter {
  /** Adds the record or puts it in the place of what was there; `modified` as the feed's list has it. */
  put(record: OsvRecord, modified: string): void;
  remove(id: string): void;
  /** Writes what is still held back; only then are packages and counts right. */
  finish(): void;
}

/** Entries held back before packages are written: bounds memory, whatever the size of a feed. */
const heldBack = 50_000;

interface Pending {
  drop: Set<number>;
  add: Entry[];
}

/**
 * Writer of one feed's records; call it inside a transaction. Where `keeps` is given, only entries of the ecosystems it
 * takes are kept, and no record without one. `delta` hears of every package and id that a record named or names.
 */
export function writeRecords(
  db: DatabaseSync,
  feedNumber: number,
  feed: string,
  keeps?: (ecosystem: string) => boolean,
  delta?: DeltaWriter,
): RecordWriter {
  const find = db.prepare('SELECT record, modified FROM record WHERE feed = ? AND id = ?');
  const read = db.prepare('SELECT body, hash FROM record WHERE record = ?');
  const insert = db.prepare('INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?)');
  const drop = db.prepare('DELETE FROM record WHERE record = ?');
  const addRef = db.prepare('INSERT OR IGNORE INTO ref VALUES (?, ?, ?)');
  const dropRef = db.prepare('DELETE FROM ref WHERE name = ? AND kind = ? AND record = ?');
  const packages = writePackages(db);
  const isFirst = db.prepare('SELECT 1 FROM record WHERE feed = ? LIMIT 1').get(feedNumber) === undefined;
  let next = Number(db.prepare('SELECT coalesce(max(record), 0) + 1 AS next FROM record').get()!['next']);
  let sum = 0n;

  /** Takes out all that the record brought in; undefined: it is not there. */
  function withdraw(id: string): number | undefined {
    const row = find.get(feedNumber, id);
    if (row === undefined) return undefined;
    const record = Number(row['record']);
    const { body, hash: old } = read.get(record)!;
    const fields = unpackRecord(String(body), id, String(row['modified']));
    for (const [name, kind] of refsOf(feed, id, fields)) dropRef.run(name, kind, record);
    for (const number of fields.packages) {
      packages.drop(number, record);
      if (delta !== undefined) packages.tell(number, delta);
    }
    delta?.addIds(namesOf(feed, id, fields));
    drop.run(record);
    sum -= BigInt(Number(old));
    return record;
  }

  return {
    put(osv, modified) {
      const record = (isFirst ? undefined : withdraw(osv.id)) ?? next++;
      const own = osv.withdrawn ? [] : osv.affected.filter((a) => baseOf(a.ecosystem) === feed);
      const held = keeps === undefined ? own : own.filter((a) => keeps(a.ecosystem));
      if (keeps !== undefined && held.length === 0) return;
      const numbers = new Set<number>();
      for (const affected of held) {
        const key = keyOf(affected.ecosystem, affected.name);
        const number = packages.numberOf(affected.ecosystem, key);
        numbers.add(number);
        delta?.addPackage(affected.ecosystem, key);
        packages.add(number, entryOf(record, affected, key));
      }
      const body = osv.withdrawn ? '[]' : packRecord({ ...osv, modified }, [...numbers]);
      // Without the numbers of packages: they depend on what came before.
      const content = { ...osv, feed, modified, affected: held };
      const digest = hash('sha1', JSON.stringify(content), 'hex');
      const short = Number.parseInt(digest.slice(0, 12), 16);
      insert.run(record, feedNumber, osv.id, modified, short, body);
      sum += BigInt(short);
      delta?.addIds(namesOf(feed, osv.id, osv));
      if (!osv.withdrawn)
        for (const [name, kind] of refsOf(feed, osv.id, osv)) addRef.run(name, kind, record);
    },
    remove(id) {
      withdraw(id);
    },
    finish() {
      packages.flush();
      addToRevision(db, sum);
      sum = 0n;
    },
  };
}

/** Every id that look-ups may have come to the record by. */
function namesOf(feed: string, id: string, fields: Parameters<typeof refsOf>[2]): string[] {
  return [id, ...fields.aliases, ...refsOf(feed, id, fields).map(([name]) => name)];
}

/** The sum of all records' hashes: the same content gives the same sum, in whatever order it came. */
function addToRevision(db: DatabaseSync, sum: bigint): void {
  const old = BigInt(String(db.prepare("SELECT value FROM state WHERE key = 'sum'").get()?.['value'] ?? '0'));
  const all = BigInt.asUintN(64, old + sum);
  db.prepare("INSERT OR REPLACE INTO state VALUES ('sum', ?)").run(String(all));
}

interface PackageWriter {
  numberOf(ecosystem: string, key: string): number;
  add(number: number, entry: Entry): void;
  drop(number: number, record: number): void;
  /** Which package that is. */
  tell(number: number, delta: DeltaWriter): void;
  flush(): void;
}

function writePackages(db: DatabaseSync): PackageWriter {
  const findEcosystem = db.prepare('SELECT ecosystem FROM ecosystem WHERE name = ?');
  const addEcosystem = db.prepare('INSERT INTO ecosystem (name, entries, unfixed) VALUES (?, 0, 0)');
  const count = db.prepare(
    'UPDATE ecosystem SET entries = entries + ?, unfixed = unfixed + ? WHERE ecosystem = ?',
  );
  const find = db.prepare('SELECT package FROM package WHERE ecosystem = ? AND name = ?');
  const insert = db.prepare("INSERT INTO package (ecosystem, name, body) VALUES (?, ?, '')");
  const read = db.prepare('SELECT ecosystem, body FROM package WHERE package = ?');
  const write = db.prepare('UPDATE package SET body = ? WHERE package = ?');
  const remove = db.prepare('DELETE FROM package WHERE package = ?');
  const named = db.prepare(
    'SELECT e.name AS ecosystem, p.name FROM package p JOIN ecosystem e USING (ecosystem) WHERE package = ?',
  );
  const ecosystems = new Map<string, number>();
  const numbers = new Map<string, number>();
  const pending = new Map<number, Pending>();
  let held = 0;

  function ecosystemOf(name: string): number {
    let number = ecosystems.get(name);
    if (number === undefined) {
      const row = findEcosystem.get(name);
      number = Number(row === undefined ? addEcosystem.run(name).lastInsertRowid : row['ecosystem']);
      ecosystems.set(name, number);
    }
    return number;
  }

  function pendingOf(number: number): Pending {
    let found = pending.get(number);
    if (found === undefined) {
      found = { drop: new Set(), add: [] };
      pending.set(number, found);
    }
    return found;
  }

  function flush(): void {
    const changes = new Map<number, { entries: number; unfixed: number }>();
    for (const number of [...pending.keys()].sort((a, b) => a - b)) {
      const { drop, add } = pending.get(number)!;
      const row = read.get(number)!;
      const body = String(row['body']);
      const old: PackedPackage = body === '' ? [[], []] : JSON.parse(body);
      const kept = drop.size === 0 ? old : packPackage(unpackEntries(old).filter((e) => !drop.has(e.record)));
      const packed = kept[1].length === 0 ? packPackage(add) : packPackage([...unpackEntries(kept), ...add]);
      const ecosystem = Number(row['ecosystem']);
      const change = changes.get(ecosystem) ?? { entries: 0, unfixed: 0 };
      change.entries += packed[1].length - old[1].length;
      change.unfixed += packed[1].filter(isUnfixed).length - old[1].filter(isUnfixed).length;
      changes.set(ecosystem, change);
      if (packed[1].length === 0) remove.run(number);
      else write.run(JSON.stringify(packed), number);
    }
    for (const [ecosystem, change] of changes) count.run(change.entries, change.unfixed, ecosystem);
    pending.clear();
    numbers.clear();
    held = 0;
  }

  return {
    numberOf(ecosystem, key) {
      const text = `${ecosystem}\0${key}`;
      let number = numbers.get(text);
      if (number === undefined) {
        const owner = ecosystemOf(ecosystem);
        const row = find.get(owner, key);
        number = Number(row === undefined ? insert.run(owner, key).lastInsertRowid : row['package']);
        numbers.set(text, number);
      }
      return number;
    },
    add(number, entry) {
      pendingOf(number).add.push(entry);
      held += 1 + entry.versions.length / 4;
      if (held <= heldBack) return;
      flush();
      collectGarbage();
    },
    drop(number, record) {
      pendingOf(number).drop.add(record);
    },
    tell(number, delta) {
      const row = named.get(number);
      if (row !== undefined) delta.addPackage(String(row['ecosystem']), String(row['name']));
    },
    flush,
  };
}
