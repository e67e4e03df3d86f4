// Keys in PEM: read, checked for strength, written.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf } from '../../core/index.ts';
import { KeyFault } from './fault.ts';

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

export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
