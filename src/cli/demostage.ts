// The demo's stage: runs commands of the program as a person would, shows them and what matters of their output.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CliFault } from './fault.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Ms until a server has to listen: a busy machine takes its time. */
const startLimit = 60_000;
const wordsOf = (line: string) => line.split(' ').filter((word) => word !== '');

export class Stage {
  readonly dir: string;
  readonly #say: (line: string) => void;
  readonly #main: (words: string[]) => Promise<void>;
  readonly #globals: string;
  readonly #servers = new Set<ChildProcess>();

  /**
   * `main` is the command line itself; `globals`: options that stand before each command. The process works in `dir`
   * from now on.
   */
  constructor(
    dir: string,
    say: (line: string) => void,
    main: (words: string[]) => Promise<void>,
    globals = '',
  ) {
    this.dir = dir;
    this.#say = say;
    this.#main = main;
    this.#globals = globals;
    process.chdir(dir);
  }

  say(line: string): void {
    this.#say(line);
  }

  /** `seaworthy LINE`, shown as it is run. Throws CliFault when it ends with another code. */
  async run(line: string, expected: number | 'any' = 0): Promise<Ran> {
    this.#say(`$ seaworthy ${this.#globals}${line}`);
    return this.quietly(line, expected);
  }

  async quietly(line: string, expected: number | 'any' = 0): Promise<Ran> {
    const ran = await this.#inHere(line);
    if (expected === 'any' || ran.code === expected) return ran;
    throw new CliFault('demo-failed', `expected seaworthy ${line} to end with ${expected}, got ${ran.code}`, {
      hint: `${ran.stdout}${ran.stderr}`.trim().slice(-1500),
    });
  }

  /** One after the other, shown as one loop. */
  async each(shown: string, lines: readonly string[]): Promise<void> {
    this.#say(`$ ${shown.replaceAll(' seaworthy ', ` seaworthy ${this.#globals}`)}`);
    for (const line of lines) await this.quietly(line);
  }

  /** The same program, without starting it anew for each command; what it writes is kept. */
  async #inHere(line: string): Promise<Ran> {
    const ran: Ran = { code: 0, stdout: '', stderr: '' };
    const { stdout, stderr } = process;
    const writes = { stdout: stdout.write, stderr: stderr.write };
    const into = (name: 'stdout' | 'stderr') =>
      ((chunk: string | Uint8Array, ...rest: unknown[]) => {
        ran[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
        for (const done of rest) if (typeof done === 'function') done();
        return true;
      }) as typeof stdout.write;
    stdout.write = into('stdout');
    stderr.write = into('stderr');
    try {
      await this.#main(wordsOf(`${this.#globals}${line}`));
    } finally {
      stdout.write = writes.stdout;
      stderr.write = writes.stderr;
    }
    ran.code = Number(process.exitCode ?? 0);
    process.exitCode = 0;
    return ran;
  }

  /** In the background until `stop` or `close`; `ready` is asked until it says so. */
  async start(line: string, ready: () => Promise<boolean>, isShown = true): Promise<ChildProcess> {
    if (isShown) this.#say(`$ seaworthy ${this.#globals}${line} &`);
    const child = this.#spawn(line);
    this.#servers.add(child);
    child.once('exit', () => this.#servers.delete(child));
    const until = Date.now() + startLimit;
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

  #spawn(line: string): ChildProcess {
    const program = process.argv[1];
    if (program === undefined) throw new Error('expected a program to run again, got none');
    return spawn(process.execPath, [...process.execArgv, program, ...wordsOf(`${this.#globals}${line}`)], {
      cwd: this.dir,
      stdio: 'ignore',
    });
  }
}
