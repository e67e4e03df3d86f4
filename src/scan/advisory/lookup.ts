// The read side of the database file: look-ups by package, by alias and by CVE.
import type { DatabaseSync } from 'node:sqlite';
import { defaultLimits, isFault } from '../../core/index.ts';
import type {
  AdvisoryDatabase,
  AdvisoryRow,
  Coverage,
  CveFacts,
  SeverityScore,
  SourceInfo,
} from './advisory.ts';
import type { PackedPackage } from './entry.ts';
import { blockOf, cveNumber, scoreIn } from './epss.ts';
import { keyOf } from './names.ts';
import { type RecordFields, unpackRecord } from './record.ts';
import { LazyRow, type RecordLoader } from './row.ts';
import { damaged, type FeedState } from './schema.ts';

/** Records whose fields are kept after they were loaded. */
const keptRecords = 2000;

type LoadedRecord = RecordFields & { id: string; modified: string };

/** Over an open file; rows stay readable while the database is open. Throws AdvisoryFault `database-unreadable`. */
export function readDatabase(db: DatabaseSync, isSeed: boolean): AdvisoryDatabase {
  return guarded(prepareReads)(db, isSeed);
}

function prepareReads(db: DatabaseSync, isSeed: boolean): AdvisoryDatabase {
  const ecosystems = new Map<string, { number: number; entries: number; unfixed: number }>();
  for (const row of db.prepare('SELECT * FROM ecosystem').all())
    ecosystems.set(String(row['name']), {
      number: Number(row['ecosystem']),
      entries: Number(row['entries']),
      unfixed: Number(row['unfixed']),
    });
  const findPackage = db.prepare('SELECT body FROM package WHERE ecosystem = ? AND name = ?');
  const findRecord = db.prepare('SELECT id, modified, body FROM record WHERE record = ?');
  const feeds = db
    .prepare('SELECT feed FROM feed')
    .all()
    .map((row) => Number(row['feed']));
  const findId = db.prepare('SELECT 1 FROM record WHERE feed = ? AND id = ? LIMIT 1');
  const findRefs = db.prepare('SELECT kind, record FROM ref WHERE name = ?');
  const findScores = db.prepare('SELECT scores FROM epss WHERE block = ?');
  const findKev = db.prepare('SELECT added, ransomware FROM kev WHERE cve = ?');
  const records = new Map<number, LoadedRecord>();

  const load: RecordLoader = guarded((record: number) => {
    const kept = records.get(record);
    if (kept !== undefined) return kept;
    const row = findRecord.get(record);
    if (row === undefined) throw damaged(`no record ${record}`);
    const id = String(row['id']);
    const modified = String(row['modified']);
    const loaded = { ...unpackRecord(String(row['body']), id, modified), id, modified };
    if (records.size >= keptRecords) records.clear();
    records.set(record, loaded);
    return loaded;
  });

  const state = (key: string) =>
    String(db.prepare('SELECT value FROM state WHERE key = ?').get(key)?.['value'] ?? '');

  const database: AdvisoryDatabase = {
    revision: state('revision'),
    isSeed,
    sources: () => readFeeds(db).map(sourceOf),
    lookup(ecosystem, name): AdvisoryRow[] {
      const owner = ecosystems.get(ecosystem);
      if (owner === undefined) return [];
      const key = keyOf(ecosystem, name);
      const row = findPackage.get(owner.number, key);
      if (row === undefined) return [];
      const [versions, entries] = JSON.parse(String(row['body'])) as PackedPackage;
      return entries.map((entry) => new LazyRow(ecosystem, key, entry, versions, load));
    },
    has: (id) => feeds.some((feed) => findId.get(feed, id) !== undefined),
    aliasesOf(id) {
      const ids = new Set([id]);
      const seen = new Set<number>();
      // A set is walked in the order of insertion, and what is added on the way is walked too.
      for (const name of ids)
        for (const { kind, record } of findRefs.all(name)) {
          if (kind !== 0 || seen.has(Number(record)) || ids.size > defaultLimits.aliases) continue;
          seen.add(Number(record));
          const fields = load(Number(record));
          ids.add(fields.id);
          for (const alias of fields.aliases) ids.add(alias);
        }
      return [...ids];
    },
    severitiesOf(cve) {
      const found = new Map<string, ReturnType<AdvisoryDatabase['severitiesOf']>[number]>();
      for (const { record } of findRefs.all(cve)) {
        const fields = load(Number(record));
        if (!found.has(fields.id)) found.set(fields.id, severityOf(fields));
      }
      return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    cve(id): CveFacts {
      const number = cveNumber(id);
      const facts: CveFacts = {};
      if (number === undefined) return facts;
      const scores = findScores.get(blockOf(number))?.['scores'];
      const score = scores === undefined ? undefined : scoreIn(scores as Uint8Array, number);
      if (score !== undefined) facts.epss = score / 1e5;
      const kev = findKev.get(number);
      if (kev !== undefined)
        facts.kev = { added: String(kev['added']), ransomware: Number(kev['ransomware']) === 1 };
      return facts;
    },
    coverage(ecosystem): Coverage | undefined {
      const counts = ecosystems.get(ecosystem);
      if (counts === undefined || counts.entries === 0) return undefined;
      return { ecosystem, rows: counts.entries, unfixed: counts.unfixed > 0 };
    },
    releases(base) {
      return [...ecosystems]
        .filter(([name, counts]) => counts.entries > 0 && (name === base || name.startsWith(`${base}:`)))
        .map(([name]) => name)
        .sort();
    },
    close: () => db.close(),
  };
  for (const name of ['sources', 'lookup', 'has', 'aliasesOf', 'severitiesOf', 'cve'] as const)
    Object.assign(database, { [name]: guarded(database[name] as (...args: never[]) => unknown) });
  return database;
}

/** The same function, with a damaged file named as what it is. */
function guarded<Args extends unknown[], Result>(read: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    try {
      return read(...args);
    } catch (cause) {
      throw isFault(cause) ? cause : damaged(cause);
    }
  };
}

export function readFeeds(db: DatabaseSync): FeedState[] {
  return db
    .prepare('SELECT source FROM feed ORDER BY name')
    .all()
    .map((row) => JSON.parse(String(row['source'])) as FeedState);
}

function sourceOf({ validators: _, ...source }: FeedState): SourceInfo {
  return source;
}

function severityOf(fields: LoadedRecord): {
  id: string;
  severity: SeverityScore[];
  databaseSeverity?: string;
  summary?: string;
} {
  return {
    id: fields.id,
    severity: fields.severity,
    ...(fields.databaseSeverity !== undefined && { databaseSeverity: fields.databaseSeverity }),
    ...(fields.summary !== undefined && { summary: fields.summary }),
  };
}
