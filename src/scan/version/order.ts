// What a version order is, and comparing by one with each text parsed once.
import { defaultLimits } from '../../core/index.ts';

/**
 * How one ecosystem orders its versions. `Parsed` is private to the order: only hand back to an order what its own
 * `parse` returned.
 */
export interface VersionOrder<Parsed = unknown> {
  readonly name: string;
  /** Undefined when the ecosystem's own tool would refuse the text: it cannot be ordered. */
  parse(text: string): Parsed | undefined;
  /** Negative, zero or positive as `a` sorts before, with or after `b`. */
  compare(a: Parsed, b: Parsed): number;
  /**
   * As `compare`, where `bound` is an advisory's and may be less exact than a version: an rpm bound without a release
   * stands for every release of its version. Absent: the same as `compare`.
   */
  compareToBound?(version: Parsed, bound: Parsed): number;
  /** The version that an advisory's bound written short stands for (`13.0` is 13.0.0); undefined for other texts. */
  completeBound?(bound: string): string | undefined;
}

/** Parsed versions kept per order; an advisory's bounds meet many packages, a package many bounds. */
const kept = new WeakMap<VersionOrder, Map<string, unknown>>();
const keptAtMost = 20_000;
/** Longer texts are parsed anew each time: somebody's thousands of long versions must not be kept. */
const keptLength = 64;

/** `order.parse`, remembered. */
export function parseVersion(order: VersionOrder, text: string): unknown {
  if (text.length > keptLength)
    return text.length > defaultLimits.versionLength ? undefined : order.parse(text);
  let versions = kept.get(order);
  if (versions === undefined) {
    versions = new Map();
    kept.set(order, versions);
  }
  const known = versions.get(text);
  if (known !== undefined || versions.has(text)) return known;
  if (versions.size >= keptAtMost) versions.clear();
  const parsed = order.parse(text);
  versions.set(text, parsed);
  return parsed;
}

/** Undefined: at least one of the two cannot be ordered. */
export function compareVersions(order: VersionOrder, a: string, b: string): number | undefined {
  const left = parseVersion(order, a);
  const right = parseVersion(order, b);
  return left === undefined || right === undefined ? undefined : order.compare(left, right);
}

/** As `compareVersions`, with `bound` an advisory's: see `compareToBound`. */
export function compareToBound(order: VersionOrder, version: string, bound: string): number | undefined {
  const left = parseVersion(order, version);
  const right = parseVersion(order, bound);
  if (left === undefined || right === undefined) return undefined;
  return order.compareToBound === undefined ? order.compare(left, right) : order.compareToBound(left, right);
}
