// Policy and facts in, verdict out. Pure: `now` is an argument.
import type { ImageFacts } from './facts.ts';
import type { ImagePolicy } from './policy.ts';
import type { Purpose, Verdict } from './verdict.ts';

/** `now`: ms since 1970. */
export function judge(policy: ImagePolicy, facts: ImageFacts, now: number, purpose: Purpose): Verdict {
  throw new Error(`not yet: ${policy.name} ${facts.digest} ${now} ${purpose}`);
}
