// The values of DER's simple elements, each in its one form (X.690 sections 8 and 11).
import { type Der, expectTag } from './der.ts';
import { invalidDer } from './fault.ts';

/** Dotted form of an OBJECT IDENTIFIER. */
export function readOid(element: Der | undefined): string {
  const { content } = expectTag(element, 0x06);
  const parts: number[] = [];
  let value = 0;
  for (const [at, byte] of content.entries()) {
    if (value === 0 && byte === 0x80)
      throw invalidDer('the shortest form of an identifier', 'a leading zero');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw invalidDer('a smaller identifier', 'a larger one');
    if (byte & 0x80) {
      if (at === content.length - 1) throw invalidDer('the end of an identifier', 'more to come');
      continue;
    }
    if (parts.length === 0)
      parts.push(Math.min(Math.floor(value / 40), 2), value - Math.min(Math.floor(value / 40), 2) * 40);
    else parts.push(value);
    value = 0;
  }
  if (parts.length === 0) throw invalidDer('an identifier', 'nothing');
  return parts.join('.');
}

/** An INTEGER of any size; two's complement. */
export function readInteger(element: Der | undefined): bigint {
  const { content } = expectTag(element, 0x02);
  if (content.length === 0) throw invalidDer('a number', 'nothing');
  if (
    content.length > 1 &&
    ((content[0] === 0 && (content[1]! & 0x80) === 0) || (content[0] === 0xff && (content[1]! & 0x80) !== 0))
  )
    throw invalidDer('the shortest form of a number', 'a longer one');
  const value = BigInt(`0x${content.toString('hex')}`);
  return (content[0]! & 0x80) === 0 ? value : value - (1n << BigInt(content.length * 8));
}

export function readBoolean(element: Der | undefined): boolean {
  const { content } = expectTag(element, 0x01);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw invalidDer('a boolean', content.toString('hex'));
  return content[0] === 0xff;
}

/** The bytes of a BIT STRING without unused bits. */
export function readBits(element: Der | undefined): Buffer {
  const { content } = expectTag(element, 0x03);
  if (content[0] !== 0) throw invalidDer('a whole number of bytes', `${content[0]} unused bits`);
  return content.subarray(1);
}
