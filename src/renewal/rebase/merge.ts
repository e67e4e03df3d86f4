// Three-way merge: what the image says itself is kept, what it only inherited moves with the base.
import { isDeepStrictEqual } from 'node:util';

export interface Conflict {
  /** `config.Env.PATH`. */
  field: string;
  /** What became of it. */
  text: string;
}

/** Go writes nothing, null and empty values for the same. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function isSame(a: unknown, b: unknown): boolean {
  return (isEmpty(a) && isEmpty(b)) || isDeepStrictEqual(a, b);
}

/** The new value of one field; where both sides changed it, the image's own is kept and said. */
export function merged(
  field: string,
  old: unknown,
  own: unknown,
  next: unknown,
  conflicts: Conflict[],
): unknown {
  if (isSame(own, old)) return next;
  if (!isSame(next, old) && !isSame(own, next))
    conflicts.push({ field, text: 'the image and the new base both changed it; the image’s own is kept' });
  return own;
}

type Fields = Readonly<Record<string, unknown>>;

/** A map key by key: the new base's keys first, then the image's own; what the image deleted stays deleted. */
export function mergedMap(
  field: string,
  old: unknown,
  own: unknown,
  next: unknown,
  conflicts: Conflict[],
): Record<string, unknown> | undefined {
  const [before, mine, after] = [old, own, next].map(mapOf) as [Fields, Fields, Fields];
  const result = new Map<string, unknown>();
  for (const key of new Set([...Object.keys(after), ...Object.keys(mine), ...Object.keys(before)])) {
    const [was, is, will] = [before, mine, after].map((map) =>
      Object.hasOwn(map, key) ? { value: map[key] } : undefined,
    );
    const kept = isDeepStrictEqual(is, was) ? will : is;
    if (
      kept === is &&
      !isDeepStrictEqual(is, was) &&
      !isDeepStrictEqual(will, was) &&
      !isDeepStrictEqual(is, will)
    )
      conflicts.push({
        field: `${field}.${key}`,
        text: 'the image and the new base both changed it; the image’s own is kept',
      });
    if (kept !== undefined) result.set(key, kept.value);
  }
  return result.size === 0 && [own, next].every((value) => value === undefined || value === null)
    ? undefined
    : Object.fromEntries(result);
}

function mapOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
