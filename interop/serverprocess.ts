// `seaworthy serve` in a process of its own: started, asked, killed, and told from by what it wrote.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HttpClient } from '../src/net/index.ts';
import { type Api, createApi } from '../src/server/contract/index.ts';
import { root } from './peers.ts';

const program = join(root, 'bin/seaworthy.cjs');

export interface ServerProcess {
  url: string;
  start(): Promise<void>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  api(): Api;
  /** What a command on the server's home wrote; rejects when it fails. */
  command(...args: string[]): Promise<string>;
  /** What a client command wrote, given the server's address. */
  ask(...args: string[]): Promise<string>;
  /** All that the server wrote. */
  said(): string;
}

export function serverProcess({
  config,
  home,
  http,
  port,
}: {
  /** The file of its configuration, which listens at `port`. */
  config: string;
  home: string;
  http: HttpClient;
  port: number;
}): ServerProcess {
  let child: ChildProcess | undefined;
  let said = '';
  const url = `http://127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  // never synchronous: registry and pipelines are in this process
  const command = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [program, ...args, '--home', home])).stdout;
  return {
    url,
    async start() {
      child = spawn(process.execPath, [program, 'serve', '--home', home, '--config', config], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (text) => {
          said += String(text);
        });
      await eventually(
        () => `the server answers: ${said.slice(-2000)}`,
        async () => {
          assert.equal(child!.exitCode, null, said);
          const answer = await http.request({ url: `${url}/readyz`, retries: 0 }).catch(() => undefined);
          await answer?.bytes(1000);
          return answer?.status === 200 && existsSync(join(home, 'token')) ? true : undefined;
        },
      );
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    api: () => createApi({ http, url, token: readFileSync(join(home, 'token'), 'utf8').trim() }),
    command,
    ask: (...args) => command(...args, '--server', url),
    said: () => said,
  };
}

const limit = 300_000;

export async function eventually<T>(what: () => string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + limit; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`expected within ${limit / 1000} s: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
