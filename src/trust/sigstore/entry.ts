// What a transparency log is asked to keep.
import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../certificate/index.ts';

export interface ToLog {
  /** The bytes that were signed. */
  signed: Buffer;
  signature: Buffer;
  /** The envelope's JSON, which version 1 wants. */
  envelope: string;
  verifier: { certificate: Certificate } | { key: KeyObject };
}
