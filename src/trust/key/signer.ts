// Something that signs: a key of this machine, or a key service that never gives its key away.
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface KeySigner {
  readonly publicKey: KeyObject;
  /** ECDSA in DER, RSA as PKCS #1 v1.5 with SHA-256, Ed25519. */
  sign(bytes: Uint8Array): Promise<Buffer>;
  /** The forms that Notation asks for: ECDSA as r and s, RSA as PSS; the digest by the key's size. */
  signRaw(bytes: Uint8Array, digest: 'sha256' | 'sha384' | 'sha512'): Promise<Buffer>;
}

export function localSigner(key: KeyObject): KeySigner {
  return {
    publicKey: createPublicKey(key),
    sign: async (bytes) => sign(digestOf(key), bytes, key),
    signRaw: async (bytes, digest) =>
      key.asymmetricKeyType === 'ec'
        ? sign(digest, bytes, { key, dsaEncoding: 'ieee-p1363' })
        : sign(digest, bytes, {
            key,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          }),
  };
}

/** A key that lives as long as one signature. */
export function ephemeralSigner(): KeySigner {
  return localSigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** The digest that goes with a key: by its curve, SHA-256 for RSA, none for Ed25519. */
function digestOf(key: KeyObject): string | null {
  if (key.asymmetricKeyType === 'ed25519') return null;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'sha384' : curve === 'secp521r1' ? 'sha512' : 'sha256';
}
