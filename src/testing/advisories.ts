// A real advisory database made of a few records, for tests of matching.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fixedClock } from '../core/index.ts';
import { type AdvisoryDatabase, openToRead, readDatabase, updateFile } from '../scan/advisory/index.ts';
import { type TestRecord, writeFeed } from './feeds.ts';

export interface TestFeeds {
  [feed: string]: TestRecord[];
}

/** Closed and removed when the test ends. */
export async function databaseOf(
  test: TestContext,
  feeds: TestFeeds,
  files: { epss?: string; kev?: string } = {},
): Promise<AdvisoryDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-advisories-'));
  for (const [feed, records] of Object.entries(feeds)) writeFeed(join(folder, 'osv'), feed, records);
  const file = join(folder, 'advisories.db');
  const report = await updateFile({
    file,
    from: join(folder, 'osv'),
    ecosystems: 'all',
    ...files,
    acceptShrink: [],
    clock: fixedClock('2026-02-01T00:00:00Z'),
    fetch: () => Promise.reject(new Error('nothing to fetch')),
  });
  if (report.refused.length > 0) throw report.refused[0]!.fault;
  const database = readDatabase(openToRead(file)!, false);
  test.after(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return database;
}
