// Reads one layer in one pass: both digests computed, decompressed by its content (media types lie),
// its tar walked. OCI image-spec layer.md.
import { createHash, type Hash } from 'node:crypto';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { defaultLimits, type Limits, messageOf } from '../core/index.ts';
import { type DigestAlgorithm, parseDigest } from './digest.ts';
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
 * `onBytes` hears of stored bytes as they are read. Throws ImageFault: `digest-mismatch` when the bytes are not
 * `expected`'s (also when they do not decompress: damage is found where it was done); `layer-corrupt`,
 * `tar-corrupt`, `layer-limit`, `tar-limit` when they are. Nothing is known of the layer then.
 */
export async function readLayer(
  source: AsyncIterable<Uint8Array>,
  sink: TarSink,
  limits: LayerLimits = defaultLimits,
  onBytes: (count: number) => void = () => {},
  expected?: string,
): Promise<LayerRead> {
  const stored = new StoredBytes(source, expected, onBytes);
  const plain = createHash('sha256');
  const tar = new TarReader(sink, limits);
  let bytes = 0;
  let digest = '';
  try {
    for await (const chunk of decompressed(stored.pieces())) {
      bytes += chunk.length;
      if (bytes > limits.layerBytes)
        throw new ImageFault(
          'layer-limit',
          `expected a layer of at most ${limits.layerBytes} bytes, got more`,
        );
      if (bytes > limits.inflateFreeBytes && bytes > stored.size * limits.inflateRatio)
        throw new ImageFault(
          'layer-limit',
          `expected at most ${limits.inflateRatio} bytes out of each compressed byte, got ${bytes} out of ${stored.size}`,
        );
      plain.update(chunk);
      tar.write(chunk);
    }
    digest = await stored.check();
    tar.finish();
  } catch (error) {
    if (error instanceof ImageFault && error.code.endsWith('-corrupt')) await stored.check();
    throw error;
  } finally {
    await stored.close();
  }
  return {
    digest,
    diffId: `sha256:${plain.digest('hex')}`,
    size: stored.size,
    bytes,
    entries: tar.entries,
  };
}

/** The bytes as stored, hashed as they pass, whoever stops listening half-way. */
class StoredBytes {
  size = 0;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #expected: string | undefined;
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;
  readonly #onBytes: (count: number) => void;
  #ended = false;
  #digest: string | undefined;

  constructor(
    source: AsyncIterable<Uint8Array>,
    expected: string | undefined,
    onBytes: (count: number) => void,
  ) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#expected = expected;
    this.#algorithm = expected === undefined ? 'sha256' : parseDigest(expected).algorithm;
    this.#hash = createHash(this.#algorithm);
    this.#onBytes = onBytes;
  }

  async *pieces(): AsyncGenerator<Buffer> {
    while (!this.#ended) {
      const next = await this.#iterator.next();
      if (next.done) {
        this.#ended = true;
        return;
      }
      const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      this.#hash.update(chunk);
      this.size += chunk.length;
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }

  /** The digest of all bytes, those that nobody read included. Throws ImageFault `digest-mismatch`. */
  async check(): Promise<string> {
    for await (const _ of this.pieces());
    this.#digest ??= `${this.#algorithm}:${this.#hash.digest('hex')}`;
    if (this.#expected !== undefined && this.#digest !== this.#expected)
      throw new ImageFault(
        'digest-mismatch',
        `expected layer ${this.#expected}, got bytes with digest ${this.#digest}`,
        {
          hint: 'the image was changed or damaged after it was made: pull or export it again',
        },
      );
    return this.#digest;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.();
    this.#ended = true;
  }
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
