// A digest whose rollout failed is on hold until a person releases it; kept on the workload that failed with it.
import { parseJson } from '../../core/index.ts';
import { isDigest } from '../../image/index.ts';
import type { KubeObject } from '../kube/index.ts';
import { RolloutFault } from './fault.ts';

export const holdAnnotation = 'seaworthy.dev/hold';

export interface Hold {
  /** `registry.example.com/team/app`. */
  repository: string;
  digest: string;
  reason: string;
  by: string;
  since: string;
  release?: { by: string; reason: string; at: string; expires?: string };
}

/** The newest are kept: an annotation has a bound. */
const mostHolds = 16;
const textBytes = 64 << 10;
const reasonLength = 1000;

/** Throws RolloutFault `rollout-record-invalid`: what cannot be read may hold anything. */
export function holdsOf({ metadata }: Pick<KubeObject, 'metadata'>): Hold[] {
  const text: unknown = metadata.annotations?.[holdAnnotation];
  return text === undefined ? [] : parseHolds(text);
}

export function parseHolds(text: unknown): Hold[] {
  let value: unknown;
  try {
    if (typeof text === 'string' && text.length <= textBytes) value = parseJson(text);
  } catch {}
  if (Array.isArray(value) && value.length <= mostHolds && value.every(isHold)) return value;
  throw new RolloutFault(
    'rollout-record-invalid',
    `expected a list of holds in the annotation ${holdAnnotation}, got something else`,
    { hint: `See why it was changed, then remove the annotation: kubectl annotate … ${holdAnnotation}-` },
  );
}

function isHold(value: unknown): value is Hold {
  const { repository, digest, reason, by, since, release } = (value ?? {}) as Partial<Hold>;
  const isRelease =
    release === undefined ||
    ([release?.by, release?.reason].every((text) => typeof text === 'string') &&
      isTime(release.at) &&
      (release.expires === undefined || isTime(release.expires)));
  return (
    [repository, reason, by].every((text) => typeof text === 'string') &&
    typeof digest === 'string' &&
    isDigest(digest) &&
    isTime(since) &&
    isRelease
  );
}

function isTime(text: unknown): text is string {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text));
}

/** A release that has expired holds no longer: the hold is back. */
export function isHeld({ release }: Hold, now: number): boolean {
  return release === undefined || (release.expires !== undefined && Date.parse(release.expires) <= now);
}

/** The active hold of a digest. */
export function holdOf(holds: readonly Hold[], digest: string, now: number): Hold | undefined {
  return holds.find((hold) => hold.digest === digest && isHeld(hold, now));
}

/** A digest that failed again is held anew, whatever was released before. */
export function withHold(holds: readonly Hold[], hold: Hold): Hold[] {
  const reason = hold.reason.slice(0, reasonLength);
  return [{ ...hold, reason }, ...holds.filter(({ digest }) => digest !== hold.digest)].slice(0, mostHolds);
}

/** Undefined: nothing of this digest is held. */
export function withRelease(
  holds: readonly Hold[],
  digest: string,
  release: NonNullable<Hold['release']>,
  now: number,
): Hold[] | undefined {
  if (holdOf(holds, digest, now) === undefined) return undefined;
  return holds.map((hold) => (hold.digest === digest ? { ...hold, release } : hold));
}
