// Spans of time on the command line: `90s`, `5m`, `2h`, `7d`.
import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Ms. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim()) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  if (Number.isFinite(ms) && count !== '') return ms;
  throw new InvalidArgumentError('expected a span of time such as 90s, 5m or 2h');
}
