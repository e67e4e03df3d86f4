// kubectl as people run it: an opinion of its own about what the API server answers.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

export interface Answer {
  ok: boolean;
  /** Both outputs. */
  text: string;
}

/** `input`: an object that is given on standard input, for `-f -`. */
export function kubectl(args: readonly string[], input?: unknown): Answer {
  const { status, stdout, stderr } = spawnSync('kubectl', args, {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) }),
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

/** The same, while others are at it. */
export function kubectlBeside(args: readonly string[], input?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, { timeout: 60_000 });
    let text = '';
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (more) => (text += more));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, text }));
    child.stdin.end(input === undefined ? '' : typeof input === 'string' ? input : JSON.stringify(input));
  });
}

export interface Watched {
  /** A line of each state that was told. */
  lines(): string[];
  stop(): Promise<void>;
}

/** What `kubectl get --watch` tells from now on. */
export function kubectlWatch(args: readonly string[]): Watched {
  const child: ChildProcess = spawn('kubectl', ['get', ...args, '--watch'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (more) => (text += more));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    lines: () => text.split('\n').filter((line) => line !== ''),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Asks again until it holds; the API server follows its own policies within a second or two. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  for (const deadline = Date.now() + ms; ; ) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`expected within ${ms / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
