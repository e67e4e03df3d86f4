// A scan that a case states in a few words, as the result that a scanner would have written.
import type { ScanCase } from './casefile.ts';
import { momentOf } from './moment.ts';

const hour = 3_600_000;

/** A scan result, as far as rules read it. `now`: ms since 1970. */
export function statedScan(stated: ScanCase, digest: string, now: number): Record<string, unknown> {
  const { scannedAt, databaseDays = 0, findings = [], undecided = [] } = stated;
  const source = (name: string) => ({ name, ageDays: databaseDays });
  return {
    schemaVersion: 1,
    scannedAt: iso(scannedAt === undefined ? now - hour : momentOf(scannedAt, 'start')),
    target: { kind: 'image', digest },
    findings: findings.map((finding) => findingOf(finding)),
    undecided: undecided.map((code) => ({ code, message: 'stated by the case' })),
    sources: [{ ecosystem: 'stated' }],
    database: { sources: ['stated', 'EPSS', 'KEV'].map(source) },
  };
}

function findingOf(stated: NonNullable<ScanCase['findings']>[number]): Record<string, unknown> {
  const purl = stated.package ?? 'pkg:generic/stated@1';
  const [, name = purl, version = ''] = /([^/@]+)@([^?#]*)/.exec(purl) ?? [];
  return {
    id: stated.id,
    aliases: [],
    advisories: [stated.id],
    purl,
    name,
    version,
    location: 'stated',
    introducedBy: 'unknown',
    severity: { level: stated.severity ?? 'unknown' },
    fixedIn: stated.fixed === undefined ? [] : [{ version: stated.fixed, advisory: stated.id }],
    priority: 0,
    state: stated.state ?? 'affected',
    ...(stated.state === 'unknown' ? { reason: 'stated by the case' } : {}),
    ...(stated.kev ? { kev: { added: '', ransomware: false } } : {}),
    ...(stated.epss === undefined ? {} : { epss: stated.epss }),
    ...(stated.published === undefined ? {} : { published: iso(momentOf(stated.published, 'start')) }),
    ...(stated.since === undefined ? {} : { since: iso(momentOf(stated.since, 'start')) }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
