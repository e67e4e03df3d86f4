// A Sigstore signature with its proofs, however it was written down.
import type { Envelope } from '../../image/index.ts';
import type { Certificate } from '../certificate/index.ts';

export interface SignedEntity {
  /** The bytes that the signature covers. */
  signed: Buffer;
  signature: Buffer;
  /** Absent: signed by a key. */
  certificate?: Certificate;
  /** Brought along by the signature, not trusted. */
  intermediates: Certificate[];
  entries: LogEntry[];
  /** Timestamp responses or tokens. */
  timestamps: Buffer[];
  /** The bytes that the timestamps cover. */
  timestamped: Buffer;
  /** What the signed bytes are. */
  content:
    | { kind: 'envelope'; envelope: Envelope }
    /** cosign's simple signing payload. */
    | { kind: 'payload' }
    /** The manifest itself, by its digest. */
    | { kind: 'manifest' };
}

/** One entry of a transparency log (protobuf-specs sigstore_rekor.proto). */
export interface LogEntry {
  logIndex: bigint;
  /** Lower-case hexadecimal. */
  logId: string;
  /** Seconds since 1970; 0: the log does not say. */
  integratedTime: number;
  body: Buffer;
  /** The log's promise to include the entry, over body, time, id and index. */
  promise?: Buffer;
  proof?: { index: bigint; size: bigint; root: Buffer; hashes: Buffer[]; checkpoint: string };
}
