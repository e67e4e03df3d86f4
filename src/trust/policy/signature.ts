// The rule on signatures: n distinct signers of the image itself; an attestation is no signature.

import { signFix } from './command.ts';
import type { ManifestFacts } from './facts.ts';
import { addressOf, type Judged, judgeEach, obstacle, type Part, part, type Scene } from './part.ts';
import type { SignatureRule } from './rule.ts';
import { namesOf, shortage, signerMoments, tally } from './signers.ts';

export function judgeSignature(rule: SignatureRule, scene: Scene): Judged {
  const who = rule.by.join(', ');
  const where = rule.platforms === 'index' ? '' : ', on every platform';
  return {
    expected: `signed by ${rule.atLeast === 1 ? (rule.by.length > 1 ? 'one of ' : '') : `${rule.atLeast} of `}${who}${where}`,
    parts: judgeEach(rule.platforms, scene, (manifest) => judgeOne(rule, scene, manifest)),
  };
}

function judgeOne(rule: SignatureRule, { policy, facts }: Scene, manifest: ManifestFacts): Part {
  const found = tally(
    manifest.answers,
    rule.by,
    // A statement of any kind says something about the image, not that it may run (N18; the predicate type that
    // cosign 3 gives to plain signatures arrives here without `attestation`).
    (signed) => signed.attestation === undefined && rule.formats.includes(signed.format),
    ({ format, states }) => rule.formats.includes(format) && states === undefined,
  );
  const until = signerMoments(policy, rule.by, found.signers.values());
  const evidence = [...found.signers.values()].map((signed) => signed.manifest);
  if (found.signers.size >= rule.atLeast)
    return part({ found: `signed by ${namesOf(found.signers)}`, evidence, until });
  const fix = signFix(policy, rule.by, addressOf(facts, manifest.digest));
  const absent = obstacle('failed', 'signature-missing', `no signature (${rule.formats.join(', ')})`, fix);
  const unlisted = manifest.unlisted.filter(
    ({ format }) => format !== 'attestation' && rule.formats.includes(format),
  );
  return part({ obstacles: [shortage(found, rule.atLeast, unlisted, absent, fix)], evidence, until });
}
