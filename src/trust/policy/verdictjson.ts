// The verdict as JSON; docs/schema/verdict.schema.json describes it.
import { isoText } from './duration.ts';
import type { RuleOutcome, Verdict } from './verdict.ts';

/** Times as ISO 8601; two spaces of indent and a newline at the end. */
export function verdictJson(verdict: Verdict): string {
  const { decision, purpose, image, digest, platforms, policy, rules, at, until } = verdict;
  const whole = {
    schemaVersion: 1,
    decision,
    purpose,
    image,
    ...(digest === '' ? {} : { digest }),
    platforms,
    policy,
    judgedAt: isoText(at),
    ...(until === undefined ? {} : { until: isoText(until) }),
    rules: rules.map(ruleJson),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function ruleJson({ since, graceUntil, until, ...outcome }: RuleOutcome): object {
  return {
    ...outcome,
    ...(since === undefined ? {} : { since: isoText(since) }),
    ...(graceUntil === undefined ? {} : { graceUntil: isoText(graceUntil) }),
    ...(until === undefined ? {} : { until: isoText(until) }),
  };
}
