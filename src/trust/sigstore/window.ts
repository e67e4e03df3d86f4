// Keys rotate with overlap: each counts in its own time.
import { Rejection, type TrustedKey } from '../evidence/index.ts';

type Window = Pick<TrustedKey, 'notBefore' | 'notAfter'>;

function isInside({ notBefore, notAfter }: Window, at: number): boolean {
  return (
    (notBefore === undefined || at >= Date.parse(notBefore)) &&
    (notAfter === undefined || at <= Date.parse(notAfter))
  );
}

/**
 * Outside its window a key counts only for a signature that a trusted time puts inside; without one, now decides.
 * Throws Rejection `key-outside-window`.
 */
export function keyWindow(key: Window, times: readonly number[], now: number): void {
  const decisive = times.length > 0 ? times : [now];
  if (decisive.every((at) => isInside(key, at))) return;
  const span = `${key.notBefore ?? 'ever'} to ${key.notAfter ?? 'further notice'}`;
  const at = decisive.map((time) => new Date(time).toISOString()).join(', ');
  throw new Rejection(
    'key-outside-window',
    `expected a signature in the key's time (${span}), got one ${times.length > 0 ? 'of' : 'without a trusted time, and now is'} ${at}`,
  );
}

/** When the answer that rests on this key can change: never, where a trusted time has settled it. */
export function keyUntil({ notAfter }: Window, times: readonly number[], now: number): number | undefined {
  if (times.length > 0 || notAfter === undefined) return undefined;
  const end = Date.parse(notAfter);
  return end >= now ? end : undefined;
}
