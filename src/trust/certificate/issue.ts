// Certificates made: X.509 v3 in DER (RFC 5280 section 4), signed with a key at hand.
import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { sequence, writeDer, writeInteger, writeOid } from './write.ts';

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
