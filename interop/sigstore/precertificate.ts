// The part of a precertificate that a certificate log signs: its TBSCertificate without the poison (RFC 6962, 3.2).

/** DER of the extension's OBJECT IDENTIFIER 1.3.6.1.4.1.11129.2.4.3. */
const poison = Buffer.from('060a2b06010401d679020403', 'hex');

interface Element {
  tag: number;
  /** The whole element, header included. */
  raw: Buffer;
  content: Buffer;
}

export function withoutPoison(precertificate: Buffer): Buffer {
  const tbs = elements(elements(precertificate)[0]!.content)[0]!;
  const fields = elements(tbs.content).map((field) => {
    if (field.tag !== 0xa3) return field.raw;
    const kept = elements(elements(field.content)[0]!.content).filter(({ content }) => {
      return !content.subarray(0, poison.length).equals(poison);
    });
    return element(0xa3, element(0x30, ...kept.map(({ raw }) => raw)));
  });
  return element(0x30, ...fields);
}

function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1]!;
    const count = first < 0x80 ? 0 : first & 0x7f;
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    found.push({
      tag: bytes[at]!,
      raw: bytes.subarray(at, start + length),
      content: bytes.subarray(start, start + length),
    });
    at = start + length;
  }
  return found;
}

function element(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length.toString(16);
  const bytes = Buffer.from(size.padStart(size.length + (size.length % 2), '0'), 'hex');
  const header = content.length < 0x80 ? [content.length] : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
