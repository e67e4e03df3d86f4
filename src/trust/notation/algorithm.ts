// The six signature algorithms of Notation, each for one kind and size of key (signature-specification.md).
import { constants, type KeyObject, sign, verify } from 'node:crypto';

export const algorithms = ['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const;

export type Algorithm = (typeof algorithms)[number];

const byKey: Readonly<Record<string, Algorithm>> = {
  'rsa 2048': 'PS256',
  'rsa 3072': 'PS384',
  'rsa 4096': 'PS512',
  'ec prime256v1': 'ES256',
  'ec secp384r1': 'ES384',
  'ec secp521r1': 'ES512',
};

/** The one algorithm that a key may sign with; undefined for every other kind and size of key. */
export function algorithmOf(key: KeyObject): Algorithm | undefined {
  return byKey[describeKey(key)];
}

export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return `${key.asymmetricKeyType} ${namedCurve ?? modulusLength ?? ''}`.trim();
}

export function isAlgorithm(name: unknown): name is Algorithm {
  return algorithms.some((known) => known === name);
}

/** SHA-256, SHA-384 or SHA-512, as the algorithm says. */
export function hashOf(algorithm: Algorithm): 'sha256' | 'sha384' | 'sha512' {
  return `sha${algorithm.slice(2)}` as 'sha256' | 'sha384' | 'sha512';
}

/** RSA: PSS with a salt as long as the hash; ECDSA: R and S one behind the other (RFC 7518 sections 3.4, 3.5). */
function options(algorithm: Algorithm, key: KeyObject) {
  if (algorithm.startsWith('ES')) return { key, dsaEncoding: 'ieee-p1363' } as const;
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  } as const;
}

export function verifySignature(
  algorithm: Algorithm,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  return verify(hashOf(algorithm), data, options(algorithm, key), signature);
}

export function makeSignature(algorithm: Algorithm, data: Uint8Array, key: KeyObject): Buffer {
  return sign(hashOf(algorithm), data, options(algorithm, key));
}
