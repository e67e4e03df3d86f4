// Keys and certificates that a policy names: read through the caller's reader, checked, in memory from then on.
import { createHash, X509Certificate } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { publicPem, readPublicKey } from '../key/index.ts';

/** Gives the text of a file; throws when it cannot. */
export type ReadFile = (path: string) => string;

/** Files by the path as the policy writes it, each read once. */
export class Material {
  readonly #directory: string;
  readonly #read: ReadFile;
  readonly #texts = new Map<string, string>();

  constructor(policyFile: string, read: ReadFile) {
    this.#directory = dirname(policyFile);
    this.#read = read;
  }

  /** The path from where the policy's own path counts. */
  resolve(path: string): string {
    return isAbsolute(path) ? path : join(this.#directory, path);
  }

  /** Throws what the reader throws. */
  text(path: string): string {
    let text = this.#texts.get(path);
    if (text === undefined) {
      text = this.#read(this.resolve(path));
      this.#texts.set(path, text);
    }
    return text;
  }
}

export interface PublicKey {
  /** SubjectPublicKeyInfo, PEM. */
  pem: string;
  fingerprint: string;
}

/** Throws Error or KeyFault with what is wrong: a private key, a certificate or a weak key is none to trust. */
export function publicKeyOf(text: string): PublicKey {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((block) => block[1]!);
  if (blocks.some((label) => label.includes('PRIVATE')))
    throw new Error('expected a public key, got a private key, which belongs into no policy');
  if (blocks.length !== 1 || !/^(?:RSA )?PUBLIC KEY$/.test(blocks[0]!))
    throw new Error(
      `expected one public key in PEM, got ${blocks.length === 0 ? 'none' : blocks.join(', ')}`,
    );
  const key = readPublicKey(text, 'the policy');
  const der = key.export({ type: 'spki', format: 'der' });
  return { pem: publicPem(key), fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}` };
}

/** Certificates of a PEM text, each on its own. Throws Error with what is wrong. */
export function certificatesOf(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('expected certificates in PEM, got none');
  return blocks.map((block) => {
    try {
      return new X509Certificate(block).toString();
    } catch (cause) {
      throw new Error(`expected a certificate in PEM, got one that does not parse: ${messageOf(cause)}`);
    }
  });
}
