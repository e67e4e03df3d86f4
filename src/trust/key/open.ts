// A key by what the user calls it: a file, an environment variable, or a key of a service.
import type { KeyObject } from 'node:crypto';
import { decryptKey } from './encrypted.ts';
import { KeyFault } from './fault.ts';
import { readPrivateKey } from './pem.ts';
import { isEncrypted } from './sealed.ts';
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
