// Whether a key made a signature over bytes, in the ways that Sigstore's clients sign.
import { constants, type KeyObject, verify } from 'node:crypto';
import type { SignedEntity } from './entity.ts';

export function isSignature(
  { signed, signature }: Pick<SignedEntity, 'signed' | 'signature'>,
  key: KeyObject,
): boolean {
  return (
    digestsOf(key).some((digest) => verify(digest, signed, key, signature)) || isPss(signed, signature, key)
  );
}

/** The digests that go with a key: cosign signs with SHA-256 whatever the curve, newer clients with the curve's own. */
function digestsOf(key: KeyObject): (string | null)[] {
  if (key.asymmetricKeyType === 'ed25519') return [null];
  if (key.asymmetricKeyType === 'rsa')
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? ['sha256'] : [];
  if (key.asymmetricKeyType !== 'ec') return [];
  const curves: Readonly<Record<string, string[]>> = {
    prime256v1: ['sha256'],
    secp384r1: ['sha384', 'sha256'],
    secp521r1: ['sha512', 'sha256'],
  };
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
}

function isPss(signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return false;
  return verify(
    'sha256',
    signed,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature,
  );
}
