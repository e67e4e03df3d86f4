// EPSS and KEV brought up to date: each is one file, taken whole when it changed.
import type { DatabaseSync } from 'node:sqlite';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { defaultLimits, messageOf } from '../../core/index.ts';
import type { DeltaWriter } from './delta.ts';
import { cveName, packScores, parseEpss } from './epss.ts';
import { AdvisoryFault } from './fault.ts';
import { saveState, stateOf } from './feed.ts';
import { parseKev } from './kev.ts';
import { licenceOf } from './licence.ts';
import type { Place } from './place.ts';

export interface ScoresChange {
  name: 'EPSS' | 'KEV';
  /** CVEs it names now; undefined: nothing changed. */
  records: number | undefined;
  unreadable: number;
}

const { feedTextBytes: mostBytes } = defaultLimits;

/** Inside a transaction, as updateFeed. `place` is the file itself. Throws AdvisoryFault. */
export async function updateScores(
  db: DatabaseSync,
  name: 'EPSS' | 'KEV',
  place: Place,
  now: string,
  accept: boolean,
  delta?: DeltaWriter,
): Promise<ScoresChange> {
  const old = stateOf(db, name);
  const answer = await place.text(
    '',
    old?.from === place.from ? old.validators['file'] : undefined,
    uncompressed,
  );
  const checked = place.kind === 'url' ? { checked: now } : {};
  if (answer.unchanged) {
    saveState(db, { ...old!, ...checked });
    return { name, records: undefined, unreadable: old!.unreadable };
  }
  const { date, count, unreadable, write } =
    name === 'EPSS' ? epssOf(answer.value) : kevOf(answer.value, delta);
  if (old !== undefined && !accept && count * 2 <= old.records)
    throw new AdvisoryFault(
      'feed-shrunk',
      `${name}: expected about ${old.records} CVEs as last time, got ${count}`,
      {
        hint: `If the publisher really took them out: seaworthy db update --accept-shrink ${name}`,
      },
    );
  write(db);
  saveState(db, {
    name,
    from: place.from,
    kind: place.kind,
    records: count,
    newest: date,
    ...checked,
    licence: licenceOf(name),
    validators: { file: answer.validators },
    unreadable,
    problems: [],
  });
  return { name, records: count, unreadable };
}

interface Scores {
  date: string;
  count: number;
  unreadable: number;
  /** Puts them in the place of the old ones. */
  write(db: DatabaseSync): void;
}

/** EPSS is no part of a delta: it moves every day, and changes what comes first, not what affects. */
function kevOf(text: string, delta?: DeltaWriter): Scores {
  const { date, entries, unreadable } = parseKev(text);
  return { date, count: entries.size, unreadable, write };

  function write(db: DatabaseSync): void {
    if (delta !== undefined) tellChanges(db, entries, delta);
    db.exec('DELETE FROM kev');
    const insert = db.prepare('INSERT INTO kev VALUES (?, ?, ?)');
    for (const [cve, { added, ransomware }] of entries) insert.run(cve, added, ransomware ? 1 : 0);
  }
}

function tellChanges(
  db: DatabaseSync,
  entries: ReturnType<typeof parseKev>['entries'],
  delta: DeltaWriter,
): void {
  const before = new Map(
    db
      .prepare('SELECT cve, added, ransomware FROM kev')
      .all()
      .map((row) => [Number(row['cve']), `${row['added']} ${row['ransomware']}`]),
  );
  for (const [cve, { added, ransomware }] of entries)
    if (before.get(cve) !== `${added} ${ransomware ? 1 : 0}`) delta.addKev(cveName(cve));
  for (const cve of before.keys()) if (!entries.has(cve)) delta.addKev(cveName(cve));
}

function epssOf(text: string): Scores {
  const { date, scores, unreadable } = parseEpss(text);
  return { date, count: scores.size, unreadable, write };

  function write(db: DatabaseSync): void {
    db.exec('DELETE FROM epss');
    const insert = db.prepare('INSERT INTO epss VALUES (?, ?)');
    for (const [block, packed] of packScores(scores)) insert.run(block, packed);
  }
}

/** By the bytes themselves: a server may have removed the compression that the name promises. */
function uncompressed(bytes: Buffer): Buffer {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, { maxOutputLength: mostBytes });
    if (bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528)
      return zstdDecompressSync(bytes, { maxOutputLength: mostBytes });
    return bytes;
  } catch (cause) {
    throw new AdvisoryFault('feed-unreadable', `expected a compressed file, got ${messageOf(cause)}`, {
      cause,
    });
  }
}
