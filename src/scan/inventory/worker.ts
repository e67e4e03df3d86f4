// The thread that reads layers: a local file by path and range, a remote one by the buffers it is handed.
// Credentials and sockets never enter it.
import { mkdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { isFault, type Limits, messageOf } from '../../core/index.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { fileRange, readLayerResult } from './readlayer.ts';
import { encodeResult } from './result.ts';

const { limits, spoolDir } = workerData as { limits: Limits; spoolDir: string };
const port = parentPort!;

let chunks: Chunks | undefined;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'read') void read(message);
  else if (message.kind === 'chunk') chunks?.push(message.bytes);
  else if (message.kind === 'end') chunks?.end();
  else chunks?.fail(message.message);
});

async function read(task: Extract<ToWorker, { kind: 'read' }>): Promise<void> {
  chunks = task.file ? undefined : new Chunks();
  const source = task.file ? fileRange(task.file.path, task.file.offset, task.file.length) : chunks!;
  try {
    const result = await readLayerResult(task.digest, source, {
      limits,
      spoolDir: () => {
        mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
        return spoolDir;
      },
      onBytes: (count) => send({ kind: 'read', count }),
    });
    const bytes = encodeResult(result);
    send({ kind: 'result', bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) });
  } catch (error) {
    if (error instanceof SourceFailed) send({ kind: 'source-failed' });
    else if (isFault(error))
      send({ kind: 'fault', code: error.code, message: error.message, hint: error.hint });
    else
      send({
        kind: 'bug',
        message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
      });
  }
}

function send(message: FromWorker): void {
  port.postMessage(message);
}

class SourceFailed extends Error {}

/** A queue that the main thread fills; what was taken is acknowledged through `read` messages. */
class Chunks implements AsyncIterable<Uint8Array> {
  readonly #queue: Uint8Array[] = [];
  #ended = false;
  #failed: SourceFailed | undefined;
  #wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(message: string): void {
    this.#failed = new SourceFailed(message);
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#failed) throw this.#failed;
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
