import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { bufferSource, defaultLimits, fixedClock, readZip } from '../../core/index.ts';
import { sharedData } from '../../testing/shareddata.ts';
import type { AdvisoryRow } from './advisory.ts';
import { readDatabase } from './lookup.ts';
import { openToRead } from './schema.ts';
import { updateFile } from './update.ts';

interface Osv {
  id: string;
  modified: string;
  published?: string;
  withdrawn?: string;
  aliases?: string[] | null;
  upstream?: string[];
  related?: string[];
  summary?: string;
  severity?: object[];
  references?: { type: string; url: string }[];
  affected?: {
    package: { ecosystem: string; name: string };
    ranges?: { type: string; events: Record<string, string>[] }[];
    versions?: string[];
    severity?: object[];
  }[];
}

const feeds = ['Azure Linux', 'PyPI', 'crates.io', 'npm', 'NuGet'];

test('every entry of real feeds comes out of a look-up as the record has it', async (t) => {
  const from = sharedData(t, 'osv');
  if (from === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'real-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'advisories.db');
  const report = await updateFile({
    file,
    from,
    ecosystems: feeds,
    acceptShrink: [],
    clock: fixedClock('2026-11-24T00:00:00Z'),
    fetch: () => Promise.reject(new Error('nothing to fetch')),
  });
  assert.deepEqual(report.refused, []);
  const database = readDatabase(openToRead(file)!, false);
  t.after(() => database.close());
  const rows = new Map<string, AdvisoryRow[]>();
  let entries = 0;
  for (const feed of feeds)
    for (const entry of readZip(bufferSource(readFileSync(join(from, feed, 'all.zip'))), defaultLimits)) {
      const record = JSON.parse(entry.inflate().toString('utf8')) as Osv;
      for (const affected of record.affected ?? []) {
        const { ecosystem, name } = affected.package;
        if (record.withdrawn !== undefined || ecosystem.split(':')[0] !== feed) continue;
        const key = `${ecosystem}\n${name}`;
        if (!rows.has(key)) rows.set(key, database.lookup(ecosystem, name));
        const found = rows.get(key)!.filter((row) => row.id === record.id);
        const expected = expectedOf(record, affected);
        assert.ok(
          found.some((row) => sameAs(row, expected)),
          `${record.id} ${ecosystem} ${name}: ${JSON.stringify(found)}`,
        );
        entries++;
      }
    }
  assert.ok(entries > 8000, `${entries} entries`);
  assert.equal(
    [...feeds.flatMap((feed) => database.releases(feed))].reduce(
      (sum, name) => sum + database.coverage(name)!.rows,
      0,
    ),
    entries,
  );
});

function expectedOf(record: Osv, affected: NonNullable<Osv['affected']>[number]): object {
  const published =
    record.published !== undefined && record.published > '1990' ? record.published : undefined;
  return {
    aliases: record.aliases ?? [],
    upstream: record.upstream ?? [],
    related: record.related ?? [],
    name: affected.package.name,
    ranges: (affected.ranges ?? []).map(({ type, events }) => ({
      type,
      events:
        type === 'GIT'
          ? []
          : events.map((event) => ({ kind: Object.keys(event)[0], version: Object.values(event)[0] })),
    })),
    versions: affected.versions ?? [],
    severity: affected.severity?.length ? affected.severity : (record.severity ?? []),
    summary: record.summary || undefined,
    published,
    modified: record.modified,
    url:
      record.references?.find(({ type, url }) => type === 'ADVISORY' && /^https?:/.test(url))?.url ??
      `https://osv.dev/vulnerability/${record.id}`,
    unreadable: undefined,
  };
}

function sameAs(row: AdvisoryRow, expected: object): boolean {
  return Object.entries(expected).every(([key, value]) =>
    isDeepStrictEqual(
      // The score is ours, computed from the vector.
      key === 'severity'
        ? row.severity.map(({ type, score }) => ({ type, score }))
        : row[key as keyof AdvisoryRow],
      value,
    ),
  );
}
