// Digests as OCI image-spec descriptor.md section "Digests" writes them, and checking bytes against one.
import { createHash, hash } from 'node:crypto';
import { ImageFault } from './fault.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';

export interface ParsedDigest {
  algorithm: DigestAlgorithm;
  /** Lower-case hexadecimal. */
  hex: string;
}

const hexLength: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 };

/** Parses `sha256:<64 hex>` or `sha512:<128 hex>`. Throws ImageFault `digest-invalid`. */
export function parseDigest(text: string): ParsedDigest {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, Math.max(colon, 0));
  const hex = text.slice(colon + 1);
  if (algorithm !== 'sha256' && algorithm !== 'sha512')
    throw new ImageFault('digest-invalid', `expected a sha256 or sha512 digest, got ${quote(text)}`);
  if (hex.length !== hexLength[algorithm] || !/^[a-f0-9]*$/.test(hex))
    throw new ImageFault(
      'digest-invalid',
      `expected ${hexLength[algorithm]} lower-case hexadecimal digits after ${algorithm}:, got ${quote(text)}`,
    );
  return { algorithm, hex };
}

export function isDigest(text: string): boolean {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`;
}

/** Throws ImageFault `digest-mismatch` unless `bytes` hash to `digest`; `what` names them in the message. */
export function checkDigest(bytes: Uint8Array, digest: string, what: string): void {
  const got = digestOf(bytes, parseDigest(digest).algorithm);
  if (got !== digest) throw mismatch(digest, got, what);
}

export interface DigestCheck {
  update(chunk: Uint8Array): void;
  /** Ends the check. Throws ImageFault `digest-mismatch` when what was read is not what was named. */
  end(): void;
}

/** The incremental form of checkDigest; with `size`, bytes past it are refused as they come. */
export function startDigestCheck(digest: string, what: string, size?: number): DigestCheck {
  const hasher = createHash(parseDigest(digest).algorithm);
  let read = 0;
  return {
    update(chunk) {
      read += chunk.byteLength;
      if (size !== undefined && read > size) throw wrongSize(size, read, what);
      hasher.update(chunk);
    },
    end() {
      if (size !== undefined && read !== size) throw wrongSize(size, read, what);
      const got = `${parseDigest(digest).algorithm}:${hasher.digest('hex')}`;
      if (got !== digest) throw mismatch(digest, got, what);
    },
  };
}

function mismatch(expected: string, got: string, what: string): ImageFault {
  return new ImageFault('digest-mismatch', `expected ${what} to have digest ${expected}, got ${got}`, {
    hint: 'The bytes were changed or damaged on the way or in the store: fetch them again from a source you trust.',
  });
}

function wrongSize(expected: number, got: number, what: string): ImageFault {
  return new ImageFault('digest-mismatch', `expected ${what} to have ${expected} bytes, got ${got} or more`);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}
