// X.509 certificates (RFC 5280 section 4): what the chain rules of Sigstore and Notation ask of one.
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import {
  type Der,
  elementsIn,
  expectTag,
  parseDer,
  readBits,
  readBoolean,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
} from './der.ts';
import { CertificateFault } from './fault.ts';

export interface Extension {
  critical: boolean;
  value: Buffer;
}

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

/** All certificates of a PEM text. Throws CertificateFault, also when there is none. */
export function parseCertificates(pem: string): Certificate[] {
  const blocks = [
    ...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g),
  ];
  if (blocks.length === 0)
    throw new CertificateFault('certificate-invalid', 'expected certificates in PEM, got none');
  return blocks.map(([, base64 = '']) => parseCertificate(Buffer.from(base64, 'base64')));
}

export function certificatePem(certificate: Pick<Certificate, 'raw'>): string {
  const lines = certificate.raw.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function readExtensions(rest: readonly Der[]): Map<string, Extension> {
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

function readBasicConstraints(value: Buffer): [boolean, number | undefined] {
  const [first, second] = sequenceOf(parseDer(value));
  const ca = first?.tag === 0x01 ? readBoolean(first) : false;
  const length = first?.tag === 0x02 ? first : second;
  return [ca, length === undefined ? undefined : Number(readInteger(length))];
}

function readUsage(value: Buffer): Set<number> {
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

const digests: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Whether the issuer's key made the certificate's signature; weak algorithms (SHA-1, MD5) never count. */
export function isSignedBy(certificate: Certificate, issuer: Pick<Certificate, 'publicKey'>): boolean {
  const [, , signature] = sequenceOf(parseDer(certificate.raw));
  return verifySigned(
    certificate.tbs,
    certificate.algorithm,
    readBits(signature),
    issuer.publicKey,
    certificate.raw,
  );
}

/** A signature as X.509 structures carry it: algorithm by OID; RSASSA-PSS certificates go through OpenSSL. */
export function verifySigned(
  tbs: Uint8Array,
  algorithm: string,
  signature: Uint8Array,
  key: KeyObject,
  whole?: Uint8Array,
): boolean {
  if (algorithm === '1.3.101.112')
    return key.asymmetricKeyType === 'ed25519' && verify(null, tbs, key, signature);
  if (algorithm === '1.2.840.113549.1.1.10')
    return whole !== undefined && isStrongPss(whole) && new X509Certificate(whole).verify(key);
  const digest = digests[algorithm];
  const wanted = algorithm.startsWith('1.2.840.10045.') ? 'ec' : 'rsa';
  if (digest === undefined || key.asymmetricKeyType !== wanted) return false;
  return verify(digest, tbs, key, signature);
}

/** RSASSA-PSS parameters without an explicit hash mean SHA-1 (RFC 4055 section 3.1), which is refused. */
function isStrongPss(whole: Uint8Array): boolean {
  const [, outer] = sequenceOf(parseDer(whole));
  const [, parameters] = sequenceOf(outer);
  const hash = parameters === undefined ? undefined : sequenceOf(parameters).find(({ tag }) => tag === 0xa0);
  if (hash === undefined) return false;
  const name = readOid(sequenceOf(parseDer(hash.content))[0]);
  return name.startsWith('2.16.840.1.101.3.4.2.') && ['1', '2', '3'].includes(name.split('.').at(-1)!);
}
