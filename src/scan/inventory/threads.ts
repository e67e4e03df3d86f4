// Reads layers side by side on worker threads; small ones alone are read at once in this thread.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Limits } from '../../core/index.ts';
import { ImageFault, type ImageFaultCode } from '../../image/index.ts';
import type { LayerSource } from '../../transport/index.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { fileRange, readLayerResult } from './readlayer.ts';
import { decodeResult, encodeResult, type LayerResult } from './result.ts';

export interface LayerToRead {
  digest: string;
  /** Bytes as stored. */
  size: number;
  source: LayerSource;
}

export interface ThreadOptions {
  limits: Limits;
  /** Directory for files too large for memory; made when needed, removed by the caller. */
  spoolDir: string;
  /** Default: one for each core, eight at most. */
  threads?: number;
  signal?: AbortSignal;
  onBytes?: (layer: LayerToRead, count: number) => void;
}

export interface ReadLayerDone {
  layer: LayerToRead;
  result: LayerResult;
  /** What to keep. */
  bytes: Buffer;
}

/** Bytes that may be on their way to a worker before it has read some. */
const CREDIT = 8 << 20;
/** Starting a thread costs about as much as reading this many stored bytes. */
const ALONE = 2 << 20;

/**
 * Reads every layer, the largest first, and hands each to `done` or `failed` as it ends. Rejects only when
 * `failed` throws, on a bug, or when aborted.
 */
export async function readLayers(
  layers: readonly LayerToRead[],
  options: ThreadOptions,
  done: (read: ReadLayerDone) => void,
  failed: (layer: LayerToRead, error: unknown) => void,
): Promise<void> {
  const queue = [...layers].sort((a, b) => b.size - a.size);
  const total = queue.reduce((sum, layer) => sum + layer.size, 0);
  if (total <= ALONE) {
    for (const layer of queue) await readHere(layer, options, done, failed);
    return;
  }
  const count = Math.min(options.threads ?? Math.min(availableParallelism(), 8), queue.length);
  await Promise.all(Array.from({ length: count }, () => runThread(queue, options, done, failed)));
}

async function readHere(
  layer: LayerToRead,
  options: ThreadOptions,
  done: (read: ReadLayerDone) => void,
  failed: (layer: LayerToRead, error: unknown) => void,
): Promise<void> {
  let result: LayerResult;
  try {
    options.signal?.throwIfAborted();
    const { source } = layer;
    const bytes =
      source.kind === 'file'
        ? fileRange(source.path, source.offset, source.length)
        : await source.open(options.signal);
    result = await readLayerResult(layer.digest, bytes, {
      limits: options.limits,
      spoolDir: () => {
        mkdirSync(options.spoolDir, { recursive: true, mode: 0o700 });
        return options.spoolDir;
      },
      onBytes: (count) => options.onBytes?.(layer, count),
    });
  } catch (error) {
    failed(layer, error);
    return;
  }
  done({ layer, result, bytes: encodeResult(result) });
}

async function runThread(
  queue: LayerToRead[],
  options: ThreadOptions,
  done: (read: ReadLayerDone) => void,
  failed: (layer: LayerToRead, error: unknown) => void,
): Promise<void> {
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(
    source ? new URL('./worker.ts', import.meta.url) : new URL('./worker.js', import.meta.url),
    {
      workerData: { limits: options.limits, spoolDir: options.spoolDir },
    },
  );
  const abort = () => void worker.terminate();
  options.signal?.addEventListener('abort', abort);
  try {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
      options.signal?.throwIfAborted();
      let read: ReadLayerDone;
      try {
        read = await readThere(worker, layer, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        failed(layer, error);
        continue;
      }
      done(read);
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

function readThere(worker: Worker, layer: LayerToRead, options: ThreadOptions): Promise<ReadLayerDone> {
  const { source } = layer;
  return new Promise((resolve, reject) => {
    const feeder = source.kind === 'stream' ? new Feeder(worker) : undefined;
    const settle = (then: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      feeder?.stop();
      then();
    };
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error('the thread that reads layers stopped')));
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'read') {
        feeder?.taken(message.count);
        options.onBytes?.(layer, message.count);
      } else if (message.kind === 'result') {
        const bytes = Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
        settle(() => resolve({ layer, result: decodeResult(bytes)!, bytes }));
      } else if (message.kind === 'fault') {
        const hint = message.hint === undefined ? {} : { hint: message.hint };
        settle(() => reject(new ImageFault(message.code as ImageFaultCode, message.message, hint)));
      } else if (message.kind === 'bug') settle(() => reject(new Error(message.message)));
      else settle(() => reject(feeder?.error ?? new Error('the layer ended early')));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    const task: ToWorker = { kind: 'read', digest: layer.digest };
    if (source.kind === 'file') {
      const { path, offset, length } = source;
      worker.postMessage({ ...task, file: { path, offset, length } });
    } else {
      worker.postMessage(task);
      void feeder!.feed(source.open(options.signal));
    }
  });
}

/** Hands a stream's buffers to a worker, never more than it has credit for. */
class Feeder {
  error: unknown;
  readonly #worker: Worker;
  #credit = CREDIT;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  taken(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async feed(opening: Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    try {
      for await (const piece of await opening) {
        while (this.#credit <= 0 && !this.#stopped)
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        if (this.#stopped) return;
        this.#credit -= piece.byteLength;
        this.#worker.postMessage({ kind: 'chunk', bytes: piece } satisfies ToWorker);
      }
      if (!this.#stopped) this.#worker.postMessage({ kind: 'end' } satisfies ToWorker);
    } catch (error) {
      this.error = error;
      if (!this.#stopped) this.#worker.postMessage({ kind: 'fail', message: 'source' } satisfies ToWorker);
    }
  }
}
