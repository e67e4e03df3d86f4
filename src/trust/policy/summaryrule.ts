// A verification summary of Seaworthy in the place of a scan result: bound to the digest (the verifier did that), to
// the rules, to the age of the advisories, and to every suppression and exception that it leaned on.
import type { Suppression } from '../../scan/match/index.ts';
import { clockSkew, dayText, endOfDay, spanText } from './duration.ts';
import { heldExceptions } from './exceptions.ts';
import type { ManifestFacts } from './facts.ts';
import { fieldOf, textOf } from './field.ts';
import { type Obstacle, obstacle, type Scene } from './part.ts';
import { summaryExtension, summaryType } from './predicates.ts';
import type { VulnerabilitiesRule } from './rule.ts';
import { namesOf, signerMoments, tally } from './signers.ts';
import type { OutcomeCode } from './verdict.ts';

export interface SummaryAnswer {
  /** The newest that counts. */
  met?: { found: string; evidence: readonly string[]; until: readonly number[]; scannedAt: number };
  refused: readonly Obstacle[];
  /** Ms since 1970 at which one that is dated in the future begins to count. */
  moments: readonly number[];
}

export function summaryFor(rule: VulnerabilitiesRule, scene: Scene, manifest: ManifestFacts): SummaryAnswer {
  const refused: Obstacle[] = [];
  const moments: number[] = [];
  const good: { manifest: string; scannedAt: number; until: number[] }[] = [];
  const found = tally(
    manifest.answers,
    rule.summaryBy,
    (signed) => {
      if (signed.attestation?.predicateType !== summaryType) return false;
      const checked = check(rule, scene, signed.attestation.predicate, moments);
      if ('code' in checked) refused.push(checked);
      else good.push({ manifest: signed.manifest, ...checked });
      return !('code' in checked);
    },
    () => false,
  );
  const best = good.sort((a, b) => b.scannedAt - a.scannedAt)[0];
  if (best === undefined) return { refused, moments };
  return {
    refused,
    moments,
    met: {
      found: `passed by summary of ${namesOf(found.signers)}, scanned ${dayText(best.scannedAt)}`,
      evidence: [best.manifest],
      until: [...best.until, ...signerMoments(scene.policy, rule.summaryBy, found.signers.values())],
      scannedAt: best.scannedAt,
    },
  };
}

function check(
  rule: VulnerabilitiesRule,
  scene: Scene,
  predicate: unknown,
  moments: number[],
): Obstacle | { scannedAt: number; until: number[] } {
  const { policy, now } = scene;
  const no = (code: OutcomeCode, found: string) => obstacle('failed', code, `the summary ${found}`);
  const result = textOf(predicate, 'verificationResult');
  if (result !== 'PASSED') return no('summary-failed', `says ${result ?? 'nothing'}, not PASSED`);
  const hash = textOf(predicate, 'policy', 'digest', 'sha256');
  if (`sha256:${hash}` !== policy.rulesHash) return no('summary-other', 'was made under other rules');
  const details = fieldOf(predicate, summaryExtension);
  const rules = fieldOf(details, 'rules');
  if (!Array.isArray(rules) || !rules.includes(rule.name))
    return no('summary-other', `does not answer the rule ${rule.name}`);
  const scannedAt = timeOf(details, 'scannedAt');
  const checkedAt = timeOf(details, 'databaseCheckedAt');
  const suppressions = fieldOf(details, 'suppressions');
  const exceptions = fieldOf(details, 'exceptions');
  if (
    scannedAt === undefined ||
    checkedAt === undefined ||
    !Array.isArray(suppressions) ||
    !Array.isArray(exceptions)
  )
    return no('attestation-malformed', 'does not say what it rests on');
  const latest = Math.max(scannedAt, checkedAt);
  if (latest > now + clockSkew) {
    moments.push(latest - clockSkew);
    return no('attestation-future', 'is dated in the future');
  }
  if (rule.maxScanAge !== undefined && now - scannedAt > rule.maxScanAge)
    return no(
      'scan-old',
      `rests on a scan ${spanText(now - scannedAt)} ago, ${spanText(rule.maxScanAge)} allowed`,
    );
  const until = [checkedAt + rule.maxDatabaseAge + 1];
  if (rule.maxScanAge !== undefined) until.push(scannedAt + rule.maxScanAge + 1);
  if (fieldOf(details, 'until') !== undefined) {
    const ends = timeOf(details, 'until');
    if (ends === undefined) return no('attestation-malformed', 'does not say when it ends');
    if (ends <= now)
      return no('summary-over', `counted until ${dayText(ends)}, when a finding's grace ended`);
    until.push(ends);
  }
  for (const item of suppressions) {
    const held = policy.suppressions.find((own) => sameSuppression(own, item) && endOfDay(own.expires) > now);
    if (held === undefined)
      return no(
        'summary-over',
        `leans on a suppression of ${textOf(item, 'id') ?? '?'} that the policy does not hold`,
      );
    until.push(endOfDay(held.expires));
  }
  for (const item of exceptions) {
    const held = heldExceptions(scene).find(
      (own) => own.rule === textOf(item, 'rule') && own.undecided === textOf(item, 'undecided'),
    );
    if (held === undefined)
      return no(
        'summary-over',
        `leans on an exception for ${textOf(item, 'rule') ?? textOf(item, 'undecided') ?? '?'} that the policy does not hold`,
      );
    until.push(endOfDay(held.expires));
  }
  // Last, because an exception may lift it, and must not lift what would be looked at after it.
  if (now - checkedAt > rule.maxDatabaseAge)
    return no(
      'database-stale',
      `rests on advisories of ${dayText(checkedAt)}, ${spanText(rule.maxDatabaseAge)} allowed`,
    );
  return { scannedAt, until };
}

/** Setting aside the same; who wrote it, why and until when may have been renewed since. */
function sameSuppression(own: Suppression, item: unknown): boolean {
  return (
    own.id === textOf(item, 'id') &&
    own.purl === textOf(item, 'purl') &&
    own.path === textOf(item, 'path') &&
    own.kind === textOf(item, 'kind')
  );
}

function timeOf(value: unknown, key: string): number | undefined {
  const time = Date.parse(textOf(value, key) ?? '');
  return Number.isNaN(time) ? undefined : time;
}
