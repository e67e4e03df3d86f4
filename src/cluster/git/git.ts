// The system's git: no shell, no hooks, no prompts, only the protocols that are named, bounded output and time.
import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { withoutSecrets } from './address.ts';
import { GitFault } from './fault.ts';

export interface GitOptions {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Ms that one call may take. */
  timeout?: number;
}

export interface GitCall {
  input?: string | Buffer;
  /** Laid over the environment: `GIT_INDEX_FILE`. */
  env?: Record<string, string>;
  /** Exit codes beside 0 that are an answer. */
  also?: readonly number[];
  /** Bytes of output. */
  limit?: number;
}

/** Answers of git, run in one directory. */
export class Git {
  readonly directory: string;
  readonly #options: GitOptions;

  constructor(directory: string, options: GitOptions) {
    this.directory = directory;
    this.#options = options;
  }

  /** Throws GitFault `git-missing`, `git-failed`, `git-limit`. */
  async bytes(args: readonly string[], call: GitCall = {}): Promise<Buffer> {
    return run(this.directory, args, call, this.#options);
  }

  /** Without the line's end. */
  async text(args: readonly string[], call: GitCall = {}): Promise<string> {
    return (await this.bytes(args, call)).toString('utf8').replace(/\r?\n$/, '');
  }

  /** Undefined where git has no answer: a reference or a setting that is not there. */
  async maybe(args: readonly string[]): Promise<string | undefined> {
    const text = await this.text(args, { also: [1, 128] });
    return text === '' ? undefined : text;
  }
}

/**
 * What the repository itself could make git run or reach is turned off: hooks, file watchers, lazy fetches, other
 * protocols (`ext::` runs commands). The user's own settings stay: who they are, their keys, their proxies.
 */
const hardened = [
  `core.hooksPath=${devNull}`,
  'core.fsmonitor=false',
  'core.sparseCheckout=false',
  'core.untrackedCache=false',
  'submodule.recurse=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.gpgSign=false',
  'log.showSignature=false',
].flatMap((setting) => ['-c', setting]);

const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|XDG_\w+|SSH_\w+|SSL_CERT_\w+|(?:https?|no|all)_proxy|TMPDIR|TEMP|TMP|SystemRoot|APPDATA|USERPROFILE|GIT_(?:SSL_CAINFO|SSH|SSH_COMMAND|ASKPASS|AUTHOR_\w+|COMMITTER_\w+|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM|CONFIG_COUNT|CONFIG_(?:KEY|VALUE)_\d+))$/i;

const outputLimit = 64 << 20;
const callLimit = 300_000;

function run(
  directory: string,
  args: readonly string[],
  call: GitCall,
  options: GitOptions,
): Promise<Buffer> {
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(options.env).filter(([name]) => passedOn.test(name))),
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'https:ssh:file',
    LC_ALL: 'C',
    ...call.env,
  };
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...hardened, ...args], {
      cwd: directory,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      timeout: options.timeout ?? callLimit,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let said = '';
    let isTooMuch = false;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      isTooMuch ||= size > (call.limit ?? outputLimit);
      if (isTooMuch) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.length < 4096) said += chunk.toString('utf8');
    });
    // git may end before it has read everything; its exit code says why
    child.stdin.on('error', () => {});
    child.stdin.end(call.input ?? '');
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.name === 'AbortError') reject(cause);
      else
        reject(
          new GitFault('git-missing', `expected git to run, got ${cause.message}`, {
            hint: 'Install git and put it on the PATH.',
            cause,
          }),
        );
    });
    child.on('close', (code, signal) => {
      if (isTooMuch)
        reject(
          new GitFault(
            'git-limit',
            `expected at most ${call.limit ?? outputLimit} bytes from git ${args[0]}, got more`,
          ),
        );
      else if (code === 0 || (code !== null && call.also?.includes(code))) resolve(Buffer.concat(chunks));
      else reject(failed(args[0] ?? '', said, signal));
    });
  });
}

function failed(command: string, said: string, signal: NodeJS.Signals | null): GitFault {
  const text = withoutSecrets(said.trim().split('\n').slice(-3).join(' ').slice(0, 600));
  if (/tell me who you are|empty ident name/i.test(said))
    return new GitFault('git-identity-missing', 'expected git to know the author of the commit, got none', {
      hint: 'Say who you are: git config --global user.name NAME; git config --global user.email ADDRESS',
    });
  return new GitFault(
    'git-failed',
    `expected git ${command} to succeed, got ${text || (signal === null ? 'no reason' : `the end by ${signal}`)}`,
    { hint: 'Run the same against the repository by hand: access, network and ownership are git’s own.' },
  );
}
