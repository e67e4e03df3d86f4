// What came to nothing on a base and is tried once more on the same digest: only what the change can have mended.
import type { Verdict } from '../trust/index.ts';
import type { Cause } from './cause.ts';
import type { ImageRow } from './step.ts';

/** `last`: what became of the same image on the same digest of its base; undefined: it was never begun there. */
export function isTriedAgain(
  { change, id }: Extract<Cause, { kind: 'again' }>,
  last: Pick<ImageRow, 'state' | 'verdict_after'> | undefined,
): boolean {
  if (last === undefined) return false;
  if (change === 'release') return last.state === 'returned';
  // the policy stopped it, and it was another one
  if (last.state !== 'stopped' || last.verdict_after === null) return false;
  const { decision, policy } = JSON.parse(last.verdict_after) as Verdict;
  return decision !== 'allow' && policy.hash !== id;
}
