// The base of an image: claims and layers compared with every base seen. Pure. A claim that the layers do not prove is
// said and not believed; where several bases fit and nothing tells them apart, all are named and none is chosen.
import type { FoundBase, SeenBase } from './base.ts';
import { type Claimed, type ClaimSources, claimsOf } from './claims.ts';

export interface LineageFacts extends ClaimSources {
  /** Of the image's manifest for this platform. */
  digest: string;
  /** `HOST/REPOSITORY` it lies in: what else lies there is more likely its sibling than its base. */
  repository?: string;
  diffIds: readonly string[];
}

export interface Claim extends Claimed {
  /**
   * `proven`: its layers are the lowest of the image; `ancestor`: so they are, but another base stands between;
   * `disproven`: they are not; `unseen`: nobody knows its layers.
   */
  state: 'proven' | 'ancestor' | 'disproven' | 'unseen';
}

export type Lineage = (
  | ({ kind: 'base' } & FoundBase)
  | { kind: 'ambiguous'; candidates: FoundBase[] }
  | { kind: 'unknown'; why: string }
) & { claims: Claim[] };

/** `bases`: at least those whose layers may be a prefix, and those that the image claims. */
export function lineageOf(facts: LineageFacts, bases: readonly SeenBase[]): Lineage {
  const below = bases
    .filter((base) => isBelow(base, facts))
    .sort((a, b) => b.diffIds.length - a.diffIds.length);
  const claimed = claimsOf(facts);
  const matched = claimed.map((claim) => ({
    claim,
    bases: bases.filter((base) => isMeant(claim, base, facts)),
  }));
  const meant = new Map<SeenBase, Claimed[]>();
  for (const { claim, bases: found } of matched)
    for (const base of found) meant.set(base, [...(meant.get(base) ?? []), claim]);
  const chosen = choose(below, meant, facts);
  const height = chosen[0]?.diffIds.length ?? 0;
  const claims = matched.map(({ claim, bases: found }) => ({
    ...claim,
    state: stateOf(found, below, height),
  }));
  const candidates = chosen.map((base) => foundBase(base, meant.get(base) ?? [], height));
  const [only] = candidates;
  if (only === undefined) return { kind: 'unknown', why: whyUnknown(facts, claims), claims };
  return candidates.length === 1
    ? { kind: 'base', ...only, claims }
    : { kind: 'ambiguous', candidates, claims };
}

/** A true prefix, with layers, and not the image itself. */
function isBelow({ diffIds, platformDigest }: SeenBase, facts: LineageFacts): boolean {
  return (
    diffIds.length > 0 &&
    diffIds.length <= facts.diffIds.length &&
    platformDigest !== facts.digest &&
    diffIds.every((diffId, at) => diffId === facts.diffIds[at])
  );
}

function isMeant(claim: Claimed, base: SeenBase, facts: LineageFacts): boolean {
  if (claim.topLayer !== undefined) return base.diffIds.at(-1) === claim.topLayer && isBelow(base, facts);
  if (claim.digest !== undefined)
    return base.platformDigest === claim.digest || base.digests.includes(claim.digest);
  return claim.reference !== undefined && base.references.includes(claim.reference);
}

/** The highest that something other than an inherited label names; else the highest whose layers fit. */
function choose(
  below: readonly SeenBase[],
  meant: ReadonlyMap<SeenBase, readonly Claimed[]>,
  facts: LineageFacts,
): SeenBase[] {
  const isNamed = (base: SeenBase) => meant.get(base)?.some(({ isOwn }) => isOwn) === true;
  const [named] = below.filter(isNamed);
  if (named !== undefined) return equals(named, below.filter(isNamed), meant);
  const isLikely = (base: SeenBase) =>
    meant.has(base) ||
    // an image of the same layers and another config: either could be the other's base
    (base.diffIds.length < facts.diffIds.length && (base.isBase || !isSibling(base, facts)));
  const likely = below.filter(isLikely);
  return likely[0] === undefined ? [] : equals(likely[0], likely, meant);
}

/** Those as high as the first; of them those that more claims name, where any does. */
function equals(
  first: SeenBase,
  among: readonly SeenBase[],
  meant: ReadonlyMap<SeenBase, readonly Claimed[]>,
): SeenBase[] {
  const high = among.filter(({ diffIds }) => diffIds.length === first.diffIds.length);
  const most = Math.max(...high.map((base) => meant.get(base)?.length ?? 0));
  const best = high.filter((base) => (meant.get(base)?.length ?? 0) === most);
  const bases = best.filter(({ isBase }) => isBase);
  return bases.length > 0 ? bases : best;
}

function isSibling({ references }: SeenBase, { repository }: LineageFacts): boolean {
  return (
    repository !== undefined &&
    references.length > 0 &&
    references.every(
      (reference) => reference.startsWith(`${repository}:`) || reference.startsWith(`${repository}@`),
    )
  );
}

function foundBase(base: SeenBase, claims: readonly Claimed[], layers: number): FoundBase {
  const named = claims.find(({ reference = '' }) => base.references.includes(reference))?.reference;
  return {
    references: [...base.references],
    digest: base.digests[0] ?? base.platformDigest,
    platformDigest: base.platformDigest,
    layers,
    by: [...new Set(claims.map(({ by }) => by)), 'layers'],
    ...(named === undefined ? {} : { named }),
  };
}

function stateOf(found: readonly SeenBase[], below: readonly SeenBase[], height: number): Claim['state'] {
  if (found.length === 0) return 'unseen';
  const proven = found.filter((base) => below.includes(base));
  if (proven.length === 0) return 'disproven';
  return proven.some(({ diffIds }) => diffIds.length === height) ? 'proven' : 'ancestor';
}

function whyUnknown({ diffIds, dockerfile }: LineageFacts, claims: readonly Claim[]): string {
  if (diffIds.length === 0) return 'the image has no layers';
  if (dockerfile?.base.kind === 'scratch') return 'its Dockerfile begins on nothing (FROM scratch)';
  if (dockerfile?.base.kind === 'undecided') {
    const { text, missing } = dockerfile.base;
    const why = missing.length > 0 ? `and nobody gave ${missing.join(', ')} a value` : 'which names no image';
    return `its Dockerfile begins on ${text}, ${why}`;
  }
  const own = claims.find(({ isOwn, by }) => isOwn && by !== 'provenance') ?? claims[0];
  if (own === undefined) return 'no layers of a base that was seen are its lowest, and it names none';
  const name = own.reference ?? own.digest ?? 'a base';
  return own.state === 'disproven'
    ? `it claims ${name}, whose layers are not its lowest`
    : `it claims ${name}, whose layers nobody has seen`;
}
