// What the advisory database gives to matching: one OSV record seen from one affected package.

/** One event of an OSV range, in the order of the record (OSV schema, `affected[].ranges[].events[]`). */
export interface RangeEvent {
  kind: 'introduced' | 'fixed' | 'last_affected' | 'limit';
  version: string;
}

export interface AdvisoryRange {
  type: 'SEMVER' | 'ECOSYSTEM' | 'GIT';
  events: RangeEvent[];
}

export interface SeverityScore {
  /** CVSS_V2, CVSS_V3, CVSS_V4, Ubuntu, … as OSV writes it. */
  type: string;
  score: string;
  /** CVSS base score, 0 to 10, computed when the database was built; absent for other types and bad vectors. */
  base?: number;
}

/**
 * An OSV record × one of its `affected` entries. Rows of a database unpack their fields when they are read: read them by
 * name (a spread copies nothing; `JSON.stringify` does).
 */
export interface AdvisoryRow {
  id: string;
  aliases: string[];
  upstream: string[];
  related: string[];
  /** As in the record: `Debian:12`, `npm`, `Alpine:v3.18`. */
  ecosystem: string;
  /** As in the record. */
  name: string;
  /** A GIT range has no events here: commits are not evaluated. */
  ranges: AdvisoryRange[];
  versions: string[];
  /** The affected entry's own severity where it has one, else the record's. */
  severity: SeverityScore[];
  /** `database_specific.severity` of the record or the entry, as written. */
  databaseSeverity?: string | undefined;
  summary?: string | undefined;
  /** ISO 8601; absent when the record's is missing or before 1990 (Go's year 1). */
  published?: string | undefined;
  modified: string;
  /** Where a person reads more: the first ADVISORY reference, else osv.dev's page of the id. */
  url: string;
  /** Go: packages and symbols the flaw is in (`ecosystem_specific.imports`). */
  imports?: { path: string; symbols?: string[]; goos?: string[]; goarch?: string[] }[] | undefined;
  /** Debian: `ecosystem_specific.urgency`. */
  urgency?: string | undefined;
  /** SUSE: binary names and versions (`ecosystem_specific.binaries`). */
  binaries?: Record<string, string>[] | undefined;
  /** An `affected` entry that could not be read: matching says `advisory-unreadable`. */
  unreadable?: string | undefined;
}

/** What is known of one CVE beside the advisories. */
export interface CveFacts {
  /** EPSS probability, 0 to 1 (FIRST). */
  epss?: number;
  /** CISA's catalogue of known exploited vulnerabilities. */
  kev?: { added: string; ransomware: boolean };
}

/** One source the database was made from. */
export interface SourceInfo {
  /** The feed's ecosystem, as osv.dev names it (`Debian`, `npm`), or `EPSS`, `KEV`. */
  name: string;
  /** URL or directory it came from; `seed` for the seed that ships with Seaworthy. */
  from: string;
  /** `url`, `directory` or `seed`: decides what age means. */
  kind: 'url' | 'directory' | 'seed';
  records: number;
  /** Newest `modified` among its records, ISO 8601. */
  newest: string;
  /** Last successful check of a URL, ISO 8601. */
  checked?: string;
  licence: string;
  /** Records that could not be read, and what is wrong with the first of them. */
  unreadable?: number;
  problems?: { id: string; reason: string }[];
}

/** Coverage of one ecosystem-with-release, computed from the loaded rows. */
export interface Coverage {
  ecosystem: string;
  rows: number;
  /** Whether any row names a flaw without a fix: else the source knows only fixed flaws. */
  unfixed: boolean;
}

/** Read side of the database file: opened once per process, consistent while it is open. */
export interface AdvisoryDatabase {
  /** Identifies the content: changes whenever any record does. */
  readonly revision: string;
  readonly isSeed: boolean;
  sources(): SourceInfo[];
  /** Rows of exactly this ecosystem (with release) and package name, withdrawn ones left out. */
  lookup(ecosystem: string, name: string): AdvisoryRow[];
  /** Whether a record has this very id. */
  has(id: string): boolean;
  /** All ids that are, transitively by `aliases` alone, the same flaw as `id` (itself included). */
  aliasesOf(id: string): string[];
  /** Severities other records of this CVE carry, with whose they are. */
  severitiesOf(
    cve: string,
  ): { id: string; severity: SeverityScore[]; databaseSeverity?: string; summary?: string }[];
  cve(id: string): CveFacts;
  /** Undefined when there is not one row for it. */
  coverage(ecosystem: string): Coverage | undefined;
  /** Ecosystems (with release) that have rows and begin with `base` or `base:`. */
  releases(base: string): string[];
  close(): void;
}
