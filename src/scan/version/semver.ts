// Semantic Versioning 2.0.0 section 11, in the two dialects that npm and crates.io accept.
import { compareDigits, compareText } from './digits.ts';
import type { VersionOrder } from './order.ts';

export interface Semver {
  /** Major, minor, patch, as digits. */
  numbers: readonly [string, string, string];
  /** Identifiers of the pre-release; empty: a release. */
  pre: readonly string[];
}

/** As node-semver's strict parser: a leading `v` is taken, numbers are safe integers, 256 characters at most. */
export const npm: VersionOrder<Semver> = {
  name: 'npm',
  parse(text) {
    if (text.length > 256) return undefined;
    const version = parseSemver(text.trim().replace(/^v/, ''));
    if (version === undefined) return undefined;
    return version.numbers.every((n) => Number(n) <= Number.MAX_SAFE_INTEGER) ? version : undefined;
  },
  compare: compareSemver,
  completeBound: completeSemver,
};

/** As the Rust crate `semver`: nothing around the version, numbers of 64 bits; build metadata has no part in it. */
export const crates: VersionOrder<Semver> = {
  name: 'crates.io',
  parse(text) {
    const version = parseSemver(text);
    return version?.numbers.every((n) => n.length < 20 || compareDigits(n, largest) <= 0)
      ? version
      : undefined;
  },
  compare: compareSemver,
  completeBound: completeSemver,
};

/** `13` and `13.0` begin and end where 13.0.0 does: npm and Cargo read short bounds of ranges so. */
function completeSemver(bound: string): string | undefined {
  const match = /^(\d+)(\.\d+)?$/.exec(bound);
  return match === null ? undefined : `${match[1]}${match[2] ?? '.0'}.0`;
}

const largest = '18446744073709551615';

const number = '(0|[1-9]\\d*)';
const shape = new RegExp(`^${number}\\.${number}\\.${number}(?:-([0-9A-Za-z.-]+))?(?:\\+([0-9A-Za-z.-]+))?$`);

/** Exactly the grammar of the specification (section 9 and 10 for what follows the numbers). */
export function parseSemver(text: string): Semver | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const pre = match[4] === undefined ? [] : match[4].split('.');
  if (!pre.every(isPreIdentifier)) return undefined;
  if (match[5]?.split('.').includes('')) return undefined;
  return { numbers: [match[1]!, match[2]!, match[3]!], pre };
}

export function isPreIdentifier(text: string): boolean {
  return text !== '' && !/^0\d+$/.test(text);
}

export function compareSemver(a: Semver, b: Semver): number {
  for (let n = 0; n < 3; n++) {
    const order = compareDigits(a.numbers[n]!, b.numbers[n]!);
    if (order !== 0) return order;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  return comparePre(a.pre, b.pre);
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let n = 0; n < a.length && n < b.length; n++) {
    const left = a[n]!;
    const right = b[n]!;
    if (left === right) continue;
    const leftNumber = /^\d+$/.test(left);
    const rightNumber = /^\d+$/.test(right);
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
    return leftNumber ? compareDigits(left, right) : compareText(left, right);
  }
  return a.length - b.length;
}
