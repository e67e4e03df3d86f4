// Follows a resource through every interruption: list, then news, then news from where the connection broke; after a
// gap everything again.
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, isFault } from '../../core/index.ts';
import { faultOf } from './answer.ts';
import type { KubeObject, WatchEvent } from './cluster.ts';
import { KubeFault } from './fault.ts';

export interface WatchSource {
  list(): Promise<{ objects: readonly KubeObject[]; version: string }>;
  /** Bytes of a watch that the server ends after so many seconds. */
  watch(version: string, seconds: number): Promise<AsyncIterable<Uint8Array>>;
  object(value: unknown): KubeObject;
}

const lineBytes = 16 << 20;
const shortestPause = 250;
const longestPause = 15_000;

/** `problem` hears what keeps it from following, and undefined when it follows again. */
export async function* follow(
  source: WatchSource,
  problem: ((fault: Fault | undefined) => void) | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, void, undefined> {
  let version: string | undefined;
  let pause = shortestPause;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const listed = await source.list();
        version = listed.version;
        problem?.(undefined);
        yield { type: 'listed', objects: listed.objects };
      }
      for await (const line of linesOf(await source.watch(version, 240 + Math.floor(Math.random() * 60)))) {
        const event = JSON.parse(line) as { type?: string; object?: { code?: number; message?: string } };
        if (event.type === 'ERROR') throw faultOf(event.object?.code ?? 500, event.object ?? {}, 'watch');
        const object = source.object(event.object);
        version = object.metadata.resourceVersion ?? version;
        pause = shortestPause;
        const type = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' }[event.type ?? ''] as
          | 'added'
          | 'modified'
          | 'deleted'
          | undefined;
        if (type !== undefined) yield { type, object };
      }
      problem?.(undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (!isFault(error) && !(error instanceof SyntaxError)) throw error;
      // Only a broken connection may go on from where it was: whatever else it is, what is there is told anew.
      if (!isFault(error) || error instanceof KubeFault) version = undefined;
      if (isFault(error)) problem?.(error);
    }
    await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    pause = Math.min(pause * 2, longestPause);
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(10, from); end >= 0; end = chunk.indexOf(10, from)) {
      held.push(chunk.subarray(from, end));
      const line = Buffer.concat(held).toString('utf8');
      held = [];
      size = 0;
      from = end + 1;
      if (line !== '') yield line;
    }
    held.push(chunk.subarray(from));
    size += chunk.byteLength - from;
    if (size > lineBytes)
      throw new KubeFault('api-server-failed', `expected an event of at most ${lineBytes} bytes, got more`);
  }
}
