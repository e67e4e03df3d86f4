// DER, strictly: definite minimal lengths, nothing behind the end (X.690 sections 8 and 10).
import { invalidDer } from './fault.ts';

export interface Der {
  tag: number;
  content: Buffer;
  /** Tag, length and contents as they stood. */
  raw: Buffer;
}

/** The one element that fills the bytes. Throws CertificateFault `der-invalid`. */
export function parseDer(bytes: Uint8Array): Der {
  const [element, end] = readDer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
  if (end !== bytes.byteLength)
    throw invalidDer('nothing behind the element', `${bytes.byteLength - end} bytes`);
  return element;
}

/** The elements of a constructed one, in order. */
export function childrenOf(parent: Der): Der[] {
  if ((parent.tag & 0x20) === 0) throw invalidDer('a constructed element', `tag ${hex(parent.tag)}`);
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
  if (element === undefined) throw invalidDer(`tag ${hex(tag)}`, 'the end');
  if (element.tag !== tag) throw invalidDer(`tag ${hex(tag)}`, `tag ${hex(element.tag)}`);
  return element;
}

function readDer(bytes: Buffer, at: number): [Der, number] {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw invalidDer('a tag and a length', 'the end');
  if ((tag & 0x1f) === 0x1f) throw invalidDer('a tag of one byte', hex(tag));
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw invalidDer('a definite length of at most four bytes', hex(first));
    if (start + count > bytes.length) throw invalidDer('a length', 'the end');
    length = bytes.readUIntBE(start, count);
    if (length < 0x80 || (count > 1 && bytes[start] === 0))
      throw invalidDer('the shortest form of a length', hex(first));
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw invalidDer(`${length} bytes`, `${bytes.length - start}`);
  return [{ tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }, end];
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
