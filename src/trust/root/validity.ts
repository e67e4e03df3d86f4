// The time in which a log or an authority counts.
import { shapeOf } from '../../image/index.ts';

const shape = shapeOf('statement-invalid');

/** Ms since 1970; the end is open where there is none. */
export interface Validity {
  start: number;
  end: number;
}

/** A log or authority that counts since ever would vouch for what was made before it existed: the start is required. */
export function readValidity(value: unknown, path: string): Validity {
  const { start, end } = shape.object(value, path);
  return {
    start: readInstant(start, `${path}.start`),
    end: end === undefined || end === null ? Number.POSITIVE_INFINITY : readInstant(end, `${path}.end`),
  };
}

function readInstant(value: unknown, path: string): number {
  const at = Date.parse(shape.text(value, path));
  if (Number.isNaN(at)) throw new Error(`expected a time in ${path}, got ${JSON.stringify(value)}`);
  return at;
}

export function isWithin({ start, end }: Validity, at: number): boolean {
  return at >= start && at <= end;
}
