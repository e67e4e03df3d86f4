// Credential helpers: programs called docker-credential-NAME that keep registry credentials (the protocol of
// docker-credential-helpers).
import { spawn } from 'node:child_process';
import { parseJson } from '../../core/index.ts';
import type { Credential } from './credential.ts';
import { RemoteFault } from './fault.ts';

const longestAnswer = 64 << 10;
const patience = 30_000;

/**
 * Asks a helper for a server's credential; undefined when it has none. The program is found on PATH and started
 * without a shell. Throws RemoteFault `credential-helper-failed`.
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<Credential | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name))
    throw failed(name, 'a name that is no program of that kind');
  const { code, output } = await run(`docker-credential-${name}`, server, env, name);
  if (code !== 0) {
    if (/credentials not found|no credentials/i.test(output)) return undefined;
    throw failed(name, `exit code ${code}`);
  }
  let answer: { Username?: unknown; Secret?: unknown } | null;
  try {
    answer = parseJson(output) as typeof answer;
  } catch (cause) {
    throw failed(name, 'an answer that is no JSON', cause);
  }
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(name, 'an answer without Username and Secret');
  if (secret === '') return undefined;
  return username === '<token>'
    ? { kind: 'identity', token: secret }
    : { kind: 'basic', username, password: secret };
}

function run(
  program: string,
  input: string,
  env: NodeJS.ProcessEnv,
  name: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    const pieces: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > longestAnswer) child.kill('SIGKILL');
      else pieces.push(piece);
    });
    child.once('error', (cause) => reject(failed(name, 'a program that cannot be started', cause)));
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces).toString('utf8') }));
    // a helper that ends without reading its input closes the pipe: its exit code says what happened
    child.stdin.on('error', () => {});
    child.stdin.end(`${input}\n`);
  });
}

function failed(name: string, got: string, cause?: unknown): RemoteFault {
  return new RemoteFault(
    'credential-helper-failed',
    `expected a credential from docker-credential-${name.slice(0, 64)}, got ${got}`,
    {
      hint: 'Run the helper by hand, or take it out of config.json (credsStore, credHelpers).',
      cause,
    },
  );
}
