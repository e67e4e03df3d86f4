// DER, strictly: definite minimal lengths, nothing behind the end (X.690 sections 8 and 10).
import { CertificateFault } from './fault.ts';

export interface Der {
  tag: number;
  /** The contents. */
  content: Buffer;
  /** Tag, length and contents as they stood. */
  raw: Buffer;
}

const deepest = 32;

/** The one element that fills the bytes. Throws CertificateFault `der-invalid`. */
export function parseDer(bytes: Uint8Array): Der {
  const [element, end] = readDer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
  if (end !== bytes.byteLength)
    throw invalid('nothing behind the element', `${bytes.byteLength - end} bytes`);
  return element;
}

/** The elements of a constructed one, in order. */
export function childrenOf(parent: Der): Der[] {
  if ((parent.tag & 0x20) === 0) throw invalid('a constructed element', `tag ${hex(parent.tag)}`);
  return elementsIn(parent.content);
}

/** The elements that lie one behind the other in the bytes, whatever holds them. */
export function elementsIn(content: Buffer): Der[] {
  const found: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const [element, end] = readDer(content, at);
    found.push(element);
    at = end;
  }
  return found;
}

/** The children of an element that must have this tag. */
export function sequenceOf(element: Der | undefined, tag = 0x30): Der[] {
  return childrenOf(expectTag(element, tag));
}

export function expectTag(element: Der | undefined, tag: number): Der {
  if (element === undefined) throw invalid(`tag ${hex(tag)}`, 'the end');
  if (element.tag !== tag) throw invalid(`tag ${hex(tag)}`, `tag ${hex(element.tag)}`);
  return element;
}

function readDer(bytes: Buffer, at: number): [Der, number] {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw invalid('a tag and a length', 'the end');
  if ((tag & 0x1f) === 0x1f) throw invalid('a tag of one byte', hex(tag));
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw invalid('a definite length of at most four bytes', hex(first));
    if (start + count > bytes.length) throw invalid('a length', 'the end');
    length = bytes.readUIntBE(start, count);
    if (length < 0x80 || (count > 1 && bytes[start] === 0))
      throw invalid('the shortest form of a length', hex(first));
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw invalid(`${length} bytes`, `${bytes.length - start}`);
  return [{ tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }, end];
}

/** Dotted form of an OBJECT IDENTIFIER. */
export function readOid(element: Der | undefined): string {
  const { content } = expectTag(element, 0x06);
  const parts: number[] = [];
  let value = 0;
  for (const [at, byte] of content.entries()) {
    if (value === 0 && byte === 0x80) throw invalid('the shortest form of an identifier', 'a leading zero');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw invalid('a smaller identifier', 'a larger one');
    if (byte & 0x80) {
      if (at === content.length - 1) throw invalid('the end of an identifier', 'more to come');
      continue;
    }
    if (parts.length === 0)
      parts.push(Math.min(Math.floor(value / 40), 2), value - Math.min(Math.floor(value / 40), 2) * 40);
    else parts.push(value);
    value = 0;
  }
  if (parts.length === 0) throw invalid('an identifier', 'nothing');
  return parts.join('.');
}

/** An INTEGER of any size; two's complement. */
export function readInteger(element: Der | undefined): bigint {
  const { content } = expectTag(element, 0x02);
  if (content.length === 0) throw invalid('a number', 'nothing');
  if (
    content.length > 1 &&
    ((content[0] === 0 && (content[1]! & 0x80) === 0) || (content[0] === 0xff && (content[1]! & 0x80) !== 0))
  )
    throw invalid('the shortest form of a number', 'a longer one');
  const value = BigInt(`0x${content.toString('hex')}`);
  return (content[0]! & 0x80) === 0 ? value : value - (1n << BigInt(content.length * 8));
}

export function readBoolean(element: Der | undefined): boolean {
  const { content } = expectTag(element, 0x01);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw invalid('a boolean', content.toString('hex'));
  return content[0] === 0xff;
}

/** The bytes of a BIT STRING without unused bits. */
export function readBits(element: Der | undefined): Buffer {
  const { content } = expectTag(element, 0x03);
  if (content[0] !== 0) throw invalid('a whole number of bytes', `${content[0]} unused bits`);
  return content.subarray(1);
}

/** Ms since 1970 of a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5; RFC 3161 allows a fraction). */
export function readTime(element: Der | undefined): number {
  if (element === undefined) throw invalid('a time', 'the end');
  const text = element.content.toString('latin1');
  const long = element.tag === 0x18;
  if (!long) expectTag(element, 0x17);
  const parts = (
    long
      ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/
      : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/
  ).exec(text);
  if (parts === null) throw invalid('a time in UTC', JSON.stringify(text.slice(0, 40)));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const full = long ? year : year + (year < 50 ? 2000 : 1900);
  const at = Date.UTC(full, month - 1, day, hour, minute, second);
  // what is out of range rolls over to another time: written back it must be what was read
  const told = new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
  if (told !== `${String(full).padStart(4, '0')}${text.slice(long ? 4 : 2).slice(0, 10)}`)
    throw invalid('a time that exists', text);
  return at + Math.floor(Number(`0${parts[7] || '.0'}`) * 1000);
}

/** An element made of its parts. */
export function writeDer(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const digits = content.length.toString(16);
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function writeOid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return writeDer(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** A non-negative INTEGER from its bytes. */
export function writeInteger(bytes: Uint8Array): Buffer {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at++;
  const digits = bytes.subarray(at);
  return writeDer(
    0x02,
    (digits[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0),
    digits.length === 0 ? Buffer.from([0]) : digits,
  );
}

/** Refuses bytes that nest deeper than honest ones do; readers that recurse call it first. */
export function checkDepth(element: Der, depth = 0): void {
  if (depth > deepest) throw invalid(`at most ${deepest} levels`, 'more');
  if ((element.tag & 0x20) !== 0) for (const child of childrenOf(element)) checkDepth(child, depth + 1);
}

function invalid(expected: string, got: string): CertificateFault {
  return new CertificateFault('der-invalid', `expected ${expected} in DER, got ${got}`);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
