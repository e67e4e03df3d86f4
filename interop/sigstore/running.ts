// Starts what a suite needs beside it, as a process or as a thread, and says that it is there once it answers.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { freePort } from './port.ts';

/** A server that runs until it is stopped; a suite that ends or dies takes it along. */
export interface Running {
  /** Where it answers, `http://127.0.0.1:PORT`. */
  url: string;
  stop(): Promise<void>;
}

interface Program {
  command: string;
  /** The arguments for the free ports that were asked for. */
  args: (ports: number[]) => string[];
  ports: number;
  /** Path that the first port answers with a status below 400 once the server is ready. */
  ready: string;
}

const limit = 60_000;

/**
 * Somebody else may take a port between its choice and its use, and some programs have one that cannot be chosen: one
 * that ends early is started again until the limit.
 */
export async function startProcess({ command, args, ports: count, ready }: Program): Promise<Running> {
  const end = Date.now() + limit;
  for (;;) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const child = spawn(command, args(ports), { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = tail(child);
    loosen(child);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const url = `http://127.0.0.1:${ports[0]}`;
    const ok = await answers(url + ready, gone);
    if (ok) {
      const stop = async () => {
        process.off('exit', kill);
        kill();
        await gone;
      };
      return { url, stop };
    }
    process.off('exit', kill);
    kill();
    if (Date.now() > end) throw new Error(`expected ${command} to answer at ${ready}, got: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A suite that forgets to stop a server ends all the same, and takes the server along. */
export function loosen(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref();
}

function tail(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      text = (text + chunk).slice(-4000);
    });
  return () => text;
}

/** Whether the address answers before the program ends or the limit is reached. */
async function answers(address: string, gone: Promise<void>): Promise<boolean> {
  let over = false;
  void gone.then(() => {
    over = true;
  });
  const end = Date.now() + limit;
  while (!over && Date.now() < end) {
    const answer = await fetch(address, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined && answer.status < 400) return !over;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/**
 * A server of our own in a thread, so that it answers while the suite waits for a tool (`execFileSync` blocks the
 * thread it is called in). The file posts its port once it listens.
 */
export async function startThread(file: string, workerData: unknown): Promise<Running> {
  const worker = new Worker(file, { workerData });
  worker.unref();
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await worker.terminate();
    },
  };
}
