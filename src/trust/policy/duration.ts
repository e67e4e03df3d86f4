// Spans of time as people write them: `30m`, `12h`, `7d`, `2w`.

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export const dayMs: number = units.d;

/** Ms that another machine's clock may be ahead. */
export const clockSkew = 5 * 60_000;

export const durationPattern = /^[1-9]\d{0,5}[mhdw]$/;

/** Ms; the text fits `durationPattern`. */
export function durationOf(text: string): number {
  return Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units];
}

/** `3 days`, `5 hours`: rounded down, for a sentence. */
export function spanText(ms: number): string {
  const span = Math.abs(ms);
  const [count, unit] =
    span >= units.d
      ? [span / units.d, 'day']
      : span >= units.h
        ? [span / units.h, 'hour']
        : [span / units.m, 'minute'];
  const whole = Math.floor(count);
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}

/** ECMAScript's first and last moment: what a stranger's date or age reaches beyond them is no bug of ours. */
const lastMoment = 8.64e15;

/** ISO 8601. */
export function isoText(ms: number): string {
  return new Date(Math.min(lastMoment, Math.max(-lastMoment, ms))).toISOString();
}

/** `2026-11-27`. */
export function dayText(ms: number): string {
  return isoText(ms).replace(/T.*/, '');
}

/** Ms since 1970 at which the day after `day` (YYYY-MM-DD) begins: the end of what holds through that day, UTC. */
export function endOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + units.d;
}
