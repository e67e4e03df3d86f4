// Verification in a thread of its own: some milliseconds of arithmetic each, which must not hold up a server.
import { Worker } from 'node:worker_threads';
import type { Answer } from './evidence/index.ts';
import type { VerifyTask } from './verify.ts';

export interface VerifierThread {
  verify(task: VerifyTask): Promise<Answer[]>;
  close(): Promise<void>;
}

export interface FromVerifier {
  id: number;
  answers?: Answer[];
  /** A bug, never an answer. */
  error?: string;
}

export interface VerifierOptions {
  /** What it runs. */
  script?: URL;
  /** Ms without a task after which the thread ends, until there is one; it stays when left out. */
  idle?: number;
}

interface Waiting {
  resolve(answers: Answer[]): void;
  reject(error: Error): void;
}

/**
 * One thread, started with the first task and again after it died; tasks that were in it are rejected, never answered.
 */
export function createVerifierThread({ script = verifier(), idle }: VerifierOptions = {}): VerifierThread {
  let worker: Worker | undefined;
  let ending: NodeJS.Timeout | undefined;
  let next = 0;
  const waiting = new Map<number, Waiting>();
  const fail = (died: Worker, error: Error) => {
    // an error is followed by the exit of the same thread, when another may already have begun
    if (worker !== died) return;
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const rest = (resting: Worker) => {
    resting.unref();
    if (idle === undefined) return;
    ending = setTimeout(() => {
      if (worker !== resting) return;
      worker = undefined;
      void resting.terminate();
    }, idle).unref();
  };
  const start = (): Worker => {
    const started = new Worker(script);
    started.on('message', ({ id, answers, error }: FromVerifier) => {
      const one = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) rest(started);
      if (answers === undefined) one?.reject(new Error(error));
      else one?.resolve(answers);
    });
    started.on('error', (error: Error) => fail(started, error));
    started.on('exit', () => fail(started, new Error('the thread that verifies signatures stopped')));
    return started;
  };
  return {
    verify(task) {
      clearTimeout(ending);
      worker ??= start();
      const current = worker;
      const id = next++;
      return new Promise((resolve, reject) => {
        // first, for what cannot be sent would be waited for without end
        current.postMessage({ id, task });
        current.ref();
        waiting.set(id, { resolve, reject });
      });
    },
    async close() {
      clearTimeout(ending);
      await worker?.terminate();
    },
  };
}

function verifier(): URL {
  const source = import.meta.url.endsWith('.ts');
  return new URL(source ? './verifyworker.ts' : './verifyworker.js', import.meta.url);
}
