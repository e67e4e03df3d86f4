// Certificates of every shape, good and bad, that tests of chains need: signed for real, with throw-away keys.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { writeDer, writeInteger, writeOid } from '../trust/certificate/write.ts';

export interface CertificateParts {
  /** As RFC 4514 writes it, as `CN=a,O=b`; the DER holds the parts in reverse. Or the DER itself. */
  subject: string | Uint8Array;
  issuer: string | Uint8Array;
  publicKey: KeyObject;
  /** The issuer's. */
  signerKey: KeyObject;
  extensions?: readonly Uint8Array[];
  /** Ms since 1970; an hour ago and in a day when left out. */
  notBefore?: number;
  notAfter?: number;
  serial?: Uint8Array;
  /** Digest of the signature; the one that fits the key when left out. */
  hash?: Hash;
}

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A certificate in DER. */
export function makeCertificate(parts: CertificateParts): Buffer {
  const now = Date.now();
  const hash = parts.hash ?? usualHash(parts.signerKey);
  const body = sequence(
    writeDer(0xa0, writeInteger(Buffer.from([2]))),
    writeInteger(parts.serial ?? newSerial()),
    signatureAlgorithm(parts.signerKey, hash),
    nameDer(parts.issuer),
    sequence(timeDer(parts.notBefore ?? now - 3_600_000), timeDer(parts.notAfter ?? now + 86_400_000)),
    nameDer(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    ...(parts.extensions === undefined ? [] : [writeDer(0xa3, sequence(...parts.extensions))]),
  );
  return signedDer(body, parts.signerKey, hash);
}

/** SEQUENCE of body, algorithm and signature, as certificates, CRLs and OCSP answers have it. */
export function signedDer(body: Uint8Array, key: KeyObject, hash: Hash = usualHash(key)): Buffer {
  return sequence(body, signatureAlgorithm(key, hash), bits(signed(body, key, hash)));
}

export function signed(body: Uint8Array, key: KeyObject, hash: Hash = usualHash(key)): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : hash, body, key);
}

function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

export function usualHash(key: KeyObject): Hash {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'sha384' : curve === 'secp521r1' ? 'sha512' : 'sha256';
}

export function signatureAlgorithm(key: KeyObject, hash: Hash = usualHash(key)): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sequence(writeOid('1.3.101.112'));
  if (key.asymmetricKeyType === 'ec') {
    const last = { sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' }[hash];
    return sequence(writeOid(`1.2.840.10045.4.${last}`));
  }
  const last = { sha1: 5, sha256: 11, sha384: 12, sha512: 13 }[hash];
  return sequence(writeOid(`1.2.840.113549.1.1.${last}`), writeDer(0x05));
}

export function sequence(...parts: Uint8Array[]): Buffer {
  return writeDer(0x30, ...parts);
}

function bits(bytes: Uint8Array): Buffer {
  return writeDer(0x03, Buffer.from([0]), bytes);
}

const nameTypes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

/** A distinguished name; `\,` is a comma in a value. Types without a short name are written by their OID. */
export function nameDer(name: string | Uint8Array): Buffer {
  if (typeof name !== 'string') return Buffer.from(name);
  const parts = name.split(/(?<!\\),/).reverse();
  return sequence(
    ...parts.map((part) => {
      const at = part.indexOf('=');
      const type = part.slice(0, at);
      const text = part.slice(at + 1).replace(/\\(.)/g, '$1');
      return writeDer(
        0x31,
        sequence(writeOid(nameTypes[type] ?? type), writeDer(type === 'C' ? 0x13 : 0x0c, Buffer.from(text))),
      );
    }),
  );
}

/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
export function timeDer(at: number, long = new Date(at).getUTCFullYear() >= 2050): Buffer {
  const text = `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return long ? writeDer(0x18, Buffer.from(text)) : writeDer(0x17, Buffer.from(text.slice(2)));
}

export function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(
    writeOid(id),
    ...(critical ? [writeDer(0x01, Buffer.from([0xff]))] : []),
    writeDer(0x04, value),
  );
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Buffer {
  return extension(
    '2.5.29.19',
    critical,
    sequence(
      ...(ca ? [writeDer(0x01, Buffer.from([0xff]))] : []),
      ...(pathLength === undefined ? [] : [writeInteger(Buffer.from([pathLength]))]),
    ),
  );
}

/** Bits by number: 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export function keyUsage(set: readonly number[], critical = true): Buffer {
  let value = 0;
  for (const bit of set) value |= 0x80 >> bit;
  const unused = value === 0 ? 0 : Math.log2(value & -value);
  return extension('2.5.29.15', critical, writeDer(0x03, Buffer.from([unused, value])));
}

export const purposes = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

export function extendedKeyUsage(oids: readonly string[], critical = false): Buffer {
  return extension('2.5.29.37', critical, sequence(...oids.map(writeOid)));
}

export function subjectKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.14', false, writeDer(0x04, keyId(key)));
}

export function authorityKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.35', false, sequence(writeDer(0x80, keyId(key))));
}

/** SHA-1 of the key's bits (RFC 5280 section 4.2.1.2). */
function keyId(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** Where the OCSP responders answer. */
export function ocspUrl(...urls: string[]): Buffer {
  const access = (url: string) => sequence(writeOid('1.3.6.1.5.5.7.48.1'), writeDer(0x86, Buffer.from(url)));
  return extension('1.3.6.1.5.5.7.1.1', false, sequence(...urls.map(access)));
}

/** Where the CRL lies. */
export function crlUrl(...urls: string[]): Buffer {
  const names = urls.map((url) => writeDer(0x86, Buffer.from(url)));
  return extension('2.5.29.31', false, sequence(sequence(writeDer(0xa0, writeDer(0xa0, ...names)))));
}

export type KeyKind = 'rsa1024' | 'rsa2048' | 'rsa3072' | 'rsa4096' | 'p256' | 'p384' | 'p521' | 'ed25519';

const curves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const;

export function makeKey(kind: KeyKind = 'p256'): KeyObject {
  const encoding = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as const;
  if (kind === 'ed25519') return createPrivateKey(generateKeyPairSync('ed25519', encoding).privateKey);
  if (kind === 'p256' || kind === 'p384' || kind === 'p521')
    return createPrivateKey(generateKeyPairSync('ec', { namedCurve: curves[kind], ...encoding }).privateKey);
  const modulusLength = Number(kind.slice(3));
  return createPrivateKey(generateKeyPairSync('rsa', { modulusLength, ...encoding }).privateKey);
}

/** A certificate with its private key. */
export interface Holder {
  certificate: Buffer;
  key: KeyObject;
  /** DER of the subject. */
  subject: string | Uint8Array;
}

export type HolderOptions = Partial<
  Omit<CertificateParts, 'publicKey' | 'signerKey' | 'subject' | 'issuer'>
> & {
  key?: KeyObject;
  keyKind?: KeyKind;
};

/** A certificate by `issuer`, or by itself. `options.extensions` replace the usual ones. */
export function makeHolder(subject: string, issuer: Holder | undefined, options: HolderOptions = {}): Holder {
  const { key = makeKey(options.keyKind), keyKind: _, ...rest } = options;
  const certificate = makeCertificate({
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey: createPublicKey(key),
    signerKey: issuer?.key ?? key,
    ...rest,
  });
  return { certificate, key, subject };
}

export function makeRoot(subject: string, options: HolderOptions = {}): Holder {
  return makeHolder(subject, undefined, {
    extensions: [basicConstraints(true), keyUsage([5, 6])],
    ...options,
  });
}

export function makeIntermediate(subject: string, issuer: Holder, options: HolderOptions = {}): Holder {
  return makeHolder(subject, issuer, {
    extensions: [basicConstraints(true, 0), keyUsage([5, 6])],
    ...options,
  });
}

export function makeSigner(subject: string, issuer: Holder, options: HolderOptions = {}): Holder {
  return makeHolder(subject, issuer, {
    extensions: [keyUsage([0]), extendedKeyUsage([purposes.codeSigning])],
    ...options,
  });
}
