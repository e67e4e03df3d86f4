// Policy and facts in, verdict out. Pure: `now` is an argument. Only an explicit allow is one: whatever is empty,
// unread or unknown ends as undecided.
import { formatReference } from '../../image/index.ts';
import { judgeAttestation } from './attestation.ts';
import { judgeAge, judgeBase, judgeDigest, judgeRegistries } from './content.ts';
import { endOfDay } from './duration.ts';
import { heldExceptions, heldOf, liftedBy, overdueExceptions } from './exceptions.ts';
import type { ImageFacts } from './facts.ts';
import { type Judged, type Obstacle, type Part, type Scene, selectedPlatforms } from './part.ts';
import type { Exception, ImagePolicy } from './policy.ts';
import type { Rule } from './rule.ts';
import { repositoryOf, selects } from './select.ts';
import { judgeSignature } from './signature.ts';
import type { Fix, Purpose, RuleOutcome, Verdict } from './verdict.ts';
import { judgeVulnerabilities } from './vulnerabilities.ts';

/** `now`: ms since 1970. Throws nothing but bugs. */
export function judge(policy: ImagePolicy, facts: ImageFacts, now: number, purpose: Purpose): Verdict {
  const scene: Scene = { policy, facts, now };
  const rules = policy.rules.filter((rule) => selects(rule, facts.reference, facts.labels));
  const outcomes = [
    ...judgeRevoked(scene),
    ...judgeFloor(scene),
    ...(rules.length === 0 ? [noRule(scene)] : rules.map((rule) => outcomeOf(rule, scene))),
  ];
  const binding = outcomes.filter(({ mode }) => purpose === 'release' || mode === 'enforce');
  const moments = outcomes.flatMap(({ until }) => until ?? []);
  return {
    // Only rules that were judged can allow: `rules.length` stands guard should `noRule` ever be mended away.
    decision: binding.some(({ outcome }) => outcome === 'failed')
      ? 'deny'
      : rules.length === 0 || binding.some(({ outcome }) => outcome === 'undecided')
        ? 'undecided'
        : 'allow',
    purpose,
    image: formatReference(facts.reference),
    digest: facts.digest,
    platforms: selectedPlatforms(facts).flatMap(({ platform }) => platform ?? []),
    policy: { name: policy.name, hash: policy.hash, rulesHash: policy.rulesHash },
    rules: outcomes,
    at: now,
    ...(moments.length === 0 ? {} : { until: moments.reduce((a, b) => Math.min(a, b)) }),
  };
}

function judgeRule(rule: Rule, scene: Scene): Judged {
  switch (rule.kind) {
    case 'registries':
      return judgeRegistries(rule.registries, scene);
    case 'digest':
      return judgeDigest(scene);
    case 'signature':
      return judgeSignature(rule, scene);
    case 'attestation':
      return judgeAttestation(rule, scene);
    case 'vulnerabilities':
      return judgeVulnerabilities(rule, scene);
    case 'age':
      return judgeAge(rule, scene);
    case 'base':
      return judgeBase(rule, scene);
  }
}

/** Above every exception, mode and grace; the image, and what of it would run. */
function judgeRevoked({ policy, facts }: Scene): RuleOutcome[] {
  const digests = new Set([facts.digest, ...selectedPlatforms(facts).map(({ digest }) => digest)]);
  return policy.revocations
    .filter(({ digest }) => digests.has(digest))
    .map(({ digest, reason, author }) => ({
      rule: 'spec.revocations',
      kind: 'revocation',
      mode: 'enforce',
      outcome: 'failed',
      code: 'revoked',
      expected: 'a digest that is not revoked',
      found: `revoked by ${author}: ${reason}`,
      fix: { text: 'use another digest; no exception lifts this' },
      subject: { digest },
      evidence: [],
    }));
}

/** The allow-list of the policy itself, which no exception lifts. */
function judgeFloor(scene: Scene): RuleOutcome[] {
  if (scene.policy.registries.length === 0) return [];
  const { expected, parts } = judgeRegistries(scene.policy.registries, scene);
  return [
    {
      rule: 'spec.registries',
      kind: 'registries',
      mode: 'enforce',
      expected,
      ...combine(parts, [], scene.now),
    },
  ];
}

function noRule({ facts }: Scene): RuleOutcome {
  return {
    rule: 'spec.rules',
    kind: 'policy',
    mode: 'enforce',
    outcome: 'undecided',
    code: 'no-rule',
    expected: 'a rule for this image',
    found: `no rule selects ${repositoryOf(facts.reference)}`,
    fix: { text: 'write a rule whose images and labels fit it' },
    evidence: [],
  };
}

function outcomeOf(rule: Rule, scene: Scene): RuleOutcome {
  const { expected, parts } = judgeRule(rule, scene);
  const combined = combine(parts, heldExceptions(scene), scene.now, rule.name);
  const overdue = overdueExceptions(scene).find(
    (item) => item.rule === rule.name || (item.undecided !== undefined && item.undecided === combined.code),
  );
  const note = overdue && ` (the exception by ${overdue.author} ran out on ${overdue.expires})`;
  return {
    rule: rule.name,
    kind: rule.kind,
    mode: rule.mode,
    expected,
    ...combined,
    ...(note && combined.code !== undefined ? { found: combined.found + note } : {}),
    ...(overdue && combined.outcome === 'failed'
      ? { since: Math.max(combined.since ?? 0, endOfDay(overdue.expires)) }
      : {}),
  };
}

type Combined = Omit<RuleOutcome, 'rule' | 'kind' | 'mode' | 'expected'>;

/** One answer of several manifests: a failure beats what is undecided, that beats what was let past, that beats met. */
function combine(
  parts: readonly Part[],
  exceptions: readonly Exception[],
  now: number,
  rule?: string,
): Combined {
  const whole = rule === undefined ? undefined : exceptions.find((item) => item.rule === rule);
  const lifted = new Set<Exception>();
  const left: { part: Part; obstacle: Obstacle }[] = [];
  const past: { part: Part; obstacle: Obstacle }[] = [];
  for (const part of parts)
    for (const obstacle of part.obstacles) {
      const by = whole ?? exceptions.find((item) => liftedBy(item, obstacle));
      if (by !== undefined) lifted.add(by);
      (by === undefined ? left : past).push({ part, obstacle });
    }
  const failed = left.filter(({ obstacle }) => obstacle.outcome === 'failed');
  const shown = failed.length > 0 ? failed : left.length > 0 ? left : past;
  const evidence = [...new Set(parts.flatMap((part) => part.evidence))];
  const moments = [
    ...parts.flatMap((part) => part.until),
    ...[...lifted].map((item) => endOfDay(item.expires)),
  ].filter((moment) => moment > now);
  const until = moments.length === 0 ? {} : { until: firstOf(moments) };
  const first = shown[0];
  // No part at all would be nothing judged; that is never met.
  if (parts.length === 0)
    return {
      outcome: 'undecided',
      code: 'evidence-unlisted',
      found: 'nothing was judged',
      evidence,
      ...until,
    };
  if (first === undefined)
    return {
      outcome: 'met',
      found: metText(parts),
      evidence,
      ...subjectIn(parts),
      ...graceOf(parts),
      ...until,
    };
  const outcome = left.length === 0 ? 'excepted' : failed.length > 0 ? 'failed' : 'undecided';
  const fix = fixOf(shown.map(({ obstacle }) => obstacle));
  // one without a date may have stood there all along
  const since = failed.length === 0 ? undefined : firstOf(failed.map(({ obstacle }) => obstacle.since ?? 0));
  const grace = graceOf(parts);
  return {
    outcome,
    code: first.obstacle.code,
    found: shownText(shown, parts.length),
    ...(fix && outcome !== 'excepted' ? { fix } : {}),
    ...(first.part.subject ? { subject: first.part.subject } : {}),
    ...(outcome === 'excepted' ? { exceptions: [...lifted].map(heldOf) } : {}),
    evidence,
    ...(since ? { since } : {}),
    ...grace,
    ...until,
  };
}

function fixOf(obstacles: readonly Obstacle[]): Fix | undefined {
  return obstacles.find(({ fix }) => fix !== undefined)?.fix;
}

function firstOf(moments: readonly number[]): number {
  return moments.reduce((a, b) => Math.min(a, b));
}

function graceOf(parts: readonly Part[]): Pick<RuleOutcome, 'graceUntil'> {
  const moments = parts.flatMap(({ graceUntil }) => graceUntil ?? []);
  return moments.length === 0 ? {} : { graceUntil: firstOf(moments) };
}

function metText(parts: readonly Part[]): string {
  const texts = new Set(parts.map(({ found }) => found));
  const first = parts[0]!;
  if (parts.length === 1) return first.found;
  return texts.size === 1 ? `${first.found}, on ${parts.length} platforms` : [...texts].join('; ');
}

function shownText(shown: readonly { part: Part; obstacle: Obstacle }[], count: number): string {
  const texts = new Map<string, string[]>();
  for (const { part, obstacle } of shown)
    texts.set(obstacle.found, [...(texts.get(obstacle.found) ?? []), part.subject?.platform ?? '']);
  return [...texts]
    .map(([text, platforms]) => {
      const named = platforms.filter((platform) => platform !== '');
      return count > 1 && named.length > 0 ? `${named.join(', ')}: ${text}` : text;
    })
    .join('; ');
}

function subjectIn(parts: readonly Part[]): Pick<RuleOutcome, 'subject'> {
  const subject = parts.length === 1 ? parts[0]!.subject : undefined;
  return subject === undefined ? {} : { subject };
}
