// One OSV record (OSV schema 1.x) from its JSON: tolerant to upstream's dirt, naming what cannot be read.

import { defaultLimits, messageOf } from '../../core/index.ts';
import type { AdvisoryRange, AdvisoryRow, RangeEvent, SeverityScore } from './advisory.ts';
import { baseScoreOf } from './cvss.ts';
import { believable } from './time.ts';

export interface OsvRecord {
  id: string;
  modified: string | undefined;
  published: string | undefined;
  withdrawn: boolean;
  aliases: string[];
  upstream: string[];
  related: string[];
  severity: SeverityScore[];
  databaseSeverity: string | undefined;
  summary: string | undefined;
  /** Undefined: osv.dev's page of the id. */
  url: string | undefined;
  affected: OsvAffected[];
  /** Why the record as a whole could not be read; its `affected` are then what could be salvaged. */
  unreadable: string | undefined;
}

/** One `affected` entry that names a package. */
export type OsvAffected = Pick<
  AdvisoryRow,
  | 'ecosystem'
  | 'name'
  | 'ranges'
  | 'versions'
  | 'databaseSeverity'
  | 'imports'
  | 'urgency'
  | 'binaries'
  | 'unreadable'
> & {
  /** The entry's own; empty: the record's counts. */
  severity: SeverityScore[];
};

type Json = Record<string, unknown>;

/** Never throws: what cannot be read comes back as `unreadable`, with the packages that it seems to name. */
export function parseOsvRecord(text: string, id: string): OsvRecord {
  if (text.length > defaultLimits.documentBytes)
    return salvage(
      text.slice(0, defaultLimits.documentBytes),
      id,
      `more than ${defaultLimits.documentBytes} bytes`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return salvage(text, id, `not JSON: ${messageOf(error)}`);
  }
  if (!isObject(json)) return salvage(text, id, 'not a JSON object');
  if (json['id'] !== id)
    return salvage(text, id, `the record calls itself ${String(json['id']).slice(0, 100)}`);
  if (json['affected'] !== undefined && json['affected'] !== null && !Array.isArray(json['affected']))
    return salvage(text, id, 'affected is not a list');
  return {
    id,
    modified: believable(json['modified']),
    published: believable(json['published']),
    withdrawn: json['withdrawn'] !== undefined && json['withdrawn'] !== null,
    aliases: idsOf(json['aliases']),
    upstream: idsOf(json['upstream']),
    related: idsOf(json['related']),
    severity: severityOf(json['severity']),
    databaseSeverity: wordOf(json['database_specific'], 'severity'),
    summary: textOf(json['summary'], 500),
    url: advisoryUrl(json['references']),
    affected: listOf(json['affected']).flatMap(affectedOf),
    unreadable: undefined,
  };
}

function affectedOf(entry: unknown): OsvAffected[] {
  if (!isObject(entry)) return [];
  const { package: named } = entry;
  // Entries that name no package (commit ranges of a repository) cannot be met by an inventory.
  if (!isObject(named)) return [];
  const ecosystem = textOf(named['ecosystem'], 200);
  const name = textOf(named['name'], 1000);
  if (ecosystem === undefined || name === undefined) return [];
  const affected: OsvAffected = {
    ecosystem,
    name,
    ranges: [],
    versions: [],
    severity: severityOf(entry['severity']),
  };
  try {
    affected.ranges = rangesOf(entry['ranges']);
    affected.versions = versionsOf(entry['versions']);
  } catch (error) {
    if (!(error instanceof Dirt)) throw error;
    return [{ ecosystem, name, ranges: [], versions: [], severity: [], unreadable: error.message }];
  }
  addSpecifics(affected, entry);
  return [affected];
}

/** Something that would change what the record says if it were left out. */
class Dirt extends Error {}

function rangesOf(value: unknown): AdvisoryRange[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Dirt('ranges is not a list');
  return value.map((range: unknown) => {
    if (!isObject(range)) throw new Dirt('a range is not an object');
    const { type } = range;
    // A range of commits needs the repository's history: known to be there, never evaluated.
    if (type === 'GIT') return { type, events: [] };
    if (type !== 'SEMVER' && type !== 'ECOSYSTEM')
      throw new Dirt(`a range of type ${String(type).slice(0, 50)}`);
    if (!Array.isArray(range['events'])) throw new Dirt('a range without events');
    return { type, events: range['events'].flatMap(eventsOf) };
  });
}

const kinds = ['introduced', 'fixed', 'last_affected', 'limit'] as const;

/** Each event object holds one kind (schema: exactly one); older records put several into one. */
function eventsOf(event: unknown): RangeEvent[] {
  if (!isObject(event)) throw new Dirt('an event is not an object');
  const found = kinds.flatMap((kind) => {
    const version = event[kind];
    if (version === undefined || version === null) return [];
    if (typeof version !== 'string' || version === '' || version.length > 1000)
      throw new Dirt(`an event's ${kind} is not a version`);
    return [{ kind, version }];
  });
  if (found.length === 0) throw new Dirt('an event of no known kind');
  return found;
}

function versionsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Dirt('versions is not a list');
  for (const version of value)
    if (typeof version !== 'string' || version.length > 1000)
      throw new Dirt('versions holds what is no version');
  return value;
}

function addSpecifics(affected: OsvAffected, entry: Json): void {
  const specific = isObject(entry['ecosystem_specific']) ? entry['ecosystem_specific'] : {};
  const severity = wordOf(entry['database_specific'], 'severity') ?? wordOf(specific, 'severity');
  if (severity !== undefined) affected.databaseSeverity = severity;
  const urgency = wordOf(specific, 'urgency');
  if (urgency !== undefined) affected.urgency = urgency;
  const imports = listOf(specific['imports']).flatMap(importOf);
  if (imports.length > 0) affected.imports = imports;
  const binaries = listOf(specific['binaries']).flatMap((b) => (isObject(b) ? [stringsOf(b)] : []));
  if (binaries.length > 0) affected.binaries = binaries;
}

type Import = NonNullable<AdvisoryRow['imports']>[number];

function importOf(value: unknown): Import[] {
  if (!isObject(value)) return [];
  const path = textOf(value['path'], 1000);
  if (path === undefined) return [];
  const found: Import = { path };
  for (const key of ['symbols', 'goos', 'goarch'] as const) {
    const words = listOf(value[key]).filter((word) => typeof word === 'string');
    if (words.length > 0) found[key] = words;
  }
  return [found];
}

function severityOf(value: unknown): SeverityScore[] {
  return listOf(value).flatMap((item) => {
    if (!isObject(item)) return [];
    const type = textOf(item['type'], 50);
    const score = textOf(item['score'], 300);
    if (type === undefined || score === undefined) return [];
    const base = type.startsWith('CVSS_') ? baseScoreOf(score) : undefined;
    return [base === undefined ? { type, score } : { type, score, base }];
  });
}

function advisoryUrl(references: unknown): string | undefined {
  for (const reference of listOf(references)) {
    if (!isObject(reference) || reference['type'] !== 'ADVISORY') continue;
    const url = textOf(reference['url'], 1000);
    if (url !== undefined && /^https?:\/\/[!-~]+$/.test(url)) return url;
  }
  return undefined;
}

function idsOf(value: unknown): string[] {
  return listOf(value).filter((id): id is string => typeof id === 'string' && id !== '' && id.length <= 200);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringsOf(value: Json): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string'),
  );
}

function wordOf(holder: unknown, key: string): string | undefined {
  return isObject(holder) ? textOf(holder[key], 100) : undefined;
}

function textOf(value: unknown, longest: number): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The packages that a broken record seems to name, so that matching can say what it does not know. */
function salvage(text: string, id: string, reason: string): OsvRecord {
  const affected: OsvAffected[] = [];
  for (const match of text.matchAll(/"package"\s{0,20}:\s{0,20}\{([^{}]{1,3000})\}/g)) {
    const ecosystem = stringAfter(match[1]!, 'ecosystem');
    const name = stringAfter(match[1]!, 'name');
    if (ecosystem === undefined || name === undefined || affected.length >= 1000) continue;
    affected.push({ ecosystem, name, ranges: [], versions: [], severity: [], unreadable: reason });
  }
  return {
    id,
    modified: undefined,
    published: undefined,
    withdrawn: false,
    aliases: [],
    upstream: [],
    related: [],
    severity: [],
    databaseSeverity: undefined,
    summary: undefined,
    url: undefined,
    affected,
    unreadable: reason,
  };
}

function stringAfter(text: string, key: string): string | undefined {
  return new RegExp(`"${key}"\\s{0,20}:\\s{0,20}"([^"\\\\]{1,500})"`).exec(text)?.[1];
}
