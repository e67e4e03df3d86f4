// Which base an image claims, and whether it really stands on one: only a true prefix of its layers proves that.
import { isDigest } from './digest.ts';

const NAME = 'org.opencontainers.image.base.name';
const DIGEST = 'org.opencontainers.image.base.digest';

/** The reference an image's annotations or labels name as its base (image-spec annotations.md); a claim only. */
export function claimedBase(
  annotations: Record<string, string>,
  labels: Record<string, string>,
): string | undefined {
  for (const said of [annotations, labels]) {
    const name = said[NAME];
    if (name === undefined || name === '') continue;
    const digest = said[DIGEST];
    if (digest === undefined || !isDigest(digest) || name.includes('@')) return name;
    return `${withoutTag(name)}@${digest}`;
  }
  return undefined;
}

/** How many layers of an image are the base's; undefined when the base's are not a true prefix of them. */
export function baseLayers(diffIds: readonly string[], base: readonly string[]): number | undefined {
  if (base.length === 0 || base.length > diffIds.length) return undefined;
  return base.every((diffId, i) => diffId === diffIds[i]) ? base.length : undefined;
}

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
