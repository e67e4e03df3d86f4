// A compressed archive, decompressed once into the home, so that its layers can be read where they lie.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { defaultLimits, type Home, type Limits } from '../../core/index.ts';
import { unreadable } from './bytes.ts';
import { LocalFault } from './fault.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

export interface PlainFile {
  path: string;
  /** Removes what was written to the home. */
  remove(): Promise<void>;
}

type InflateLimits = Pick<Limits, 'layerBytes' | 'inflateRatio' | 'inflateFreeBytes'>;

/** By the first bytes: gzip (RFC 1952) or zstd (RFC 8878). */
export async function compressionOf(path: string): Promise<Compression> {
  const head = Buffer.alloc(4);
  try {
    await using file = await open(path, 'r');
    await file.read(head, 0, 4, 0);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}

/** The archive itself when it is plain, else a decompressed copy under the home. Throws LocalFault. */
export async function plainFile(
  path: string,
  home: Home,
  limits: InflateLimits = defaultLimits,
): Promise<PlainFile> {
  const compression = await compressionOf(path);
  if (compression === 'none') return { path, remove: async () => {} };
  const folder = await mkdtemp(join(home.dir('tmp'), 'archive-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    let stored = 0;
    let bytes = 0;
    await pipeline(
      createReadStream(path, { highWaterMark: 1 << 20 }),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          stored += chunk.length;
          yield chunk;
        }
      },
      compression === 'gzip'
        ? createGunzip({ chunkSize: 1 << 20 })
        : createZstdDecompress({ chunkSize: 1 << 20 }),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          checkGrowth(bytes, stored, limits);
          yield chunk;
        }
      },
      createWriteStream(join(folder, 'archive.tar'), { mode: 0o600, flags: 'wx' }),
    );
    return { path: join(folder, 'archive.tar'), remove };
  } catch (cause) {
    await remove();
    if (cause instanceof LocalFault) throw cause;
    throw new LocalFault(
      'archive-invalid',
      `expected a whole ${compression} file at ${path}, got: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function checkGrowth(bytes: number, stored: number, limits: InflateLimits): void {
  if (
    bytes <= limits.layerBytes &&
    (bytes <= limits.inflateFreeBytes || bytes <= stored * limits.inflateRatio)
  )
    return;
  throw new LocalFault(
    'archive-invalid',
    `expected an archive within the limits, got ${bytes} bytes out of ${stored}`,
  );
}
