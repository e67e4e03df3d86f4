// Blobs on disk: a file for each digest; bytes reach it whole and synced, or not at all.
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../core/index.ts';
import { type DigestAlgorithm, parseDigest } from '../image/index.ts';
import type { BlobStore, BlobWriter } from './blobs.ts';

export type StoreFaultCode = 'disk-full';

export class StoreFault extends Fault<StoreFaultCode> {}

const readAhead = 1 << 18;

/**
 * `dir` belongs to one process: what an earlier one left half written is removed. A blob lies at
 * `sha256/ab/abcd…`; it was hashed as it came, synced, then renamed into its place, and the directory synced: what
 * was accepted outlives a crash, and half a blob is never seen. Writes reject with StoreFault `disk-full`.
 */
export async function diskBlobs(dir: string): Promise<BlobStore> {
  const uploads = join(dir, 'uploads');
  await rm(uploads, { recursive: true, force: true });
  await mkdir(uploads, { recursive: true, mode: 0o700 });
  const made = new Set<string>();

  async function placeOf(digest: string): Promise<string> {
    const place = join(dir, ...partsOf(digest));
    const parent = join(place, '..');
    if (!made.has(parent)) {
      await mkdir(parent, { recursive: true, mode: 0o700 });
      await syncDirectory(join(parent, '..'));
      await syncDirectory(dir);
      made.add(parent);
    }
    return place;
  }

  return {
    async size(digest) {
      try {
        return (await stat(join(dir, ...partsOf(digest)))).size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async *read(digest, start, end) {
      if (start >= end) return;
      const path = join(dir, ...partsOf(digest));
      for await (const chunk of createReadStream(path, { start, end: end - 1, highWaterMark: readAhead }))
        yield chunk as Buffer;
    },
    async start() {
      const path = join(uploads, randomUUID());
      return new DiskWriter(path, await spaced(open(path, 'wx+', 0o600)), placeOf);
    },
    async delete(digest) {
      await rm(join(dir, ...partsOf(digest)), { force: true });
    },
  };
}

class DiskWriter implements BlobWriter {
  size = 0;
  #hash: Hash | undefined = createHash('sha256');
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #placeOf: (digest: string) => Promise<string>;
  #isOpen = true;

  constructor(path: string, file: FileHandle, placeOf: (digest: string) => Promise<string>) {
    this.#path = path;
    this.#file = file;
    this.#placeOf = placeOf;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; ) {
      const { bytesWritten } = await spaced(
        this.#file.write(chunk, at, chunk.byteLength - at, this.size + at),
      );
      at += bytesWritten;
    }
    this.#hash?.update(chunk);
    this.size += chunk.byteLength;
  }

  async truncate(to: number): Promise<void> {
    await this.#file.truncate(to);
    this.size = Math.min(this.size, to);
    // what was hashed cannot be taken back: the file is read at the end
    this.#hash = undefined;
  }

  async commit(digest: string): Promise<boolean> {
    const { algorithm } = parseDigest(digest);
    if ((await this.#digest(algorithm)) !== digest) return false;
    await spaced(this.#file.datasync());
    await this.#close();
    const place = await this.#placeOf(digest);
    await spaced(rename(this.#path, place));
    await syncDirectory(join(place, '..'));
    return true;
  }

  async abort(): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }

  async #digest(algorithm: DigestAlgorithm): Promise<string> {
    if (algorithm === 'sha256' && this.#hash !== undefined) {
      const hash = this.#hash;
      this.#hash = undefined;
      return `sha256:${hash.digest('hex')}`;
    }
    const hash = createHash(algorithm);
    for await (const chunk of createReadStream(this.#path, { highWaterMark: readAhead }))
      hash.update(chunk as Buffer);
    return `${algorithm}:${hash.digest('hex')}`;
  }
}

function partsOf(digest: string): [string, string, string] {
  const { algorithm, hex } = parseDigest(digest);
  return [algorithm, hex.slice(0, 2), hex];
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names what a person can do about it. */
async function spaced<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') throw cause;
    throw new StoreFault('disk-full', 'expected room for a blob, got a full disk', {
      cause,
      hint: 'free some space, or move the home to a larger disk; nothing that was accepted is lost',
    });
  }
}
