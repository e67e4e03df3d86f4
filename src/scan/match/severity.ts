// How bad a flaw is, and who says so.
import type { AdvisoryDatabase, AdvisoryRow, SeverityScore } from '../advisory/index.ts';
import type { Severity, SeverityLevel } from './finding.ts';

const words: Record<string, SeverityLevel> = {
  critical: 'critical',
  important: 'high',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
  negligible: 'negligible',
  unimportant: 'negligible',
};

const rank: Record<SeverityLevel, number> = {
  critical: 5,
  high: 4,
  medium: 3,
  low: 2,
  negligible: 1,
  unknown: 0,
};

type Rated = Pick<AdvisoryRow, 'id' | 'severity'> &
  Partial<Pick<AdvisoryRow, 'databaseSeverity' | 'summary' | 'urgency'>>;

/** At or above, in the order critical, high, medium, low, negligible; unknown is below all. */
export function atLeast(level: SeverityLevel, threshold: SeverityLevel): boolean {
  return rank[level] >= rank[threshold];
}

/**
 * The severity of the records a finding was made from (the highest of them), else that of another record of the
 * same CVE, always with whose it is; else `unknown`.
 */
export function severityOf(cve: string, rows: readonly AdvisoryRow[], database: AdvisoryDatabase): Severity {
  const own = rows.map(rate).filter((found) => found !== undefined);
  if (own.length > 0) return own.reduce((a, b) => (higher(b, a) ? b : a));
  if (!cve.startsWith('CVE-')) return { level: 'unknown' };
  const others = database
    .severitiesOf(cve)
    .filter((other) => !rows.some((row) => row.id === other.id))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(rate)
    .filter((found) => found !== undefined);
  // A vector says more than a word.
  return others.find((found) => found.score !== undefined) ?? others[0] ?? { level: 'unknown' };
}

/** CVSS by the newest version of it, else the record's own word, else an erratum's title. */
function rate(record: Rated): Severity | undefined {
  const scored = [...record.severity].filter((entry) => entry.base !== undefined).sort(byVersion)[0];
  if (scored)
    return { level: levelOf(scored.base!), score: scored.base!, from: scored.score, source: record.id };
  const ubuntu = record.severity.find((entry) => entry.type === 'Ubuntu')?.score;
  const title = /^(?:[A-Z]{2,4}SA-|RHSA-|ELSA-|RLSA-)/.test(record.id)
    ? /^(Critical|Important|Moderate|Low):/.exec(record.summary ?? '')?.[1]
    : undefined;
  for (const word of [record.databaseSeverity, ubuntu, title, record.urgency]) {
    const level = word === undefined ? undefined : wordLevel(word);
    if (level !== undefined) return { level, from: word!, source: record.id };
  }
  return undefined;
}

function wordLevel(word: string): SeverityLevel | undefined {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** CVSS v3.1 section 5, v4.0 section 6: qualitative rating. */
export function levelOf(score: number): SeverityLevel {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}

function byVersion(a: SeverityScore, b: SeverityScore): number {
  return a.type < b.type ? 1 : a.type > b.type ? -1 : 0;
}

function higher(a: Severity, b: Severity): boolean {
  return rank[a.level] !== rank[b.level] ? rank[a.level] > rank[b.level] : (a.score ?? 0) > (b.score ?? 0);
}
