// Which findings of a scan count against a rule now, which will later, and which nobody can say of.
import { atLeast, type Finding, priorityOf, type Suppression, Suppressor } from '../../scan/match/index.ts';
import type { ScanClaim } from './claim.ts';
import { endOfDay } from './duration.ts';
import type { ImagePolicy } from './policy.ts';
import type { VulnerabilitiesRule } from './rule.ts';

export interface Weighed {
  counting: readonly Finding[];
  /** Ms since 1970 at which the first of those began to count. */
  since?: number;
  /** Would count, but was published or found too recently yet. */
  waiting: readonly Finding[];
  suppressed: readonly Finding[];
  /** Suppressions that fit one of those. */
  leaned: readonly Suppression[];
  /** Suppressions that ran out while their finding is still there. */
  overdue: readonly Suppression[];
  /** Would count if they had a severity. */
  withoutSeverity: readonly Finding[];
  /** Would count if they had a date of publication. */
  undated: readonly Finding[];
  /** Would count if it were known that they affect the image. */
  unknown: readonly Finding[];
  /** Ms since 1970 at which a waiting one counts, or a suppression ends. */
  until: readonly number[];
  /** The first of them that comes from waiting alone. */
  ripe?: number;
}

/** `firstFound`: when a finding was first found for this digest, ms since 1970. */
export function weigh(
  rule: VulnerabilitiesRule,
  policy: ImagePolicy,
  claim: ScanClaim,
  firstFound: (finding: Finding) => number,
  now: number,
): Weighed {
  const suppressor = new Suppressor(policy.suppressions, new Date(now));
  const counting: Finding[] = [];
  const begun = new Map<Finding, number>();
  const waiting: Finding[] = [];
  const suppressed: Finding[] = [];
  const withoutSeverity: Finding[] = [];
  const undated: Finding[] = [];
  const unknown: Finding[] = [];
  const until: number[] = [];
  const ripens: number[] = [];
  for (const found of claim.findings) {
    if (found.state === 'not_affected') continue;
    const hit = hits(rule, found);
    if (hit === 'no') continue;
    if (rule.fixable && !found.fixedIn.some(({ channel }) => channel === undefined)) continue;
    const applied = suppressor.apply(found);
    if (applied.suppressed) {
      suppressed.push(applied);
      until.push(endOfDay(applied.suppressed.expires));
      continue;
    }
    const published = found.published === undefined ? undefined : Date.parse(found.published);
    const dueBy = Math.max(
      rule.publishedFor === undefined ? 0 : (published ?? 0) + rule.publishedFor + 1,
      rule.grace === undefined ? 0 : firstFound(found) + rule.grace + 1,
    );
    if (dueBy > now) {
      waiting.push(found);
      ripens.push(dueBy);
    } else if (rule.publishedFor !== undefined && published === undefined) undated.push(found);
    else if (hit === 'unknown') withoutSeverity.push(found);
    else if (found.state === 'unknown') unknown.push(found);
    else {
      counting.push(found);
      begun.set(found, Math.max(dueBy, firstFound(found)));
    }
  }
  const overdue = suppressor.expired();
  const since = counting.map((found) =>
    Math.max(
      begun.get(found)!,
      ...overdue.filter((item) => isOf(item, found)).map((item) => endOfDay(item.expires)),
    ),
  );
  const idle = new Set([...suppressor.unused(), ...overdue]);
  const ripe = ripens.length === 0 ? undefined : ripens.reduce((a, b) => Math.min(a, b));
  return {
    counting,
    ...(since.length === 0 ? {} : { since: since.reduce((a, b) => Math.min(a, b)) }),
    waiting,
    suppressed,
    leaned: policy.suppressions.filter((item) => !idle.has(item)),
    overdue,
    withoutSeverity,
    undated,
    unknown,
    until: ripe === undefined ? until : [...until, ripe],
    ...(ripe === undefined ? {} : { ripe }),
  };
}

function isOf({ id }: Suppression, finding: Finding): boolean {
  return finding.id === id || finding.aliases.includes(id);
}

function hits(rule: VulnerabilitiesRule, finding: Finding): 'yes' | 'no' | 'unknown' {
  if (rule.kev && finding.kev !== undefined) return 'yes';
  if (rule.epss !== undefined && (finding.epss ?? 0) >= rule.epss) return 'yes';
  const given = finding.severity.level;
  const level = given === 'unknown' ? (rule.unknownSeverity ?? given) : given;
  if (rule.priority !== undefined) {
    const severity = level === given ? finding.severity : { level };
    if (priorityOf({ ...finding, state: 'affected', severity } as Finding) >= rule.priority) return 'yes';
  }
  if (rule.severity === undefined) return 'no';
  if (level === 'unknown') return 'unknown';
  return atLeast(level, rule.severity) ? 'yes' : 'no';
}
