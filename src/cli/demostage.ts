// The demo's stage: runs commands of the program as a person would, shows them and what matters of their output.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CliFault } from './fault.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

const wordsOf = (line: string) => line.split(' ').filter((word) => word !== '');

export class Stage {
  readonly dir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #say: (line: string) => void;
  readonly #servers = new Set<ChildProcess>();

  constructor(dir: string, env: NodeJS.ProcessEnv, say: (line: string) => void) {
    this.dir = dir;
    this.#env = env;
    this.#say = say;
  }

  say(line: string): void {
    this.#say(line);
  }

  /** `seaworthy LINE`, shown as it is run. Throws CliFault when it ends with another code. */
  async run(line: string, expected = 0): Promise<Ran> {
    this.#say(`$ seaworthy ${line}`);
    return this.quietly(line, expected);
  }

  async quietly(line: string, expected = 0): Promise<Ran> {
    const child = this.#spawn(line, 'pipe');
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== expected)
      throw new CliFault('demo-failed', `expected seaworthy ${line} to end with ${expected}, got ${code}`, {
        hint: `${stdout}${stderr}`.trim().slice(-1500),
      });
    return { code, stdout, stderr };
  }

  /** Side by side, for commands that do not wait for each other; shown as one loop. */
  async each(shown: string, lines: readonly string[], atOnce = 3): Promise<Ran[]> {
    this.#say(`$ ${shown}`);
    const done: Ran[] = [];
    const rest = [...lines.entries()];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let next = rest.shift(); next !== undefined; next = rest.shift())
          done[next[0]] = await this.quietly(next[1]);
      }),
    );
    return done;
  }

  /** In the background until `stop` or `close`; `ready` is asked until it says so. */
  async start(line: string, ready: () => Promise<boolean>, isShown = true): Promise<ChildProcess> {
    if (isShown) this.#say(`$ seaworthy ${line} &`);
    const child = this.#spawn(line, 'ignore');
    this.#servers.add(child);
    child.once('exit', () => this.#servers.delete(child));
    const until = Date.now() + 20_000;
    while (!(await ready())) {
      if (child.exitCode !== null || Date.now() > until)
        throw new CliFault('demo-failed', `expected seaworthy ${line} to listen, got nothing`, {
          hint: 'see whether something else listens there: the addresses are in server.yaml',
        });
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return child;
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers].map((child) => this.stop(child, 'SIGTERM')));
  }

  #spawn(line: string, output: 'pipe' | 'ignore'): ChildProcess {
    const program = process.argv[1];
    if (program === undefined) throw new Error('expected a program to run again, got none');
    return spawn(process.execPath, [...process.execArgv, program, ...wordsOf(line)], {
      cwd: this.dir,
      env: this.#env,
      stdio: ['ignore', output, output],
    });
  }
}
