// The shared advisories, read plainly: what versions of a package they call fixed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, defaultLimits, readZip } from '../src/core/index.ts';
import { data } from './peers.ts';

interface Affected {
  package?: { ecosystem?: string; name?: string };
  ranges?: { events?: { fixed?: string }[] }[];
}

/** By package name, the first fix of each record, each version once; bug-fix errata left out. */
export function fixesOf(feed: string, ecosystem: string): Map<string, string[]> {
  const fixes = new Map<string, Set<string>>();
  const bytes = readFileSync(join(data, 'osv', feed, 'all.zip'));
  for (const entry of readZip(bufferSource(bytes), defaultLimits)) {
    let record: { id?: string; affected?: Affected[] };
    try {
      record = JSON.parse(entry.inflate().toString('utf8'));
    } catch {
      continue; // three records of the shared data are malformed on purpose
    }
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
