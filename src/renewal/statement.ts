// What a renewal says of the image it made: the predecessor and its verdict, both bases, means and proofs.
import type { Verdict } from '../trust/index.ts';
import type { ImageRow } from './step.ts';

export const renewalType = 'https://seaworthy.dev/renewal/v1';

/** The predicate of an in-toto statement whose subject is the new image. */
export function renewalPredicate(image: ImageRow, now: Date): unknown {
  const before = JSON.parse(image.verdict_before ?? 'null') as Verdict | null;
  return {
    renewal: image.renewal,
    renewedAt: now.toISOString(),
    reference: image.reference,
    predecessor: {
      digest: image.from_digest,
      ...(before === null
        ? {}
        : {
            verdict: {
              decision: before.decision,
              policy: before.policy,
              rules: before.rules.map(({ rule, kind, outcome, code }) => ({
                rule,
                kind,
                outcome,
                ...(code === undefined ? {} : { code }),
              })),
            },
          }),
    },
    base: { reference: image.base, from: image.base_from, to: image.base_to },
    means: image.means,
    ...(image.why === '' ? {} : { why: image.why }),
    ...(image.proofs === null ? {} : { proofs: JSON.parse(image.proofs) as unknown }),
  };
}
