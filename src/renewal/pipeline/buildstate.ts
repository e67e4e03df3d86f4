// One build on this machine: its directory, its process, and what it left. Everything is a file, so that a crash of
// ours loses nothing: a build that runs is followed by whoever comes next, and one that broke off is begun anew.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { PipelineFault } from './fault.ts';
import type { BuildRequest } from './pipeline.ts';

export interface Order {
  request: BuildRequest;
  /** How often it was begun. */
  attempt: number;
  /** Ms before which it is not begun again. */
  notBefore: number;
}

export type BuildLook =
  | { state: 'waiting'; order: Order }
  | { state: 'running' }
  /** `digest`: of what was pushed. */
  | { state: 'ended'; order: Order; code: number; digest: string; log: string };

const orderFile = 'order.json';
const workDirectory = 'work';

/** Directory of a renewal's build; the id itself never becomes a path. */
export function buildDirectory(builds: string, id: string): string {
  return join(builds, createHash('sha256').update(id).digest('hex').slice(0, 32));
}

/** Undefined: nobody asked for it here. */
export function lookAtBuild(directory: string): BuildLook | undefined {
  const order = readOrder(directory);
  if (order === undefined) return undefined;
  const work = join(directory, workDirectory);
  const code = readText(join(work, 'exit'));
  if (code !== undefined)
    return {
      state: 'ended',
      order,
      code: Number(code),
      digest: readText(join(work, 'digest')) ?? '',
      log: readText(join(work, 'log')) ?? '',
    };
  return isRunning(work) ? { state: 'running' } : { state: 'waiting', order };
}

function readOrder(directory: string): Order | undefined {
  const text = readText(join(directory, orderFile));
  return text === undefined ? undefined : (JSON.parse(text) as Order);
}

/** Whole or not at all. */
export function writeOrder(directory: string, order: Order): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, orderFile);
  writeFileSync(`${file}.new`, JSON.stringify(order), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** An empty directory for a new attempt; what is left of the last one is ended and removed. */
export function freshWork(directory: string): string {
  const work = join(directory, workDirectory);
  endBuild(directory);
  rmSync(work, { recursive: true, force: true, maxRetries: 10 });
  mkdirSync(work, { recursive: true, mode: 0o700 });
  return work;
}

/** Resolves once the script has the directory to itself. Rejects with PipelineFault `buildah-missing`. */
export function startScript(work: string, script: string, env: NodeJS.ProcessEnv): Promise<void> {
  const file = join(work, 'build.sh');
  writeFileSync(file, script, { mode: 0o700 });
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', [file], { detached: true, env, stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', (cause) =>
      reject(
        new PipelineFault('buildah-missing', `expected /bin/sh to run, got ${messageOf(cause)}`, { cause }),
      ),
    );
    child.stdout.once('data', () => resolve());
    // 75: another has it
    child.on('close', () => resolve());
    child.unref();
  });
}

/** Ends the build with everything that it started. */
export function endBuild(directory: string): void {
  const work = join(directory, workDirectory);
  if (!isRunning(work)) return;
  try {
    process.kill(-Number(readText(join(work, 'pid'))), 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

/** By its command line too: the number alone may be another's by now. */
function isRunning(work: string): boolean {
  const pid = readText(join(work, 'pid'));
  if (pid === undefined || !/^[1-9]\d{0,9}$/.test(pid)) return false;
  const command = readText(`/proc/${pid}/cmdline`);
  return command?.includes(join(work, 'build.sh')) === true;
}

/** Undefined: not there. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
}

/** When the build's last step was; undefined: it left nothing. */
export function lastStep(directory: string): number | undefined {
  return existsSync(directory) ? statSync(directory).mtimeMs : undefined;
}
