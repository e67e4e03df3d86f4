// Reads one layer in one pass: both digests computed, decompressed by its content (media types lie),
// its tar walked. OCI image-spec layer.md.
import { createHash } from 'node:crypto';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { defaultLimits, type Limits, messageOf } from '../core/index.ts';
import type { DigestAlgorithm } from './digest.ts';
import { ImageFault } from './fault.ts';
import { TarReader, type TarSink } from './tar.ts';

export interface LayerRead {
  /** Digest of the bytes as stored, by the algorithm asked for. */
  digest: string;
  /** Digest of the uncompressed tar, `sha256:…`. */
  diffId: string;
  /** Bytes as stored. */
  size: number;
  /** Uncompressed bytes. */
  bytes: number;
  entries: number;
}

export type LayerLimits = Pick<
  Limits,
  'layerEntries' | 'pathBytes' | 'layerBytes' | 'inflateRatio' | 'inflateFreeBytes'
>;

const CHUNK = 1 << 20;

/**
 * Reads `source` to its end, hands the tar's files to `sink`, and says what both digests are.
 * `onBytes` hears of stored bytes as they are read. Throws ImageFault `layer-corrupt`, `tar-corrupt`,
 * `layer-limit`, `tar-limit`; nothing is known of the layer then.
 */
export async function readLayer(
  source: AsyncIterable<Uint8Array>,
  sink: TarSink,
  limits: LayerLimits = defaultLimits,
  onBytes: (count: number) => void = () => {},
  algorithm: DigestAlgorithm = 'sha256',
): Promise<LayerRead> {
  const stored = createHash(algorithm);
  const plain = createHash('sha256');
  const tar = new TarReader(sink, limits);
  let size = 0;
  let bytes = 0;

  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      stored.update(chunk);
      size += chunk.length;
      onBytes(chunk.length);
      yield chunk;
    }
  }

  for await (const chunk of decompressed(hashed())) {
    bytes += chunk.length;
    if (bytes > limits.layerBytes)
      throw new ImageFault('layer-limit', `expected a layer of at most ${limits.layerBytes} bytes, got more`);
    if (bytes > limits.inflateFreeBytes && bytes > size * limits.inflateRatio)
      throw new ImageFault(
        'layer-limit',
        `expected at most ${limits.inflateRatio} bytes out of each compressed byte, got ${bytes} out of ${size}`,
      );
    plain.update(chunk);
    tar.write(chunk);
  }
  tar.finish();
  return {
    digest: `${algorithm}:${stored.digest('hex')}`,
    diffId: `sha256:${plain.digest('hex')}`,
    size,
    bytes,
    entries: tar.entries,
  };
}

/** Decompresses by the first bytes: gzip (RFC 1952), zstd (RFC 8878), else taken as it is. */
async function* decompressed(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await source.next();
  if (first.done) return;
  const head = first.value;
  const inflate = decompressorFor(head);
  if (inflate === undefined) {
    yield head;
    yield* source;
    return;
  }
  const pumping = pump(head, source, inflate);
  pumping.catch((error: Error) => inflate.destroy(error));
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (cause) {
    if (cause instanceof ImageFault || (cause as { code?: string }).code === undefined || !isZlibError(cause))
      throw cause;
    throw new ImageFault(
      'layer-corrupt',
      `expected compressed data, got data that does not inflate: ${messageOf(cause)}`,
      { cause },
    );
  } finally {
    inflate.destroy();
  }
  await pumping;
}

function decompressorFor(head: Buffer): Transform | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip({ chunkSize: CHUNK });
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528)
    return createZstdDecompress({ chunkSize: CHUNK });
  return undefined;
}

async function pump(head: Buffer, source: AsyncGenerator<Buffer>, into: Transform): Promise<void> {
  let chunk: Buffer | undefined = head;
  while (chunk !== undefined) {
    if (into.destroyed) return void (await source.return(undefined));
    if (!into.write(chunk)) await drained(into);
    const next = await source.next();
    chunk = next.done ? undefined : next.value;
  }
  into.end();
}

function drained(stream: Transform): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

function isZlibError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    typeof code === 'string' &&
    (code.startsWith('Z_') ||
      code.startsWith('ZSTD_') ||
      code.startsWith('ERR_ZSTD') ||
      code.startsWith('ERR__ZERO'))
  );
}
