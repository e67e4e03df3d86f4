// SLSA verification summaries of any verifier, compared with what a rule wants (slsa.dev/spec/v1.0/verification_summary).
import { matchesText } from '../evidence/index.ts';
import { fieldOf, textOf } from './field.ts';
import { type Obstacle, obstacle } from './part.ts';
import type { AttestationRule } from './rule.ts';

/** What is in the way; undefined: nothing. */
export function checkSummary(rule: AttestationRule, predicate: unknown): Obstacle | undefined {
  const result = textOf(predicate, 'verificationResult');
  if (result !== 'PASSED')
    return result === 'FAILED'
      ? obstacle('failed', 'summary-failed', 'the summary says FAILED')
      : obstacle('failed', 'attestation-malformed', 'the summary gives no result');
  const verifier = textOf(predicate, 'verifier', 'id');
  const resource = textOf(predicate, 'resourceUri');
  if (
    verifier === undefined ||
    resource === undefined ||
    Number.isNaN(Date.parse(textOf(predicate, 'timeVerified') ?? ''))
  )
    return obstacle('failed', 'attestation-malformed', 'the summary lacks verifier, resource or time');
  if (rule.verifier && !matchesText(rule.verifier, verifier)) return other(`verifier ${verifier}`);
  if (rule.resource && !matchesText(rule.resource, resource)) return other(`resource ${resource}`);
  if (rule.policyDigest !== undefined) {
    const [algorithm = '', hex = ''] = rule.policyDigest.split(':');
    if (textOf(predicate, 'policy', 'digest', algorithm) !== hex) return other('made under another policy');
  }
  const levels = fieldOf(predicate, 'verifiedLevels');
  const missing = (rule.levels ?? []).find((level) => !Array.isArray(levels) || !levels.includes(level));
  return missing === undefined ? undefined : other(`without the level ${missing}`);
}

function other(found: string): Obstacle {
  return obstacle('failed', 'summary-other', `the summary: ${found}`);
}
