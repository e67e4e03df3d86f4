// The rule on attestations: statements of one type, by trusted signers, that say what the rule wants them to say.
import { type Signed, signerName } from '../evidence/index.ts';
import { attestFix } from './command.ts';
import { clockSkew, isoText, spanText } from './duration.ts';
import type { ManifestFacts } from './facts.ts';
import { textOf } from './field.ts';
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
import { provenanceTypes, summaryType } from './predicates.ts';
import { checkProvenance, provenanceTime } from './provenance.ts';
import type { AttestationRule } from './rule.ts';
import { mayState, namesOf, shortage, signerMoments, tally } from './signers.ts';
import { checkSummary } from './vsa.ts';

export function judgeAttestation(rule: AttestationRule, scene: Scene): Judged {
  const who = `${rule.atLeast > 1 ? `${rule.atLeast} of ` : ''}${rule.by.join(', ')}`;
  const wants = (['source', 'ref', 'builder', 'buildType', 'verifier', 'resource'] as const).flatMap(
    (key) => {
      const match = rule[key];
      return match === undefined ? [] : [`${key} ${'exact' in match ? match.exact : match.pattern}`];
    },
  );
  return {
    expected: `${rule.type} by ${who}${wants.length > 0 ? `: ${wants.join(', ')}` : ''}`,
    parts: judgeEach(rule.platforms, scene, (manifest) => judgeOne(rule, scene, manifest)),
  };
}

function judgeOne(rule: AttestationRule, { policy, facts, now }: Scene, manifest: ManifestFacts): Part {
  const refused: Obstacle[] = [];
  const moments: number[] = [];
  const said: string[] = [];
  const found = tally(
    manifest.answers,
    rule.by,
    (signed) => {
      const { attestation } = signed;
      if (attestation === undefined || !rule.predicateTypes.includes(attestation.predicateType)) return false;
      const checked = check(rule, signed, now);
      if (checked.obstacle) refused.push(checked.obstacle);
      if (checked.until !== undefined) moments.push(checked.until);
      if (checked.says !== undefined) said.push(checked.says);
      return checked.obstacle === undefined;
    },
    ({ format, states }) => format !== 'notation' && mayState(states, rule.predicateTypes),
  );
  const until = [...signerMoments(policy, rule.by, found.signers.values()), ...moments];
  const evidence = [...found.signers.values()].map((signed) => signed.manifest);
  if (found.signers.size >= rule.atLeast)
    return part({
      found: `${said[0] ?? rule.type} by ${namesOf(found.signers)}`,
      evidence,
      until,
    });
  const fix = attestFix(policy, rule.by, addressOf(facts, manifest.digest), rule.type);
  // What a trusted signer says wrongly tells more than that others are strangers.
  const open = refused.find(({ outcome }) => outcome === 'undecided');
  const absent =
    open ??
    refused[0] ??
    obstacle('failed', 'attestation-missing', `no ${rule.type}${others(manifest, rule)}`);
  const unlisted = manifest.unlisted.filter(({ format }) => format !== 'notation');
  const seen =
    refused.length > 0 ? { ...found, rejected: found.rejected.filter((answer) => answer.undecided) } : found;
  const short = shortage(seen, rule.atLeast, unlisted, absent, fix);
  // A refused statement whose own date cannot be told may be the one that is missing.
  const final =
    open !== undefined && short.outcome === 'failed' && found.signers.size + 1 >= rule.atLeast ? open : short;
  return part({ obstacles: [{ ...final, fix: final.fix ?? fix }], evidence, until });
}

function others(manifest: ManifestFacts, rule: AttestationRule): string {
  const types = new Set(
    manifest.answers.flatMap((answer) =>
      answer.ok && answer.attestation && rule.by.includes(answer.authority)
        ? answer.attestation.predicateType
        : [],
    ),
  );
  return types.size === 0 ? '' : `, but ${[...types].slice(0, 3).join(', ')}`;
}

interface Checked {
  obstacle?: Obstacle;
  until?: number;
  says?: string;
}

function check(rule: AttestationRule, signed: Signed, now: number): Checked {
  const { predicateType, predicate } = signed.attestation!;
  let time: number | undefined;
  let says: string | undefined;
  if ((provenanceTypes as readonly string[]).includes(predicateType)) {
    const checked = checkProvenance(rule, predicateType, predicate);
    if (typeof checked !== 'string') return { obstacle: checked };
    says = checked;
    time = provenanceTime(predicateType, predicate);
  } else if (predicateType === summaryType) {
    const wrong = checkSummary(rule, predicate);
    if (wrong) return { obstacle: wrong };
    time = Date.parse(textOf(predicate, 'timeVerified') ?? '');
  }
  if (time !== undefined && !Number.isNaN(time) && time > now + clockSkew)
    return {
      obstacle: obstacle('failed', 'attestation-future', `dated ${isoText(time)}, which is yet to come`),
      until: time - clockSkew,
    };
  if (rule.maxAge === undefined) return says === undefined ? {} : { says };
  const believed = time === undefined || Number.isNaN(time) ? Math.max(...signed.times) : time;
  if (!Number.isFinite(believed))
    return {
      obstacle: obstacle(
        'undecided',
        'evidence-untimed',
        `the ${rule.type} of ${signerName(signed.signer)} bears no date and no timestamp`,
      ),
    };
  const age = now - believed;
  if (age > rule.maxAge)
    return {
      obstacle: {
        ...obstacle(
          'failed',
          'attestation-old',
          `made ${spanText(age)} ago, ${spanText(rule.maxAge)} allowed`,
        ),
        since: believed + rule.maxAge + 1,
      },
    };
  return { until: believed + rule.maxAge + 1, ...(says === undefined ? {} : { says }) };
}
