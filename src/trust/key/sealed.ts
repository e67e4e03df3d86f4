// The document that a key under a password is kept in, as cosign writes it: PEM around JSON (cosign pkg/cosign/keys.go).
import { messageOf, parseJson } from '../../core/index.ts';
import { base64Of, shapeOf } from '../../image/index.ts';
import { KeyFault } from './fault.ts';

/** As it is written. */
export const label = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const labels = [label, 'ENCRYPTED COSIGN PRIVATE KEY'];
const shape = shapeOf('statement-invalid');
/** What cosign writes; it reads the smaller N of its first years too. */
export const strength = { N: 65_536, r: 8, p: 1 };
const acceptedN = [32_768, 65_536, 131_072, 262_144];

export function isEncrypted(pem: string): boolean {
  return labels.some((name) => pem.includes(`-----BEGIN ${name}-----`));
}

/** Throws KeyFault `key-invalid`, also for one that asks for more work than cosign ever does. */
export function readDocument(pem: string) {
  try {
    const inner = /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(
      pem,
    )?.[1];
    const document = shape.object(parseJson(Buffer.from(inner ?? '', 'base64').toString('utf8')), 'the key');
    const kdf = shape.object(document['kdf'], 'kdf');
    const cipher = shape.object(document['cipher'], 'cipher');
    const params = shape.object(kdf['params'], 'params');
    const [N, r, p] = ['N', 'r', 'p'].map((name) => shape.size(params[name], name));
    // a key file must not make us spend any memory and time it likes
    if (
      kdf['name'] !== 'scrypt' ||
      cipher['name'] !== 'nacl/secretbox' ||
      r !== 8 ||
      p !== 1 ||
      !acceptedN.includes(N!)
    )
      throw new Error('expected scrypt with N of 2^15 to 2^18, r 8, p 1 and nacl/secretbox');
    return {
      params: { N: N!, r, p },
      salt: base64Of(kdf['salt'], 'salt'),
      nonce: base64Of(cipher['nonce'], 'nonce'),
      ciphertext: base64Of(document['ciphertext'], 'ciphertext'),
    };
  } catch (cause) {
    throw new KeyFault(
      'key-invalid',
      `expected an encrypted private key as cosign writes it, got another: ${messageOf(cause)}`,
      { cause },
    );
  }
}
