// A smoke test: a command on this machine that gets a staged image by digest. Neither its output nor its end is trusted:
// both are bounded, and whatever it started ends with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { messageOf } from '../core/index.ts';
import type { SmokeTest, TrialOrder, Tried } from './smoketest.ts';
import { Tail } from './tail.ts';
import { endOrphan, forget, mark, markName } from './trialmark.ts';

export interface TrialOptions {
  /** Working directory, where it is also noted what runs. */
  directory: string;
  env: NodeJS.ProcessEnv;
  /** Ms between the request to end and the end; 2 s when left out. */
  grace?: number;
}

/** What a command gets of our environment: where programs and the user's own files are, never a secret. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|XDG_RUNTIME_DIR|DOCKER_HOST|CONTAINER_HOST)$/;

/** Rejects only when `signal` is aborted: the same is tried anew then. */
export async function runTrial(
  { command, timeout }: SmokeTest,
  { id, image }: TrialOrder,
  { directory, env, grace = 2_000 }: TrialOptions,
  signal: AbortSignal,
): Promise<Tried> {
  signal.throwIfAborted();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  endOrphan(directory, id);
  const [program = '', ...args] = command.map((part) => part.replaceAll('{image}', image));
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: directory,
    // a group of its own, so that it ends whole
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(Object.entries(env).filter(([name]) => passedOn.test(name))),
      [markName]: id,
    },
  });
  if (child.pid !== undefined) mark(directory, id, child.pid);
  const tail = new Tail();
  child.stdout.on('data', (bytes: Buffer) => tail.add(bytes));
  child.stderr.on('data', (bytes: Buffer) => tail.add(bytes));
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    stop(child, grace);
  }, timeout);
  const onAbort = () => endGroup(child, 'SIGKILL');
  signal.addEventListener('abort', onAbort, { once: true });
  const end = await ended(child, grace);
  clearTimeout(late);
  signal.removeEventListener('abort', onAbort);
  forget(directory, id);
  signal.throwIfAborted();
  const text = isLate ? `no end within ${timeout / 1000} s` : end;
  return {
    passed: text === 'passed',
    text,
    seconds: (performance.now() - started) / 1000,
    output: tail.lines(),
  };
}

/** What it came to. The process counts, not who else has its pipes; what it leaves running is ended. */
function ended(child: ChildProcess, grace: number): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${messageOf(error)}`));
    child.once('exit', (code, by) => {
      endGroup(child, 'SIGKILL');
      const text = code === 0 ? 'passed' : code === null ? `ended by ${by}` : `exit ${code}`;
      const drained = setTimeout(() => child.stdout?.destroy() && child.stderr?.destroy(), grace);
      child.once('close', () => {
        clearTimeout(drained);
        resolve(text);
      });
    });
  });
}

function stop(child: ChildProcess, grace: number): void {
  endGroup(child, 'SIGTERM');
  const kill = setTimeout(() => endGroup(child, 'SIGKILL'), grace);
  child.once('exit', () => clearTimeout(kill));
}

function endGroup({ pid }: ChildProcess, by: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, by);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
