// The shared advisories, read plainly: what versions of a package they call fixed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, defaultLimits, readZip } from '../src/core/index.ts';
import { data } from './peers.ts';

interface Affected {
  package?: { ecosystem?: string; name?: string };
  ranges?: { type?: string; events?: { fixed?: string }[] }[];
}

interface Advisory {
  id?: string;
  affected?: Affected[];
}

/** The records of one feed; the few that the shared data breaks on purpose left out. */
function* recordsOf(feed: string): Generator<Advisory> {
  const bytes = readFileSync(join(data, 'osv', feed, 'all.zip'));
  for (const entry of readZip(bufferSource(bytes), defaultLimits)) {
    const text = entry.inflate().toString('utf8');
    let record: Advisory;
    try {
      record = JSON.parse(text);
    } catch {
      continue;
    }
    yield record;
  }
}

/** By package name, the first fix of each record, each version once; bug-fix errata left out. */
export function fixesOf(feed: string, ecosystem: string): Map<string, string[]> {
  const fixes = new Map<string, Set<string>>();
  for (const record of recordsOf(feed)) {
    if (/^AL[BE]A-/.test(record.id ?? '')) continue;
    for (const { package: of, ranges } of record.affected ?? []) {
      const fixed = ranges?.[0]?.events?.find((event) => event.fixed)?.fixed;
      if (of?.ecosystem !== ecosystem || !of.name || !fixed) continue;
      fixes.set(of.name, (fixes.get(of.name) ?? new Set()).add(fixed));
    }
  }
  return new Map([...fixes].map(([name, versions]) => [name, [...versions]]));
}

/** `count` of the rows, taken at even distances. */
export function spread<T>(rows: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(rows.length / count));
  return rows.filter((_, i) => i % step === 0).slice(0, count);
}

/** By package name, every version that an event of a range names, each once. */
export function edgesOf(feed: string, ecosystem: string): Map<string, string[]> {
  const edges = new Map<string, Set<string>>();
  for (const { affected } of recordsOf(feed))
    for (const { package: of, ranges } of affected ?? [])
      if (of?.ecosystem === ecosystem && of.name)
        for (const version of (ranges ?? []).flatMap(({ events }) => (events ?? []).flatMap(Object.values)))
          edges.set(of.name, (edges.get(of.name) ?? new Set()).add(String(version)));
  return new Map([...edges].map(([name, versions]) => [name, [...versions]]));
}

/** Ids of the records that have a range of commits beside one of versions. */
export function commitRanges(feed: string): Set<string> {
  const ids = new Set<string>();
  for (const { id, affected } of recordsOf(feed))
    if (id && affected?.some(({ ranges }) => ranges?.some(({ type }) => type === 'GIT') && ranges.length > 1))
      ids.add(id);
  return ids;
}
