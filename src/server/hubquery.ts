// Parameters of a query that are numbers or cursors.
import { ApiRefusal } from './api/index.ts';

/** A whole number from 1 to `most`. Throws ApiRefusal. */
export function numberOf<T extends number | undefined>(
  query: Readonly<Record<string, string>>,
  name: string,
  usual: T,
  most = Number.MAX_SAFE_INTEGER,
): number | T {
  const text = query[name];
  if (text === undefined) return usual;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= 1 && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? 'above 0' : `from 1 to ${most}`;
  throw new ApiRefusal(400, 'parameter-invalid', `expected ${name} as a number ${range}, got something else`);
}

/** Where a page ended: what it is a page of, and the texts that it is ordered by. */
export interface Cursor {
  of: string;
  at: readonly string[];
}

export function formatCursor({ of, at }: Cursor): string {
  return Buffer.from(JSON.stringify([of, ...at])).toString('base64url');
}

/** `lengths`: how many texts each kind of cursor has; none of them: its beginning. Throws ApiRefusal. */
export function cursorOf(
  query: Readonly<Record<string, string>>,
  lengths: Readonly<Record<string, number>>,
): Cursor | undefined {
  const text = query['after'];
  if (text === undefined) return undefined;
  const read = parsed(text);
  if (Array.isArray(read) && read.every((part) => typeof part === 'string')) {
    const [of = '', ...at] = read as string[];
    const length = Object.hasOwn(lengths, of) ? lengths[of] : undefined;
    if (length !== undefined && (at.length === length || at.length === 0)) return { of, at };
  }
  throw new ApiRefusal(400, 'parameter-invalid', 'expected after as the next of a page, got something else');
}

function parsed(text: string): unknown {
  try {
    return text.length > 16_384 ? undefined : JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
