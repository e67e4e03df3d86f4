// Private keys under a password, in cosign's format: PEM around JSON, scrypt and NaCl's secretbox
// (secure-systems-lab/go-securesystemslib encrypted; cosign pkg/cosign/keys.go).
import { createPrivateKey, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { messageOf, parseJson } from '../../core/index.ts';
import { base64Of, shapeOf } from '../../image/index.ts';
import { KeyFault } from './fault.ts';

const label = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const labels = [label, 'ENCRYPTED COSIGN PRIVATE KEY'];
const shape = shapeOf('statement-invalid');
/** What cosign writes; it reads the smaller N of its first years too. */
const strength = { N: 65_536, r: 8, p: 1 };
const acceptedN = [32_768, 65_536, 131_072, 262_144];

export function isEncrypted(pem: string): boolean {
  return labels.some((name) => pem.includes(`-----BEGIN ${name}-----`));
}

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

function readDocument(pem: string) {
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
