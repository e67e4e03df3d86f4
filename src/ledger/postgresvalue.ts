// How what PostgreSQL answers becomes what SQLite would have answered.

/** A parser for the text of a column, by the id of its type (`pg_type.oid`). */
export function parserOf(oid: number): (text: string) => unknown {
  switch (oid) {
    case 16: // bool
      return (text) => (text === 't' ? 1 : 0);
    case 17: // bytea
      return bytesOf;
    case 20: // int8
    case 21: // int2
    case 23: // int4
      return integerOf;
    case 700: // float4
    case 701: // float8
      return Number;
    case 1700: // numeric, which sums and means of integers are
      return (text) => (/^-?\d+$/.test(text) ? integerOf(text) : Number(text));
    default:
      return (text) => text;
  }
}

function integerOf(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`expected an integer of at most 53 bits, got ${text}`);
  return number;
}

/** `\x` and two digits a byte: the only form that PostgreSQL has written since version 9. */
function bytesOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) throw new RangeError('expected bytes as hexadecimal digits, got another form');
  const bytes = new Uint8Array((text.length - 2) / 2);
  const written = Buffer.from(bytes.buffer).write(text.slice(2), 'hex');
  if (written !== bytes.length) throw new RangeError('expected bytes as hexadecimal digits, got others');
  return bytes;
}
