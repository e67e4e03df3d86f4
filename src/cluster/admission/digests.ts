// Where what reaches the node has to be a digest: wherever an enforced rule leans on signatures or evidence.
import { parseReference, type Reference } from '../../image/index.ts';
import { type ImagePolicy, type RuleOutcome, selects, type Verdict } from '../../trust/index.ts';

const evidenceKinds = ['signature', 'attestation', 'vulnerabilities', 'age', 'base', 'digest'];

/** Whether a tag could change what an enforced rule was judged by. */
export function wantsDigest(
  policy: ImagePolicy,
  reference: Reference,
  labels: Readonly<Record<string, string>>,
): boolean {
  return policy.rules.some(
    (rule) =>
      rule.mode === 'enforce' && evidenceKinds.includes(rule.kind) && selects(rule, reference, labels),
  );
}

/** A tag where a digest is wanted is refused, whatever it stands for at this moment. */
export function refuseTag(verdict: Verdict): Verdict {
  // Where the name alone decided, nobody asked what the tag stands for.
  if (
    verdict.digest === '' ||
    verdict.rules.some(({ code, mode }) => code === 'tag-given' && mode === 'enforce')
  )
    return verdict;
  const outcome: RuleOutcome = {
    rule: 'digest',
    kind: 'digest',
    mode: 'enforce',
    outcome: 'failed',
    code: 'tag-given',
    expected: 'named by digest, where rules about signatures or evidence are enforced',
    found: 'named by a tag, which can move before it is pulled',
    fix: { text: `write ${verdict.image}@${verdict.digest}` },
    evidence: [],
  };
  return { ...verdict, decision: 'deny', rules: [outcome, ...verdict.rules] };
}

/** `repo:tag@sha256:…`: what the pod gets, so that people still see what it was named by. */
export function pinnedText(image: string, digest: string): string {
  const reference = parseReference(image);
  // As it is written, so that nothing about the name changes but that the digest is there.
  return reference.digest !== undefined
    ? image
    : reference.tag === undefined
      ? `${image}:latest@${digest}`
      : `${image}@${digest}`;
}
