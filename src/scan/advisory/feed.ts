// One feed brought up to date: its list compared by id, and only what changed read.
import type { DatabaseSync } from 'node:sqlite';
import { defaultLimits } from '../../core/index.ts';
import { readArchive } from './archive.ts';
import type { DeltaWriter } from './delta.ts';
import { AdvisoryFault } from './fault.ts';
import { licenceOf } from './licence.ts';
import { isId, parseModifiedCsv } from './list.ts';
import { type OsvRecord, parseOsvRecord } from './osv.ts';
import type { Place } from './place.ts';
import type { FeedState } from './schema.ts';
import { believable, compareTimes } from './time.ts';
import { type RecordWriter, writeRecords } from './writer.ts';

export interface FeedChange {
  name: string;
  added: number;
  changed: number;
  removed: number;
  /** Records that the feed lists and that could not be read at all this time: they are asked for again next time. */
  missing: string[];
  /** Records in the database that are malformed; matching says so of the packages they name. */
  unreadable: number;
  problems: { id: string; reason: string }[];
}

export interface FeedOptions {
  place: Place;
  /** Where a downloaded archive may lie. */
  folder: string;
  acceptShrink: boolean;
  /** ISO 8601. */
  now: string;
  /** Ecosystems (with release) to keep; undefined: all of the feed's. */
  keeps?: ((ecosystem: string) => boolean) | undefined;
  delta?: DeltaWriter | undefined;
  /** Called now and then with records read and records to read. */
  progress(done: number, all: number): void;
}

/** Records that are fetched one by one at most, and at once; more come as the whole archive. */
const fetchedSingly = 500;
const fetchedAtOnce = 8;

/** Changes the database in place: call it inside a transaction and roll back when it throws. Throws AdvisoryFault. */
export async function updateFeed(db: DatabaseSync, name: string, options: FeedOptions): Promise<FeedChange> {
  const { place } = options;
  const old = stateOf(db, name);
  const known = old?.from === place.from ? old.validators : {};
  const change: FeedChange = {
    name,
    added: 0,
    changed: 0,
    removed: 0,
    missing: [],
    unreadable: old?.unreadable ?? 0,
    problems: old?.problems ?? [],
  };
  const list = await place.text(`${name}/modified_id.csv`, known['modified_id.csv']);
  if (list.unchanged) {
    saveState(db, { ...old!, ...checkedAt(options) });
    return change;
  }
  const listed = parseModifiedCsv(list.value);
  const feed = numberOf(db, name);
  const stored = storedIds(db, feed);
  refuseShrunk(name, stored.size, listed.size, options.acceptShrink);

  const wanted = new Set<string>();
  for (const [id, modified] of listed) if (stored.get(id) !== modified) wanted.add(id);
  const records = writeRecords(db, feed, name, options.keeps, options.delta);
  const problems = new Map(change.problems.map((problem) => [problem.id, problem.reason]));
  for (const id of stored.keys())
    if (!listed.has(id)) {
      records.remove(id);
      problems.delete(id);
      change.removed++;
    }
  const sink = { records, listed, stored, wanted, change, problems, all: wanted.size, options };
  const validators: FeedState['validators'] = { ...known, 'modified_id.csv': list.validators };
  if (wanted.size > 0 && place.kind === 'url' && wanted.size <= fetchedSingly && stored.size > 0)
    await fetchSingly(sink, name);
  else if (wanted.size > 0) {
    const archive = await place.file(
      `${name}/all.zip`,
      options.folder,
      stored.size > 0 ? known['all.zip'] : undefined,
    );
    if (!archive.unchanged) {
      for (const [id, text] of readArchive(archive.value, wanted)) take(sink, id, text);
      validators['all.zip'] = archive.validators;
    }
    // A list is published before its archive: the rest of a small difference is fetched, a large one waits.
    if (place.kind === 'url' && wanted.size <= fetchedSingly) await fetchSingly(sink, name);
  }
  records.finish();
  change.missing = [...wanted];
  change.problems = [...problems].map(([id, reason]) => ({ id, reason }));
  change.unreadable = change.problems.length;
  // What is missing must be asked for again, so the list must not be taken for known.
  if (wanted.size > 0) delete validators['modified_id.csv'];
  saveState(db, {
    name,
    from: place.from,
    kind: place.kind,
    records: listed.size - wanted.size + [...wanted].filter((id) => stored.has(id)).length,
    newest: newestOf(listed),
    ...checkedAt(options),
    licence: licenceOf(name),
    validators,
    unreadable: change.unreadable,
    problems: change.problems.slice(0, defaultLimits.feedProblems),
  });
  return change;
}

interface Sink {
  records: RecordWriter;
  listed: Map<string, string>;
  stored: Map<string, string>;
  /** Ids still to come. */
  wanted: Set<string>;
  change: FeedChange;
  problems: Map<string, string>;
  all: number;
  options: FeedOptions;
}

function take(sink: Sink, id: string, text: string): void {
  if (!sink.wanted.delete(id)) return;
  const record = parseOsvRecord(text, id);
  sink.records.put(record, modifiedOf(record, sink.listed.get(id)!));
  if (sink.stored.has(id)) sink.change.changed++;
  else sink.change.added++;
  const reason = record.unreadable ?? record.affected.find((a) => a.unreadable !== undefined)?.unreadable;
  if (reason === undefined) sink.problems.delete(id);
  else sink.problems.set(id, reason);
  const done = sink.all - sink.wanted.size;
  if (done % 1000 === 0) sink.options.progress(done, sink.all);
}

/** The list's time, unless the record is older than it: then its own, so that the newer one is asked for next time. */
function modifiedOf(record: OsvRecord, listed: string): string {
  const own = record.modified;
  return own !== undefined && compareTimes(own, listed) < 0 ? own : listed;
}

async function fetchSingly(sink: Sink, name: string): Promise<void> {
  const ids = [...sink.wanted].filter(isId);
  for (let at = 0; at < ids.length; at += fetchedAtOnce) {
    const batch = ids.slice(at, at + fetchedAtOnce);
    const texts = await Promise.all(batch.map((id) => sink.options.place.optionalText(`${name}/${id}.json`)));
    for (const [n, text] of texts.entries()) if (text !== undefined) take(sink, batch[n]!, text);
  }
}

function refuseShrunk(name: string, had: number, has: number, accepted: boolean): void {
  if (has === 0 && had === 0)
    throw new AdvisoryFault('feed-unreadable', `${name}: expected a list of records, got an empty one`);
  if (accepted || had === 0 || has * 2 > had) return;
  throw new AdvisoryFault('feed-shrunk', `${name}: expected about ${had} records as last time, got ${has}`, {
    hint: `If the publisher really took them out: seaworthy db update --accept-shrink '${name}'`,
  });
}

function checkedAt({ place, now }: FeedOptions): { checked?: string } {
  return place.kind === 'url' ? { checked: now } : {};
}

function newestOf(listed: Map<string, string>): string {
  let newest = '';
  for (const modified of new Set(listed.values()))
    if (believable(modified) !== undefined && (newest === '' || compareTimes(modified, newest) > 0))
      newest = modified;
  return newest;
}

export function stateOf(db: DatabaseSync, name: string): FeedState | undefined {
  const row = db.prepare('SELECT source FROM feed WHERE name = ? AND source IS NOT NULL').get(name);
  return row === undefined ? undefined : (JSON.parse(String(row['source'])) as FeedState);
}

export function saveState(db: DatabaseSync, state: FeedState): void {
  numberOf(db, state.name);
  db.prepare('UPDATE feed SET source = ? WHERE name = ?').run(JSON.stringify(state), state.name);
}

function numberOf(db: DatabaseSync, name: string): number {
  const row = db.prepare('SELECT feed FROM feed WHERE name = ?').get(name);
  if (row !== undefined) return Number(row['feed']);
  return Number(db.prepare('INSERT INTO feed (name) VALUES (?)').run(name).lastInsertRowid);
}

function storedIds(db: DatabaseSync, feed: number): Map<string, string> {
  const ids = new Map<string, string>();
  for (const row of db.prepare('SELECT id, modified FROM record WHERE feed = ?').iterate(feed))
    ids.set(String(row['id']), String(row['modified']));
  return ids;
}
