// Processes of a cluster that runs on this machine: stopped, killed, and started again as they were.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually } from './kubectl.ts';

export interface Component {
  name: string;
  /** It hangs: connections are taken, and nobody answers. */
  halt(): void;
  /** Without a word to anybody. */
  kill(): Promise<void>;
  isGone(): boolean;
  /** The same words in the same place, if it is gone. */
  start(): void;
}

/** Where a cluster of ours keeps its things. */
export function clusterDirectory(): string {
  return dirname(process.env['KUBECONFIG'] ?? '');
}

/** Undefined where the cluster is none of this machine's. */
export function componentOf(name: string): Component | undefined {
  const file = join(clusterDirectory(), 'pids', name);
  if (!existsSync(file)) return undefined;
  const pid = () => Number(readFileSync(file, 'utf8'));
  const listed = (what: string) => readFileSync(`/proc/${pid()}/${what}`, 'utf8').split('\0').slice(0, -1);
  const [program, ...words] = listed('cmdline');
  if (program === undefined) throw new Error(`expected ${name} to run, got none of process ${pid()}`);
  const env = Object.fromEntries(
    listed('environ').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const cwd = readlinkSync(`/proc/${pid()}/cwd`);
  const isGone = () => {
    const stat = `/proc/${pid()}/stat`;
    return !existsSync(stat) || / [ZX] /.test(readFileSync(stat, 'utf8'));
  };
  return {
    name,
    isGone,
    halt: () => void process.kill(pid(), 'SIGSTOP'),
    async kill() {
      if (!isGone()) process.kill(pid(), 'SIGKILL');
      await eventually(`${name} is gone`, isGone);
    },
    start() {
      if (!isGone()) return;
      const log = openSync(join(clusterDirectory(), 'logs', `${name}.log`), 'a');
      const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', log, log] });
      closeSync(log);
      child.unref();
      writeFileSync(file, `${child.pid}\n`);
    },
  };
}
