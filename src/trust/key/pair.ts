// A new pair of keys, its private half under a password.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { encryptKey } from './encrypted.ts';
import { publicPem } from './pem.ts';

export interface KeyPair {
  /** Encrypted, PEM. */
  privateKey: string;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
}

/** A new pair on P-256, or an existing private key, under a password. */
export function makeKeyPair(
  password: string,
  key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
): KeyPair {
  return { privateKey: encryptKey(key, password), publicKey: publicPem(createPublicKey(key)) };
}
