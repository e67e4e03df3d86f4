// Extensions of a certificate, each once, and those that say what it may be used for (RFC 5280 section 4.2).
import { type Der, elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
import { CertificateFault } from './fault.ts';
import { readBoolean, readInteger, readOid } from './value.ts';

export interface Extension {
  critical: boolean;
  value: Buffer;
}

export function readExtensions(rest: readonly Der[]): Map<string, Extension> {
  const found = new Map<string, Extension>();
  const holder = rest.find(({ tag }) => tag === 0xa3);
  if (holder === undefined) return found;
  const [list] = elementsIn(holder.content);
  for (const entry of sequenceOf(list)) {
    const [id, ...values] = sequenceOf(entry);
    const critical = values.length === 2 ? readBoolean(values[0]) : false;
    const name = readOid(id);
    if (found.has(name))
      throw new CertificateFault('certificate-invalid', `expected each extension once, got ${name} twice`);
    found.set(name, { critical, value: expectTag(values.at(-1), 0x04).content });
  }
  return found;
}

export function readBasicConstraints(value: Buffer): [boolean, number | undefined] {
  const [first, second] = sequenceOf(parseDer(value));
  const ca = first?.tag === 0x01 ? readBoolean(first) : false;
  const length = first?.tag === 0x02 ? first : second;
  return [ca, length === undefined ? undefined : Number(readInteger(length))];
}

export function readUsage(value: Buffer): Set<number> {
  const { content } = expectTag(parseDer(value), 0x03);
  const [unused = 8] = content;
  // bits that are declared unused must be zero, or two readers would see two certificates (X.690 section 11.2.1)
  if (unused > 7 || (content.at(-1)! & ((1 << unused) - 1)) !== 0)
    throw new CertificateFault('certificate-invalid', 'expected a key usage in DER, got another form');
  const bits = new Set<number>();
  for (const [at, byte] of content.subarray(1).entries())
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) bits.add(at * 8 + bit);
  return bits;
}
