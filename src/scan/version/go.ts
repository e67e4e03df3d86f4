// Go's order: module versions as golang.org/x/mod/semver reads them, and the names of Go's own releases.

import type { VersionOrder } from './order.ts';
import { compareSemver, isPreIdentifier, parseSemver, type Semver } from './semver.ts';

/**
 * The `v` may be missing, as in OSV records; `v1` and `v1.2` are short for their `.0`; pseudo-versions are
 * pre-releases and `+incompatible` is build metadata, so neither needs a rule. `(devel)` is unorderable.
 */
export const go: VersionOrder<Semver> = {
  name: 'go',
  parse(text) {
    const plain = text.startsWith('v') ? text.slice(1) : text;
    const short = /^(\d+)(\.\d+)?$/.exec(plain);
    return parseSemver(short === null ? plain : `${short[1]}${short[2] ?? '.0'}.0`) ?? parseRelease(text);
  },
  compare: compareSemver,
};

/** `go1.22.1`, `1.22rc1`, `go1.22.1 X:boringcrypto`, `go1.16.7b7` (a boringcrypto build of 1.16.7). */
function parseRelease(text: string): Semver | undefined {
  const match = /^(?:go)?(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta|alpha)(\d+)|b\d+)?(?:-[\w.]+)?(?: .*)?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, major, minor, patch, stage, number] = match;
  const numbers = [major!, minor!, patch ?? '0'] as const;
  // A zero in front or a stage without an order is no release that Go ever named.
  if (numbers.some((n) => !/^(0|[1-9]\d*)$/.test(n))) return undefined;
  if (stage === undefined) return { numbers, pre: [] };
  return isPreIdentifier(number!) ? { numbers, pre: [stage, number!] } : undefined;
}
