// The rule on vulnerabilities: the newest trusted scan of each platform, judged by what the policy says today.
import type { Finding } from '../../scan/match/index.ts';
import type { ScanClaim } from './claim.ts';
import { scanFix } from './command.ts';
import { dayText, spanText } from './duration.ts';
import type { ManifestFacts } from './facts.ts';
import {
  addressOf,
  type Judged,
  judgeEach,
  type Obstacle,
  obstacle,
  type Part,
  part,
  type Scene,
} from './part.ts';
import type { VulnerabilitiesRule } from './rule.ts';
import { databaseCheckedAt, neededSources, scansOf, sinceIn } from './scans.ts';
import { summaryFor } from './summaryrule.ts';
import { countedText, findingNames, upgradeFix } from './upgrade.ts';
import type { OutcomeCode } from './verdict.ts';
import { type Weighed, weigh } from './weigh.ts';

export function judgeVulnerabilities(rule: VulnerabilitiesRule, scene: Scene): Judged {
  return {
    expected: expectation(rule),
    parts: judgeEach(rule.platforms, scene, (manifest) => judgeOne(rule, scene, manifest)),
  };
}

function expectation(rule: VulnerabilitiesRule): string {
  const kinds = [
    ...(rule.severity === undefined
      ? []
      : [rule.severity === 'critical' ? 'critical' : `${rule.severity} or above`]),
    ...(rule.kev ? ['known exploited'] : []),
    ...(rule.epss === undefined ? [] : [`EPSS ≥ ${rule.epss}`]),
    ...(rule.priority === undefined ? [] : [`priority ≥ ${rule.priority}`]),
  ];
  return [
    `no ${rule.fixable ? 'fixable ' : ''}finding: ${kinds.join(' / ')}`,
    ...(rule.publishedFor === undefined ? [] : [`published ${spanText(rule.publishedFor)} ago`]),
    ...(rule.grace === undefined ? [] : [`grace ${spanText(rule.grace)}`]),
    ...(rule.maxScanAge === undefined ? [] : [`scanned within ${spanText(rule.maxScanAge)}`]),
    `advisories within ${spanText(rule.maxDatabaseAge)}`,
  ].join(', ');
}

function judgeOne(rule: VulnerabilitiesRule, scene: Scene, manifest: ManifestFacts): Part {
  const { policy, facts, now } = scene;
  const scans = scansOf(rule, scene, manifest);
  const newest = scans.usable[0];
  const summary = summaryFor(rule, scene, manifest);
  // A summary says how an older look ended: a newer scan result, or one of the same look, says more.
  if (summary.met && (newest === undefined || newest.scannedAt < summary.met.scannedAt))
    return part({ ...summary.met, until: [...summary.met.until, ...scans.moments] });
  const fix = scanFix(policy, rule.by, addressOf(facts, facts.digest));
  if (newest === undefined) {
    const [refused = scans.absent] = scans.absent.code === 'scan-missing' ? summary.refused : [];
    return part({
      obstacles: [{ ...refused, fix: refused.fix ?? fix }],
      until: [...scans.moments, ...summary.moments],
    });
  }
  const weighed = weigh(rule, policy, newest, sinceIn(scans.usable), now);
  const ages = agesOf(rule, scene, newest);
  const obstacles = [
    ...(weighed.counting.length > 0
      ? [
          {
            ...obstacle('failed', 'vulnerable', vulnerableText(weighed), upgradeFix(weighed.counting)),
            since: weighed.since!,
          },
        ]
      : []),
    ...ages.obstacles,
    ...openQuestions(newest, weighed),
  ];
  return part({
    obstacles,
    found: [
      `${newest.findings.length === 0 ? 'no findings' : `none of ${newest.findings.length} findings counts`}, scanned ${dayText(newest.scannedAt)}`,
      ...(weighed.waiting.length > 0
        ? [`${weighed.waiting.length} in grace until ${dayText(weighed.ripe!)}`]
        : []),
      ...(weighed.suppressed.length > 0 ? [`${weighed.suppressed.length} suppressed`] : []),
    ].join(', '),
    evidence: newest.manifest === undefined ? [] : [newest.manifest],
    until: [...weighed.until, ...ages.until, ...scans.moments, ...summary.moments],
    ...(weighed.ripe === undefined ? {} : { graceUntil: weighed.ripe }),
  });
}

function vulnerableText({ counting, overdue }: Weighed): string {
  const again = overdue
    .filter(({ id }) => counting.some((finding) => finding.id === id || finding.aliases.includes(id)))
    .map(({ id, author, expires }) => `; the suppression of ${id} by ${author} ran out on ${expires}`);
  return countedText(counting) + again.slice(0, 3).join('');
}

function agesOf(
  rule: VulnerabilitiesRule,
  { policy, facts, now }: Scene,
  scan: ScanClaim,
): { obstacles: Obstacle[]; until: number[] } {
  const address = addressOf(facts, facts.digest);
  const obstacles: Obstacle[] = [];
  const until: number[] = [];
  const sinceScan = Math.max(0, now - scan.scannedAt);
  if (rule.maxScanAge !== undefined) {
    if (sinceScan > rule.maxScanAge)
      obstacles.push({
        ...obstacle(
          'failed',
          'scan-old',
          `scanned ${spanText(sinceScan)} ago, ${spanText(rule.maxScanAge)} allowed`,
          scanFix(policy, rule.by, address),
        ),
        since: scan.scannedAt + rule.maxScanAge + 1,
      });
    else until.push(scan.scannedAt + rule.maxScanAge + 1);
  }
  const fix = scanFix(policy, rule.by, address, true);
  const needed = neededSources(rule, scan);
  const absent = needed.filter((name) => !scan.ages.has(name));
  if (absent.length > 0)
    obstacles.push(
      obstacle('undecided', 'database-missing', `the scan had no ${absent.join(', ')} data`, fix),
    );
  const undated = needed.filter((name) => scan.ages.has(name) && scan.ages.get(name) === undefined);
  if (undated.length > 0)
    obstacles.push(
      obstacle('undecided', 'database-stale', `nobody knows how old the ${undated.join(', ')} data was`, fix),
    );
  const checkedAt = databaseCheckedAt(rule, scan);
  if (checkedAt !== undefined) {
    if (now - checkedAt > rule.maxDatabaseAge)
      obstacles.push({
        ...obstacle(
          'failed',
          'database-stale',
          `judged by advisories of ${dayText(checkedAt)}, ${spanText(now - checkedAt)} old, ${spanText(rule.maxDatabaseAge)} allowed`,
          fix,
        ),
        since: checkedAt + rule.maxDatabaseAge + 1,
      });
    else until.push(checkedAt + rule.maxDatabaseAge + 1);
  }
  return { obstacles, until };
}

/** What the scan could not decide, but for what is decided anew here, and what the rule cannot decide of it. */
function openQuestions(scan: ScanClaim, weighed: Weighed): Obstacle[] {
  const anew = (code: string, subject: string | undefined) =>
    code === 'database-stale' ||
    (code === 'database-missing' && (subject === 'KEV' || subject === 'EPSS')) ||
    (code === 'finding-unknown' &&
      scan.findings.some(({ state, purl }) => state === 'unknown' && purl === subject));
  const byCode = new Map<string, { message: string; hint?: string }[]>();
  for (const { code, message, subject, hint } of scan.undecided) {
    if (anew(code, subject)) continue;
    byCode.set(code, [...(byCode.get(code) ?? []), { message, ...(hint === undefined ? {} : { hint }) }]);
  }
  const told = [...byCode].map(([code, items]) =>
    obstacle(
      'undecided',
      code as OutcomeCode,
      `${items[0]!.message}${items.length > 1 ? ` (and ${items.length - 1} more)` : ''}`,
      {
        text: items[0]!.hint ?? `accept it by an exception for "undecided: ${code}", with author and expiry`,
      },
    ),
  );
  const own = (code: OutcomeCode, findings: readonly Finding[], what: string, text: string) =>
    findings.length === 0
      ? []
      : [obstacle('undecided', code, `${findingNames(findings)}: ${what}`, { text })];
  return [
    ...told,
    ...own(
      'severity-unknown',
      weighed.withoutSeverity,
      'no severity',
      'say in unknownSeverity what such a finding counts as',
    ),
    ...own(
      'evidence-untimed',
      weighed.undated,
      'no date of publication',
      'suppress it, or leave publishedFor out',
    ),
    ...own(
      'finding-unknown',
      weighed.unknown,
      'whether it affects the image is not known',
      'suppress it once you have looked',
    ),
  ];
}
