// Where bytes are kept by digest, written once, read in ranges: the interface, and a memory.
import { type DigestAlgorithm, digestOf, parseDigest } from '../image/index.ts';

export interface BlobWriter {
  /** Bytes written so far. */
  readonly size: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets what lies behind `size` bytes. */
  truncate(size: number): Promise<void>;
  /** Keeps the bytes under their digest; false, and nothing kept, when it is another one. */
  commit(digest: string): Promise<boolean>;
  abort(): Promise<void>;
}

export interface BlobStore {
  /** Bytes of a blob, undefined when it is not there. */
  size(digest: string): Promise<number | undefined>;
  /** The bytes from `start` up to and without `end`. The blob must be there. */
  read(digest: string, start: number, end: number): AsyncIterable<Uint8Array>;
  start(): Promise<BlobWriter>;
  delete(digest: string): Promise<void>;
}

const pieceBytes = 1 << 20;

export function memoryBlobs(): BlobStore {
  const kept = new Map<string, Buffer>();
  return {
    size: async (digest) => kept.get(digest)?.length,
    async *read(digest, start, end) {
      const bytes = kept.get(digest);
      if (bytes === undefined) throw new Error(`no blob ${digest}`);
      for (let at = start; at < end; at += pieceBytes)
        yield bytes.subarray(at, Math.min(at + pieceBytes, end));
    },
    start: async () => memoryWriter(kept),
    async delete(digest) {
      kept.delete(digest);
    },
  };
}

function memoryWriter(kept: Map<string, Buffer>): BlobWriter {
  let pieces: Buffer[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    async write(chunk) {
      pieces.push(Buffer.from(chunk));
      size += chunk.byteLength;
    },
    async truncate(to) {
      pieces = [Buffer.concat(pieces).subarray(0, to)];
      size = Math.min(size, to);
    },
    async commit(digest) {
      const bytes = Buffer.concat(pieces);
      const algorithm: DigestAlgorithm = parseDigest(digest).algorithm;
      if (digestOf(bytes, algorithm) !== digest) return false;
      kept.set(digest, bytes);
      return true;
    },
    async abort() {
      pieces = [];
      size = 0;
    },
  };
}
