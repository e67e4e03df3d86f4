// X.509 certificates (RFC 5280 section 4): what the chain rules of Sigstore and Notation ask of one.
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { expectTag, parseDer, sequenceOf } from './der.ts';
import { type Extension, readBasicConstraints, readExtensions, readUsage } from './extension.ts';
import { CertificateFault } from './fault.ts';
import { readTime } from './moment.ts';
import { readBits, readInteger, readOid } from './value.ts';

export interface Certificate {
  raw: Buffer;
  /** What is signed. */
  tbs: Buffer;
  /** Lower-case hexadecimal of the serial number. */
  serial: string;
  /** Names as DER: equal bytes are equal names. */
  issuer: Buffer;
  subject: Buffer;
  /** Ms since 1970. */
  notBefore: number;
  notAfter: number;
  publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  /** Of the signature algorithm. */
  algorithm: string;
  extensions: ReadonlyMap<string, Extension>;
  /** basicConstraints; undefined where there is none. */
  ca: boolean | undefined;
  pathLength: number | undefined;
  /** Bits of keyUsage by number (0 digitalSignature, 5 keyCertSign, 6 cRLSign); undefined: any. */
  keyUsage: ReadonlySet<number> | undefined;
  extendedKeyUsage: readonly string[] | undefined;
}

const largest = 64 << 10;

/** One certificate in DER. Throws CertificateFault. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  if (bytes.byteLength > largest)
    throw new CertificateFault(
      'certificate-invalid',
      `expected a certificate of at most ${largest} bytes, got ${bytes.byteLength}`,
    );
  const whole = parseDer(bytes);
  const [tbs, outer, signature] = sequenceOf(whole);
  readBits(signature);
  const parts = sequenceOf(tbs);
  const shift = parts[0]?.tag === 0xa0 ? 1 : 0;
  const [serial, inner, issuer, validity, subject, spki] = parts.slice(shift);
  if (inner === undefined || outer === undefined || !inner.raw.equals(outer.raw))
    throw new CertificateFault(
      'certificate-invalid',
      'expected the same signature algorithm inside and outside, got two',
    );
  readInteger(serial);
  const [notBefore, notAfter] = sequenceOf(validity);
  const extensions = readExtensions(parts.slice(shift + 6));
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: expectTag(spki, 0x30).raw, format: 'der', type: 'spki' });
    // OpenSSL refuses what it cannot read: two readers have to agree
    new X509Certificate(whole.raw);
  } catch (cause) {
    throw new CertificateFault(
      'certificate-invalid',
      `expected a certificate, got one that cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  const basic = extensions.get('2.5.29.19');
  const [ca, pathLength] = basic === undefined ? [undefined, undefined] : readBasicConstraints(basic.value);
  const usage = extensions.get('2.5.29.15');
  const extended = extensions.get('2.5.29.37');
  return {
    raw: whole.raw,
    tbs: expectTag(tbs, 0x30).raw,
    serial: serial!.content.toString('hex'),
    issuer: expectTag(issuer, 0x30).raw,
    subject: expectTag(subject, 0x30).raw,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKey,
    spki: expectTag(spki, 0x30).raw,
    algorithm: readOid(sequenceOf(outer)[0]),
    extensions,
    ca,
    pathLength,
    keyUsage: usage === undefined ? undefined : readUsage(usage.value),
    extendedKeyUsage: extended === undefined ? undefined : sequenceOf(parseDer(extended.value)).map(readOid),
  };
}
