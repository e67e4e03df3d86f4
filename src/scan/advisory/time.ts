// Times as OSV records and lists write them (RFC 3339, up to nanoseconds), compared as instants.

/** Before this year a date is upstream's way to say that it has none (Go writes year 1, others 1970). */
const firstYear = 1990;

const shape = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A time of any year: lists have records of year 1. */
export function isTime(value: string): boolean {
  return value.length <= 40 && shape.test(value) && !Number.isNaN(Date.parse(value));
}

/** The text itself when it is a time of a believable year, else undefined. */
export function believable(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const match = shape.exec(value);
  return match !== null && Number(match[1]) >= firstYear && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}

/** Negative, zero, positive as `a` is before, at or after `b`; both times. */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0;
  const order = Date.parse(a) - Date.parse(b);
  if (order !== 0) return order;
  const left = fraction(a);
  const right = fraction(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function fraction(time: string): string {
  return (shape.exec(time)?.[7] ?? '.').slice(1).padEnd(9, '0');
}
