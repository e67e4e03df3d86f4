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

interface Waiting {
  resolve(answers: Answer[]): void;
  reject(error: Error): void;
}

/** One thread, started with the first task and again after it died; tasks that were in it are rejected, never answered. */
export function createVerifierThread(): VerifierThread {
  let worker: Worker | undefined;
  let next = 0;
  const waiting = new Map<number, Waiting>();
  const fail = (error: Error) => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    const source = import.meta.url.endsWith('.ts');
    const started = new Worker(new URL(source ? './verifyworker.ts' : './verifyworker.js', import.meta.url));
    started.on('message', ({ id, answers, error }: FromVerifier) => {
      const one = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
      if (answers === undefined) one?.reject(new Error(error));
      else one?.resolve(answers);
    });
    started.on('error', fail);
    started.on('exit', () => fail(new Error('the thread that verifies signatures stopped')));
    return started;
  };
  return {
    verify(task) {
      worker ??= start();
      worker.ref();
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker!.postMessage({ id, task });
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}
