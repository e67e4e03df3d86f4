// The database that ships with Seaworthy: some ecosystems, and of the scores only those of CVEs that they name.
import { renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { blockOf, cveNumber, packScores, scoreIn } from './epss.ts';
import { AdvisoryFault } from './fault.ts';
import { saveState } from './feed.ts';
import { readFeeds } from './lookup.ts';
import { unpackRecord } from './record.ts';
import { openToWrite } from './schema.ts';
import { believable, compareTimes } from './time.ts';
import { saveRevision, type UpdateOptions, type UpdateReport, updateFile } from './update.ts';

/** As updateFile into a file that is not there yet; the same bytes from the same feeds. Throws AdvisoryFault. */
export async function makeSeed(options: UpdateOptions): Promise<UpdateReport> {
  const report = await updateFile(options);
  const refused = report.refused[0];
  if (refused !== undefined)
    throw new AdvisoryFault(refused.fault.code, `${refused.name}: ${refused.fault.message}`, {
      cause: refused.fault,
    });
  const db = openToWrite(options.file);
  keepScores(db, namedCves(db));
  for (const state of readFeeds(db)) {
    const { checked: _, ...kept } = state;
    const count = countsOf(db, state.name);
    saveState(db, { ...kept, ...count, from: 'seed', kind: 'seed', validators: {}, problems: [] });
  }
  report.revision = saveRevision(db);
  const packed = `${options.file}.packed`;
  db.prepare('VACUUM INTO ?').run(packed);
  db.close();
  renameSync(packed, options.file);
  return report;
}

function namedCves(db: DatabaseSync): Set<number> {
  const cves = new Set<number>();
  const add = (id: string) => {
    const number = cveNumber(id);
    if (number !== undefined) cves.add(number);
  };
  for (const row of db.prepare('SELECT id, modified, body FROM record').iterate()) {
    const id = String(row['id']);
    const { aliases, upstream, related } = unpackRecord(String(row['body']), id, String(row['modified']));
    for (const name of [id, ...aliases, ...upstream, ...related]) add(name);
  }
  return cves;
}

function keepScores(db: DatabaseSync, cves: Set<number>): void {
  const find = db.prepare('SELECT scores FROM epss WHERE block = ?');
  const scores = new Map<number, number>();
  for (const cve of cves) {
    const block = find.get(blockOf(cve))?.['scores'];
    const score = block === undefined ? undefined : scoreIn(block as Uint8Array, cve);
    if (score !== undefined) scores.set(cve, score);
  }
  const blocks = [...packScores(scores)].sort((a, b) => a[0] - b[0]);
  db.exec('BEGIN; DELETE FROM epss');
  const insert = db.prepare('INSERT INTO epss VALUES (?, ?)');
  for (const [block, packed] of blocks) insert.run(block, packed);
  const drop = db.prepare('DELETE FROM kev WHERE cve = ?');
  for (const { cve } of db.prepare('SELECT cve FROM kev').all())
    if (!cves.has(Number(cve))) drop.run(cve as number);
  db.exec('COMMIT');
}

/** What is really in the file: less than the feeds listed. */
function countsOf(db: DatabaseSync, name: string): { records: number; newest?: string } {
  if (name === 'KEV') return { records: Number(db.prepare('SELECT count(*) AS n FROM kev').get()!['n']) };
  if (name === 'EPSS')
    return { records: Number(db.prepare('SELECT sum(length(scores)) / 4 AS n FROM epss').get()!['n']) };
  let records = 0;
  let newest = '';
  for (const row of db
    .prepare('SELECT modified FROM record JOIN feed USING (feed) WHERE feed.name = ?')
    .iterate(name)) {
    const modified = String(row['modified']);
    records++;
    if (believable(modified) && (newest === '' || compareTimes(modified, newest) > 0)) newest = modified;
  }
  return { records, newest };
}
