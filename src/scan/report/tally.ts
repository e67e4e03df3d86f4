// Findings sorted into what a person acts on: open or not, by package.
import type { Finding, ScanResult, SeverityLevel } from '../match/index.ts';

export const levels: readonly SeverityLevel[] = [
  'critical',
  'high',
  'medium',
  'low',
  'negligible',
  'unknown',
];

/** What counts: affected or undecided, and nobody set it aside. */
export function isOpen(finding: Finding): boolean {
  return finding.state !== 'not_affected' && finding.suppressed === undefined;
}

export function isFixable(finding: Finding): boolean {
  return finding.fixedIn.some((fix) => fix.channel === undefined);
}

/** The result with findings that no version removes left out; the reader is told how many. */
export function onlyFixable(result: ScanResult): ScanResult & { leftOut?: number } {
  const findings = result.findings.filter((finding) => !isOpen(finding) || isFixable(finding));
  return { ...result, findings, leftOut: result.findings.length - findings.length };
}

/** `2 critical, 5 high`. */
export function severities(findings: readonly Finding[]): string {
  return levels
    .map((level) => [level, findings.filter((finding) => finding.severity.level === level).length] as const)
    .filter(([, count]) => count > 0)
    .map(([level, count]) => `${count} ${level}`)
    .join(', ');
}

export interface PackageGroup {
  name: string;
  version: string;
  /** Installed packages and places that share the findings. */
  packages: string[];
  locations: string[];
  introducedBy: Finding['introducedBy'];
  findings: Finding[];
}

/** Findings of one package together; packages with the same flaws and fixes (one source) in one group. */
export function groups(findings: readonly Finding[]): PackageGroup[] {
  const byPackage = new Map<string, PackageGroup>();
  for (const finding of findings) {
    const key = `${finding.name}\n${finding.version}\n${finding.introducedBy}\n${finding.location}`;
    const group = byPackage.get(key);
    if (group) group.findings.push(finding);
    else
      byPackage.set(key, {
        name: finding.name,
        version: finding.version,
        packages: [finding.name],
        locations: [finding.location],
        introducedBy: finding.introducedBy,
        findings: [finding],
      });
  }
  const merged = new Map<string, PackageGroup>();
  for (const group of byPackage.values()) {
    const key = `${group.version}\n${group.introducedBy}\n${group.findings.map((finding) => `${finding.id} ${finding.fixedIn[0]?.version ?? ''}`).join('\n')}`;
    const same = merged.get(key);
    if (same === undefined) merged.set(key, group);
    else {
      if (!same.packages.includes(group.name)) same.packages.push(group.name);
      same.locations.push(...group.locations.filter((place) => !same.locations.includes(place)));
    }
  }
  return [...merged.values()];
}

/** Up to this many findings of one package get a row each. */
const rowsEach = 12;

/** Of a package with many findings, those that stand out alone, and the others by level and fix. */
export function rows(findings: readonly Finding[]): { alone: Finding[]; together: Finding[][] } {
  if (findings.length <= rowsEach) return { alone: [...findings], together: [] };
  const alone: Finding[] = [];
  const shared = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity.level}\n${finding.fixedIn[0]?.version ?? ''}`;
    if (standsOut(finding)) alone.push(finding);
    else {
      const same = shared.get(key);
      if (same) same.push(finding);
      else shared.set(key, [finding]);
    }
  }
  return { alone, together: [...shared.values()] };
}

function standsOut(finding: Finding): boolean {
  const { level } = finding.severity;
  return (
    level === 'critical' ||
    level === 'high' ||
    finding.kev !== undefined ||
    (finding.epss ?? 0) >= 0.01 ||
    finding.state !== 'affected' ||
    finding.fixedIn[0]?.channel !== undefined
  );
}
