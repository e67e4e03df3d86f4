// Seaworthy's own verification summary (SLSA VSA v1): how the rules on content ended for one manifest, and everything
// that answer leaned on, so that another policy can tell whether it still holds.

import type { Suppression } from '../../scan/match/index.ts';
import { isoText } from './duration.ts';
import type { ImageFacts, ManifestFacts } from './facts.ts';
import { judge } from './judge.ts';
import { addressOf, type Scene } from './part.ts';
import type { ImagePolicy } from './policy.ts';
import { summaryExtension, summaryType } from './predicates.ts';
import { databaseCheckedAt, scansOf, sinceIn } from './scans.ts';
import type { RuleOutcome } from './verdict.ts';
import { weigh } from './weigh.ts';

/** Signatures, provenance and names are judged from themselves wherever the image goes: no summary vouches for them. */
const vouched: ReadonlySet<RuleOutcome['kind']> = new Set(['vulnerabilities', 'age', 'base']);

/**
 * The predicate of a summary for the manifest `digest` of the image, every rule on its content judged as enforced;
 * undefined where no rule on vulnerabilities selects the image or there is no scan to rest on. `now`: ms since 1970.
 */
export function makeSummary(
  policy: ImagePolicy,
  facts: ImageFacts,
  digest: string,
  now: number,
): Record<string, unknown> | undefined {
  const manifest = facts.platforms.find((item) => item.digest === digest);
  if (manifest === undefined) return undefined;
  const own = alone(facts, manifest);
  const scene: Scene = { policy, facts: own, now };
  const { rules } = judge(policy, own, now, 'release');
  const considered = rules.filter(({ kind }) => vouched.has(kind));
  const rests = restsOn(scene, own.platforms[0]!, considered);
  if (rests === undefined) return undefined;
  const good = considered.filter(({ outcome }) => outcome === 'met' || outcome === 'excepted');
  const barred = rules.some(({ kind, outcome }) => kind === 'revocation' && outcome === 'failed');
  const exceptions = good.flatMap((outcome) => outcome.exceptions ?? []).map(({ lifts }) => lifts);
  return {
    verifier: { id: 'https://seaworthy.dev/verifier' },
    timeVerified: isoText(now),
    resourceUri: addressOf(facts, digest),
    policy: {
      uri: `urn:seaworthy:policy:${policy.name}`,
      digest: { sha256: policy.rulesHash.replace('sha256:', '') },
    },
    inputAttestations: rests.evidence.map((carrier) => ({
      digest: { sha256: carrier.replace('sha256:', '') },
    })),
    verificationResult: !barred && good.length === considered.length ? 'PASSED' : 'FAILED',
    verifiedLevels: ['SLSA_BUILD_LEVEL_UNEVALUATED'],
    slsaVersion: '1.0',
    [summaryExtension]: {
      rules: good.map(({ rule }) => rule),
      scannedAt: isoText(rests.scannedAt),
      databaseCheckedAt: isoText(rests.checkedAt),
      ...(rests.until === undefined ? {} : { until: isoText(rests.until) }),
      suppressions: rests.suppressions.map(({ id, purl, path, kind }) => ({
        id,
        purl,
        ...(path === undefined ? {} : { path }),
        kind,
      })),
      exceptions: exceptions.filter(
        (lifts, i) => exceptions.findIndex((other) => JSON.stringify(other) === JSON.stringify(lifts)) === i,
      ),
    },
  };
}

/** The one manifest, without summaries: one that rests on another would be as old as nobody knows what. */
function alone({ index: _, incomplete: __, ...facts }: ImageFacts, manifest: ManifestFacts): ImageFacts {
  const answers = manifest.answers.filter(
    (answer) => !answer.ok || answer.attestation?.predicateType !== summaryType,
  );
  return { ...facts, platforms: [{ ...manifest, answers }], selected: [manifest.digest] };
}

interface Rest {
  scannedAt: number;
  checkedAt: number;
  until?: number;
  suppressions: readonly Suppression[];
  evidence: readonly string[];
}

/** The oldest of what the rules on vulnerabilities rest on. */
function restsOn(
  scene: Scene,
  manifest: ManifestFacts,
  considered: readonly RuleOutcome[],
): Rest | undefined {
  const { policy, now } = scene;
  const judged = new Set(considered.map(({ rule }) => rule));
  const rests: Rest[] = [];
  for (const rule of policy.rules) {
    if (rule.kind !== 'vulnerabilities' || !judged.has(rule.name)) continue;
    const { usable } = scansOf(rule, scene, manifest);
    const newest = usable[0];
    if (newest === undefined) return undefined;
    const weighed = weigh(rule, policy, newest, sinceIn(usable), now);
    rests.push({
      scannedAt: newest.scannedAt,
      checkedAt: databaseCheckedAt(rule, newest) ?? newest.scannedAt,
      ...(weighed.ripe === undefined ? {} : { until: weighed.ripe }),
      suppressions: weighed.leaned,
      evidence: newest.manifest === undefined ? [] : [newest.manifest],
    });
  }
  if (rests.length === 0) return undefined;
  const ends = rests.flatMap(({ until }) => until ?? []);
  return {
    scannedAt: Math.min(...rests.map(({ scannedAt }) => scannedAt)),
    checkedAt: Math.min(...rests.map(({ checkedAt }) => checkedAt)),
    ...(ends.length === 0 ? {} : { until: Math.min(...ends) }),
    suppressions: [...new Set(rests.flatMap(({ suppressions }) => suppressions))],
    evidence: [...new Set(rests.flatMap(({ evidence }) => evidence))],
  };
}
