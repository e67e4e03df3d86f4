// How a record's own fields are kept: once, for all its entries.
import type { SeverityScore } from './advisory.ts';
import type { OsvRecord } from './osv.ts';

export interface RecordFields {
  aliases: string[];
  upstream: string[];
  related: string[];
  severity: SeverityScore[];
  databaseSeverity: string | undefined;
  summary: string | undefined;
  published: string | undefined;
  url: string | undefined;
  /** Rows of packages that hold an entry of the record. */
  packages: number[];
}

/** Fields in the order of RecordFields, 0 for none, none at the end left out. */
export function packRecord(record: OsvRecord, packages: number[]): string {
  const fields = [
    some(record.aliases),
    some(record.upstream),
    some(record.related),
    some(record.severity.map((s) => (s.base === undefined ? [s.type, s.score] : [s.type, s.score, s.base]))),
    record.databaseSeverity ?? 0,
    record.summary ?? 0,
    record.published === undefined || record.published === record.modified ? 0 : record.published,
    record.url === undefined ? 0 : shorten(record.url, record.id, record.upstream[0]),
    some(packages),
  ];
  // What was published when it was last modified says so in one letter.
  if (record.published !== undefined && record.published === record.modified) fields[6] = 'm';
  while (fields.length > 0 && fields.at(-1) === 0) fields.pop();
  return JSON.stringify(fields);
}

export function unpackRecord(text: string, id: string, modified: string): RecordFields {
  const fields = JSON.parse(text) as unknown[];
  const list = (n: number) => (fields[n] || []) as string[];
  const word = (n: number) => (fields[n] || undefined) as string | undefined;
  const upstream = list(1);
  return {
    aliases: list(0),
    upstream,
    related: list(2),
    severity: ((fields[3] || []) as [string, string, number?][]).map(([type, score, base]) =>
      base === undefined ? { type, score } : { type, score, base },
    ),
    databaseSeverity: word(4),
    summary: word(5),
    published: word(6) === 'm' ? modified : word(6),
    url: lengthen(word(7), id, upstream[0]),
    packages: (fields[8] || []) as number[],
  };
}

function some<T>(list: T[]): T[] | 0 {
  return list.length === 0 ? 0 : list;
}

/** Most addresses are a publisher's page with an id at the end. */
const pages = [
  'https://security-tracker.debian.org/tracker/',
  'https://security.alpinelinux.org/vuln/',
  'https://nvd.nist.gov/vuln/detail/',
  'https://github.com/advisories/',
  'https://errata.almalinux.org/9/',
  'https://errata.almalinux.org/8/',
  'https://errata.almalinux.org/10/',
  'https://rustsec.org/advisories/',
  'https://pkg.go.dev/vuln/',
  'https://ubuntu.com/security/',
  'https://access.redhat.com/errata/',
  'https://www.suse.com/support/update/announcement/',
];

/** `3i`: page 3 with the record's id, `0u`: page 0 with its first upstream; anything else is written out. */
function shorten(url: string, id: string, upstream: string | undefined): string {
  const page = pages.findIndex((p) => url.startsWith(p));
  if (page < 0) return url;
  const rest = url.slice(pages[page]!.length);
  return rest === id ? `${page}i` : rest === upstream ? `${page}u` : url;
}

function lengthen(url: string | undefined, id: string, upstream: string | undefined): string | undefined {
  const match = url === undefined ? null : /^(\d+)([iu])$/.exec(url);
  if (match === null) return url;
  return pages[Number(match[1])]! + (match[2] === 'i' ? id : upstream!);
}

/** Names a record is found by beside its own lookups: see `ref` in schema.ts. */
export function refsOf(
  feed: string,
  id: string,
  fields: Omit<RecordFields, 'packages'>,
): [name: string, kind: 0 | 1][] {
  const refs: [string, 0 | 1][] = [];
  const tellsSeverity =
    fields.severity.length > 0 || fields.databaseSeverity !== undefined || feed === 'AlmaLinux';
  if (fields.aliases.length > 0 || (tellsSeverity && id.startsWith('CVE-'))) refs.push([id, 0]);
  for (const alias of fields.aliases) if (alias !== id) refs.push([alias, 0]);
  if (!tellsSeverity) return refs;
  // AlmaLinux names an erratum's CVEs in `related`, everyone else in `upstream`.
  for (const cve of [...fields.upstream, ...(feed === 'AlmaLinux' ? fields.related : [])])
    if (cve.startsWith('CVE-') && !fields.aliases.includes(cve)) refs.push([cve, 1]);
  return refs;
}
