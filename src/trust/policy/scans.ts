// The scan results of one manifest that count, and how old what they rest on is.
import type { Finding } from '../../scan/match/index.ts';
import { readClaim, type ScanClaim } from './claim.ts';
import { scanFix } from './command.ts';
import { clockSkew, dayMs, isoText } from './duration.ts';
import type { ManifestFacts } from './facts.ts';
import { addressOf, type Obstacle, obstacle, type Scene } from './part.ts';
import { scanResultType } from './predicates.ts';
import type { VulnerabilitiesRule } from './rule.ts';
import { mayState, shortage, signerMoments, tally } from './signers.ts';

export interface Sourced extends ScanClaim {
  /** Digest of the manifest that carried it; undefined: given by file. */
  manifest?: string;
}

export interface Scans {
  /** About this manifest, not from the future; newest first. */
  usable: readonly Sourced[];
  /** Why others are not. */
  refused: readonly Obstacle[];
  moments: readonly number[];
  /** Why there is none, where there is none. */
  absent: Obstacle;
}

/** The scan results of one manifest that count: by trusted signers, or given by the user. */
export function scansOf(
  rule: VulnerabilitiesRule,
  { policy, facts, now }: Scene,
  manifest: ManifestFacts,
): Scans {
  const usable: Sourced[] = [];
  const refused: Obstacle[] = [];
  const moments: number[] = [];
  const take = (value: unknown, carrier: string | undefined): boolean => {
    const claim = readClaim(value);
    const problem = claim === undefined ? unreadable : refusal(claim, manifest.digest, now);
    if (problem) refused.push(problem);
    if (problem?.code === 'scan-future') moments.push(claim!.scannedAt - clockSkew);
    if (problem === undefined)
      usable.push({ ...claim!, ...(carrier === undefined ? {} : { manifest: carrier }) });
    return problem === undefined;
  };
  for (const result of manifest.scanFiles ?? []) take(result, undefined);
  const found = tally(
    manifest.answers,
    rule.by,
    (signed) =>
      signed.attestation?.predicateType === scanResultType &&
      take(signed.attestation.predicate, signed.manifest),
    ({ format, states }) => format !== 'notation' && mayState(states, [scanResultType]),
  );
  const fix = scanFix(policy, rule.by, addressOf(facts, facts.digest));
  const unlisted = manifest.unlisted.filter(({ format }) => format !== 'notation');
  const reason =
    refused.find(({ outcome }) => outcome === 'undecided') ??
    refused[0] ??
    obstacle('failed', 'scan-missing', `no scan result by ${rule.by.join(', ')}`, fix);
  return {
    usable: usable.sort((a, b) => b.scannedAt - a.scannedAt),
    refused,
    moments: [...moments, ...signerMoments(policy, rule.by, found.signers.values())],
    absent: shortage(
      { signers: new Map(), rejected: refused.length > 0 ? [] : found.rejected },
      1,
      unlisted,
      reason,
      fix,
    ),
  };
}

const unreadable = obstacle('undecided', 'evidence-unreadable', 'the scan result breaks its schema');

function refusal(claim: ScanClaim, digest: string, now: number): Obstacle | undefined {
  if (claim.digest !== digest)
    return obstacle('failed', 'scan-other-image', `the scan result is about ${claim.digest}`);
  // A date to come would stay the newest, and fresh, for as long as its writer likes.
  if (claim.scannedAt > now + clockSkew)
    return obstacle(
      'failed',
      'scan-future',
      `the scan is dated ${isoText(claim.scannedAt)}, which is yet to come`,
    );
  return undefined;
}

/** A finding is as old as the earliest trusted scan of this digest that shows it, so a new scan renews no grace. */
export function sinceIn(scans: readonly ScanClaim[]): (finding: Finding) => number {
  const first = new Map<string, number>();
  for (const { findings, scannedAt } of scans)
    for (const finding of findings) {
      const told = finding.since === undefined ? scannedAt : Math.min(Date.parse(finding.since), scannedAt);
      const key = keyOf(finding);
      first.set(key, Math.min(first.get(key) ?? told, told));
    }
  return (finding) => first.get(keyOf(finding))!;
}

function keyOf({ id, purl }: Finding): string {
  return `${id} ${purl}`;
}

/** Sources whose silence would be misread: those of the packages, and the scores that the rule asks for. */
export function neededSources(rule: VulnerabilitiesRule, scan: ScanClaim): string[] {
  return [
    ...scan.used,
    ...(rule.kev || rule.priority !== undefined ? ['KEV'] : []),
    ...(rule.epss !== undefined || rule.priority !== undefined ? ['EPSS'] : []),
  ];
}

/** Ms since 1970 at which the oldest needed source was checked; undefined when none says. */
export function databaseCheckedAt(rule: VulnerabilitiesRule, scan: ScanClaim): number | undefined {
  const days = neededSources(rule, scan).flatMap((name) => scan.ages.get(name) ?? []);
  return days.length === 0 ? undefined : scan.scannedAt - Math.max(...days, 0) * dayMs;
}
