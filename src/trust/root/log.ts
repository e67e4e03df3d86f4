// The logs of a trusted root, each with its key.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { base64Of, type JsonObject, shapeOf } from '../../image/index.ts';
import { readValidity, type Validity } from './validity.ts';

export interface TrustedLog {
  /** Lower-case hexadecimal of the log id: SHA-256 of the key, or a checkpoint key id. */
  id: string;
  key: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  baseUrl: string;
  validFor: Validity;
}

const shape = shapeOf('statement-invalid');
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

export function readLog(item: JsonObject, path: string): TrustedLog {
  const key = shape.object(item['publicKey'], `${path}.publicKey`);
  const spki = base64Of(key['rawBytes'], `${path}.rawBytes`);
  const id = shape.object(item['logId'], `${path}.logId`);
  return {
    id: base64Of(id['keyId'], `${path}.keyId`).toString('hex'),
    key: readKey(spki, shape.text(key['keyDetails'], `${path}.keyDetails`)),
    spki,
    baseUrl: shape.optionalText(item['baseUrl'], `${path}.baseUrl`) ?? '',
    validFor: readValidity(key['validFor'], `${path}.publicKey.validFor`),
  };
}

function readKey(bytes: Buffer, details: string): KeyObject {
  const type = details.startsWith('PKCS1_RSA') ? 'pkcs1' : 'spki';
  return createPublicKey({ key: bytes, format: 'der', type });
}

/** A log with a key that is weak, or of a kind that nothing here verifies by, vouches for nothing: it is left out. */
export function isUsable({
  key: { asymmetricKeyType: type, asymmetricKeyDetails: details },
}: TrustedLog): boolean {
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048;
  if (type === 'ec') return curves.includes(details?.namedCurve ?? '');
  return type === 'ed25519';
}
