// Private keys under a password, in cosign's format: PEM around JSON, scrypt and NaCl's secretbox
// (secure-systems-lab/go-securesystemslib encrypted; cosign pkg/cosign/keys.go).
import { createPrivateKey, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { messageOf } from '../../core/index.ts';
import { KeyFault } from './fault.ts';
import { label, readDocument, strength } from './sealed.ts';

export function encryptKey(key: KeyObject, password: string): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const plain = key.export({ type: 'pkcs8', format: 'der' });
  const sealed = xsalsa20poly1305(derive(password, salt, strength), nonce).encrypt(plain);
  const document = {
    kdf: { name: 'scrypt', params: strength, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(sealed).toString('base64'),
  };
  const lines = Buffer.from(JSON.stringify(document))
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/** Throws KeyFault `key-password` for a wrong password, `key-invalid` for anything else. */
export function decryptKey(pem: string, password: string): KeyObject {
  const { salt, params, nonce, ciphertext } = readDocument(pem);
  let plain: Uint8Array;
  try {
    plain = xsalsa20poly1305(derive(password, salt, params), nonce).decrypt(ciphertext);
  } catch (cause) {
    throw new KeyFault('key-password', "expected the key's password, got another", {
      cause,
      hint: 'Set SEAWORTHY_PASSWORD (or COSIGN_PASSWORD) to the password of this key.',
    });
  }
  try {
    return createPrivateKey({ key: Buffer.from(plain), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new KeyFault(
      'key-invalid',
      `expected a private key under the password, got other bytes: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function derive(password: string, salt: Uint8Array, { N, r, p }: typeof strength): Buffer {
  return scryptSync(password, salt, 32, { N, r, p, maxmem: 256 * N * r });
}
