// A key by what the user calls it: a file, an environment variable, or a key of a service.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { messageOf } from '../../core/index.ts';
import { decryptKey, encryptKey, isEncrypted } from './encrypted.ts';
import { KeyFault } from './fault.ts';
import { type KeySigner, localSigner } from './signer.ts';

/** The seam of key services: `open` is given what follows the scheme. */
export interface KeyService {
  /** `azurekms`, in `azurekms://vault.example/key`. */
  scheme: string;
  open(name: string): Promise<KeySigner>;
}

export interface OpenKeyOptions {
  readFile(path: string): string;
  env: NodeJS.ProcessEnv;
  /** Asked once, and only for a key that is encrypted. */
  password(): Promise<string>;
  services?: readonly KeyService[];
}

/** Throws KeyFault. */
export async function openKey(reference: string, options: OpenKeyOptions): Promise<KeySigner> {
  const [, scheme, name = ''] = /^([a-z][a-z0-9+-]*):\/\/(.+)$/.exec(reference) ?? [];
  if (scheme === undefined) return localSigner(await parsePrivateKey(options.readFile(reference), options));
  if (scheme === 'env') {
    const text = options.env[name];
    if (text === undefined)
      throw new KeyFault('key-invalid', `expected a key in the environment variable ${name}, got none`);
    return localSigner(await parsePrivateKey(text, options));
  }
  const service = options.services?.find((known) => known.scheme === scheme);
  if (service === undefined)
    throw new KeyFault(
      'key-service-unknown',
      `expected a key file or env://NAME, got a key of the service "${scheme}"`,
      {
        hint: 'No key service is built in yet: sign with a key file, or keyless with --identity-token.',
      },
    );
  return service.open(name);
}

async function parsePrivateKey(text: string, options: OpenKeyOptions): Promise<KeyObject> {
  if (isEncrypted(text)) return decryptKey(text, await options.password());
  return readPrivateKey(text);
}

/** A private key in PEM (PKCS #8, PKCS #1, SEC 1), not encrypted. Throws KeyFault `key-invalid`. */
export function readPrivateKey(text: string): KeyObject {
  try {
    return checkKind(createPrivateKey(text));
  } catch (cause) {
    if (cause instanceof KeyFault) throw cause;
    throw new KeyFault(
      'key-invalid',
      `expected a private key in PEM, got something else: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** A public key in PEM. Throws KeyFault `key-invalid`, also for a private key, so that none is handed out by mistake. */
export function readPublicKey(text: string, name: string): KeyObject {
  if (/PRIVATE KEY-----/.test(text))
    throw new KeyFault('key-invalid', `expected a public key in ${name}, got a private one`, {
      hint: 'seaworthy keys public KEY prints the public half.',
    });
  try {
    return checkKind(createPublicKey(text));
  } catch (cause) {
    if (cause instanceof KeyFault) throw cause;
    throw new KeyFault(
      'key-invalid',
      `expected a public key in PEM in ${name}, got something else: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function checkKind(key: KeyObject): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
  if (type === 'ed25519') return key;
  if (type === 'ec' && curves.includes(details?.namedCurve ?? '')) return key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return key;
  throw new KeyFault(
    'key-invalid',
    'expected a key on P-256, P-384, P-521 or Ed25519, or RSA of at least 2048 bits, got another',
  );
}

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

export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
