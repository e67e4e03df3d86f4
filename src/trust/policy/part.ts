// What judging one rule on one manifest gives: what stands in the way, and what was found where nothing does.
import type { ImageFacts, ManifestFacts } from './facts.ts';
import type { ImagePolicy } from './policy.ts';
import type { PlatformChoice } from './rule.ts';
import { repositoryOf } from './select.ts';
import type { Fix, OutcomeCode } from './verdict.ts';

/** Everything a rule is judged by. `now`: ms since 1970. */
export interface Scene {
  policy: ImagePolicy;
  facts: ImageFacts;
  now: number;
}

export interface Obstacle {
  /** `failed`: everything was there to see. `undecided`: what was not seen might have said otherwise. */
  outcome: 'failed' | 'undecided';
  code: OutcomeCode;
  found: string;
  fix?: Fix;
  /** Ms since 1970 at which it came to be, where that can be told. */
  since?: number;
}

export interface Part {
  /** Empty: the rule is met here. */
  obstacles: readonly Obstacle[];
  /** Said when the rule is met. */
  found: string;
  subject?: { digest: string; platform?: string };
  /** Digests of the manifests that carried the evidence. */
  evidence: readonly string[];
  /** Moments (ms since 1970) at which this can become another answer. */
  until: readonly number[];
  /** Ms since 1970 at which the first finding that is in grace begins to count. */
  graceUntil?: number;
}

export interface Judged {
  expected: string;
  parts: readonly Part[];
}

/** Texts are made of what strangers wrote: longer ones are cut, so that a verdict stays one that people read. */
export function obstacle(
  outcome: Obstacle['outcome'],
  code: OutcomeCode,
  found: string,
  fix?: Fix,
): Obstacle {
  const mended = fix && { ...fix, text: clipped(fix.text) };
  return { outcome, code, found: clipped(found), ...(mended === undefined ? {} : { fix: mended }) };
}

const longestText = 2000;

function clipped(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)} …`;
}

export function part(more: Partial<Part>): Part {
  return { obstacles: [], evidence: [], until: [], ...more, found: clipped(more.found ?? '') };
}

/** `HOST/REPOSITORY@DIGEST`, for the commands that fixes print. */
export function addressOf(facts: ImageFacts, digest: string): string {
  return `${repositoryOf(facts.reference)}@${digest}`;
}

export function subjectOf({ digest, platform }: ManifestFacts): NonNullable<Part['subject']> {
  return { digest, ...(platform === undefined ? {} : { platform }) };
}

/** Platforms that the caller runs or asks for. */
export function selectedPlatforms({ platforms, selected }: ImageFacts): readonly ManifestFacts[] {
  return selected === undefined ? platforms : platforms.filter(({ digest }) => selected.includes(digest));
}

/** Judges every manifest that the choice names; none at all is undecided, never met. */
export function judgeEach(
  choice: PlatformChoice,
  { facts }: Scene,
  judgeOne: (manifest: ManifestFacts) => Part,
): Part[] {
  if (choice === 'index') {
    const resolved = facts.index ?? facts.platforms.find(({ digest }) => digest === facts.digest);
    if (resolved === undefined) return [none('evidence-unlisted', 'nothing was listed beside the digest')];
    return [{ ...judgeOne(resolved), subject: { digest: resolved.digest } }];
  }
  if (choice === 'allPlatforms' && facts.incomplete !== undefined)
    return [none('evidence-unlisted', `not every platform could be read: ${facts.incomplete}`)];
  const manifests = choice === 'allPlatforms' ? facts.platforms : selectedPlatforms(facts);
  if (manifests.length === 0)
    return [none('platform-none', 'the image has none of the platforms it is asked for')];
  return manifests.map((manifest) => ({ ...judgeOne(manifest), subject: subjectOf(manifest) }));
}

function none(code: 'evidence-unlisted' | 'platform-none', found: string): Part {
  return part({ obstacles: [obstacle('undecided', code, found)] });
}
