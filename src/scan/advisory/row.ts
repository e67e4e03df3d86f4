// A row that is unpacked field by field when it is asked: most rows of a look-up are only asked for their ranges.
import type { AdvisoryRange, AdvisoryRow, SeverityScore } from './advisory.ts';
import { type PackedEntry, unpackRanges, unpackVersions } from './entry.ts';
import type { RecordFields } from './record.ts';

/** Loads a record's own fields, at any time while the database is open. */
export type RecordLoader = (record: number) => RecordFields & { id: string; modified: string };

/**
 * Every field is a getter of the prototype: read fields by name, or copy a row with `toJSON()`; `{ ...row }` has none.
 */
export class LazyRow implements AdvisoryRow {
  readonly #ecosystem: string;
  readonly #key: string;
  readonly #entry: PackedEntry;
  readonly #versions: string[];
  readonly #load: RecordLoader;
  #ranges: AdvisoryRange[] | undefined;
  #listed: string[] | undefined;

  constructor(ecosystem: string, key: string, entry: PackedEntry, versions: string[], load: RecordLoader) {
    this.#ecosystem = ecosystem;
    this.#key = key;
    this.#entry = entry;
    this.#versions = versions;
    this.#load = load;
  }

  get id(): string {
    return this.#load(this.#entry[0]).id;
  }
  get aliases(): string[] {
    return this.#load(this.#entry[0]).aliases;
  }
  get upstream(): string[] {
    return this.#load(this.#entry[0]).upstream;
  }
  get related(): string[] {
    return this.#load(this.#entry[0]).related;
  }
  get ecosystem(): string {
    return this.#ecosystem;
  }
  get name(): string {
    return this.#entry[3]?.n ?? this.#key;
  }
  get ranges(): AdvisoryRange[] {
    this.#ranges ??= unpackRanges(this.#entry[1]);
    return this.#ranges;
  }
  get versions(): string[] {
    this.#listed ??= unpackVersions(this.#versions, this.#entry[2]);
    return this.#listed;
  }
  get severity(): SeverityScore[] {
    return this.#entry[3]?.s ?? this.#load(this.#entry[0]).severity;
  }
  get databaseSeverity(): string | undefined {
    return this.#entry[3]?.d ?? this.#load(this.#entry[0]).databaseSeverity;
  }
  get summary(): string | undefined {
    return this.#load(this.#entry[0]).summary;
  }
  get published(): string | undefined {
    return this.#load(this.#entry[0]).published;
  }
  get modified(): string {
    return this.#load(this.#entry[0]).modified;
  }
  get url(): string {
    const { url, id } = this.#load(this.#entry[0]);
    return url ?? `https://osv.dev/vulnerability/${encodeURIComponent(id)}`;
  }
  get imports(): AdvisoryRow['imports'] | undefined {
    return this.#entry[3]?.i;
  }
  get urgency(): string | undefined {
    return this.#entry[3]?.u;
  }
  get binaries(): Record<string, string>[] | undefined {
    return this.#entry[3]?.b;
  }
  get unreadable(): string | undefined {
    return this.#entry[3]?.x;
  }

  /** A plain copy, absent fields left out. */
  toJSON(): AdvisoryRow {
    const all = {
      id: this.id,
      aliases: this.aliases,
      upstream: this.upstream,
      related: this.related,
      ecosystem: this.ecosystem,
      name: this.name,
      ranges: this.ranges,
      versions: this.versions,
      severity: this.severity,
      databaseSeverity: this.databaseSeverity,
      summary: this.summary,
      published: this.published,
      modified: this.modified,
      url: this.url,
      imports: this.imports,
      urgency: this.urgency,
      binaries: this.binaries,
      unreadable: this.unreadable,
    };
    return Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    ) as unknown as AdvisoryRow;
  }
}
