// How one `affected` entry is written into a package's row: short, and readable without its neighbours.
import type { AdvisoryRange, AdvisoryRow, RangeEvent, SeverityScore } from './advisory.ts';
import type { OsvAffected } from './osv.ts';

/** What only some entries have, under one letter each. */
export interface EntryExtras {
  /** The name as in the record, where it is not the key. */
  n?: string;
  s?: SeverityScore[];
  d?: string;
  i?: NonNullable<AdvisoryRow['imports']>;
  u?: string;
  b?: Record<string, string>[];
  x?: string;
}

/** Record, ranges, versions as runs of [first, count] in the package's list of versions, extras; the end may be missing. */
export type PackedEntry = [record: number, ranges: string, runs?: number[], extras?: EntryExtras];

/** A package's row: every version that any entry lists, once, and the entries. */
export type PackedPackage = [versions: string[], entries: PackedEntry[]];

/** An entry on its way into a row: versions still written out. */
export interface Entry {
  record: number;
  ranges: string;
  versions: string[];
  extras: EntryExtras | undefined;
}

export function entryOf(record: number, affected: OsvAffected, key: string): Entry {
  const extras: EntryExtras = {
    ...(affected.name !== key && { n: affected.name }),
    ...(affected.severity.length > 0 && { s: affected.severity }),
    ...(affected.databaseSeverity !== undefined && { d: affected.databaseSeverity }),
    ...(affected.imports !== undefined && { i: affected.imports }),
    ...(affected.urgency !== undefined && { u: affected.urgency }),
    ...(affected.binaries !== undefined && { b: affected.binaries }),
    ...(affected.unreadable !== undefined && { x: affected.unreadable }),
  };
  const plain = Object.keys(extras).length === 0;
  return {
    record,
    ranges: packRanges(affected.ranges),
    versions: affected.versions,
    extras: plain ? undefined : extras,
  };
}

const letters = { introduced: 'i', fixed: 'f', last_affected: 'l', limit: 'm' } as const;
const kinds: Readonly<Record<string, RangeEvent['kind']>> = {
  i: 'introduced',
  f: 'fixed',
  l: 'last_affected',
  m: 'limit',
};
const types: Readonly<Record<string, AdvisoryRange['type']>> = { E: 'ECOSYSTEM', S: 'SEMVER', G: 'GIT' };

/**
 * `E i0 f1.2` is a range of type ECOSYSTEM with two events, ranges follow each other; `<1.2` is short for that one,
 * which is most of them. Versions with a space fall back to JSON.
 */
export function packRanges(ranges: AdvisoryRange[]): string {
  const words: string[] = [];
  for (const range of ranges) {
    words.push(range.type[0]!);
    for (const event of range.events) words.push(letters[event.kind] + event.version);
  }
  const text = words.join(' ');
  const spaces = words.length === 0 ? 0 : words.length - 1;
  if (text.split(' ').length - 1 !== spaces) return JSON.stringify(ranges);
  if (words.length === 3 && text.startsWith('E i0 f')) return `<${words[2]!.slice(1)}`;
  return text;
}

export function unpackRanges(text: string): AdvisoryRange[] {
  if (text === '') return [];
  if (text.startsWith('<'))
    return [
      {
        type: 'ECOSYSTEM',
        events: [
          { kind: 'introduced', version: '0' },
          { kind: 'fixed', version: text.slice(1) },
        ],
      },
    ];
  if (text.startsWith('[')) return JSON.parse(text) as AdvisoryRange[];
  const ranges: AdvisoryRange[] = [];
  for (const word of text.split(' ')) {
    const type = word.length === 1 ? types[word] : undefined;
    if (type !== undefined) ranges.push({ type, events: [] });
    else ranges.at(-1)!.events.push({ kind: kinds[word[0]!]!, version: word.slice(1) });
  }
  return ranges;
}

/** Whether the entry names a flaw that no version of it fixes. */
export function isUnfixed(entry: PackedEntry): boolean {
  const [, ranges, , extras] = entry;
  if (extras?.x !== undefined || ranges.startsWith('<')) return false;
  return !unpackRanges(ranges).some((range) => range.events.some((event) => event.kind === 'fixed'));
}

export function packPackage(entries: Entry[]): PackedPackage {
  const places = new Map<string, number>();
  const packed = entries.map(({ record, ranges, versions, extras }): PackedEntry => {
    const runs = versions.length === 0 ? undefined : runsOf(versions, places);
    if (extras !== undefined) return [record, ranges, runs ?? [], extras];
    return runs === undefined ? [record, ranges] : [record, ranges, runs];
  });
  return [[...places.keys()], packed];
}

/** Versions as runs of places in the package's list, which grows by those it has not seen. */
function runsOf(versions: string[], places: Map<string, number>): number[] {
  const runs: number[] = [];
  let next = -1;
  for (const version of versions) {
    let place = places.get(version);
    if (place === undefined) {
      place = places.size;
      places.set(version, place);
    }
    if (place === next) runs[runs.length - 1]!++;
    else runs.push(place, 1);
    next = place + 1;
  }
  return runs;
}

export function unpackVersions(versions: string[], runs: number[] | undefined): string[] {
  if (runs === undefined || runs.length === 0) return [];
  if (runs.length === 2) return versions.slice(runs[0], runs[0]! + runs[1]!);
  const found: string[] = [];
  for (let n = 0; n < runs.length; n += 2)
    for (let place = runs[n]!; place < runs[n]! + runs[n + 1]!; place++) found.push(versions[place]!);
  return found;
}

export function unpackEntries([versions, entries]: PackedPackage): Entry[] {
  return entries.map(([record, ranges, runs, extras]) => ({
    record,
    ranges,
    versions: unpackVersions(versions, runs),
    extras,
  }));
}
