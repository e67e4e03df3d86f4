// A real PostgreSQL in a directory of its own, which can be stopped, killed and started again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './sigstore/port.ts';

export interface PostgresServer {
  port: number;
  /** The certificate of the authority that the server's own comes from; it names `localhost`. */
  authority: string;
  /** Over TCP, with a password. */
  url: string;
  /** As by an administrator: clients are cut off, what they began is undone. */
  restart(): Promise<void>;
  /** kill -9 of the server and all that belongs to it, and a start that recovers. */
  crash(): Promise<void>;
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's, the newest one. */
function programs(): string {
  const [newest] = globSync('/usr/lib/postgresql/*/bin').sort(
    (a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]),
  );
  if (newest === undefined) throw new Error('expected PostgreSQL under /usr/lib/postgresql, got none');
  return newest;
}

/** It refuses to run as root. */
function who(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** `settings`: `name=value` of its configuration. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const bin = programs();
  const user = who();
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-postgres-'));
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid!);
  const run = (program: string, args: string[]) =>
    execFileSync(join(bin, program), args, { ...user, cwd: directory, encoding: 'utf8' });
  const secret = join(directory, 'password');
  writeFileSync(secret, 'tide\n', { mode: 0o644 });
  const data = join(directory, 'data');
  run('initdb', [
    '-D',
    data,
    '-U',
    'sea',
    '-A',
    'scram-sha-256',
    `--pwfile=${secret}`,
    '-E',
    'UTF8',
    '--no-sync',
  ]);
  const authority = makeCertificates(data, user);
  const port = await freePort();
  let server: ChildProcess | undefined;
  const up = async () => {
    server = spawn(
      // it does not outlive this process, however that ends
      'setpriv',
      [
        '--pdeathsig',
        'INT',
        join(bin, 'postgres'),
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        `unix_socket_directories=${directory}`,
        '-c',
        'max_connections=200',
        '-c',
        'ssl=on',
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      { ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    for await (const piece of server.stderr!) {
      said += String(piece);
      if (said.includes('ready to accept connections')) break;
    }
    if (server.exitCode !== null || !said.includes('ready to accept')) throw new Error(said);
  };
  const end = async (signal: 'SIGINT' | 'SIGKILL') => {
    if (server === undefined) return;
    const gone = once(server, 'exit');
    // the backends are its children and do not end with it at once
    const backends = signal === 'SIGKILL' ? children(server.pid!) : [];
    server.kill(signal);
    for (const pid of backends) kill(pid);
    await gone;
    server = undefined;
  };
  await up();
  return {
    port,
    authority,
    url: `postgres://sea:tide@127.0.0.1:${port}/postgres`,
    up,
    down: () => end('SIGINT'),
    async restart() {
      await end('SIGINT');
      await up();
    },
    async crash() {
      await end('SIGKILL');
      rmSync(join(data, 'postmaster.pid'), { force: true });
      await up();
    },
    async stop() {
      await end('SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** By openssl: an authority, and a certificate of it where the server looks for one. */
function makeCertificates(data: string, user: { uid?: number; gid?: number }): string {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { ...user, cwd: data, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=sea authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(join(data, '..', 'names'), 'subjectAltName=DNS:localhost');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-days',
    '2',
    '-extfile',
    '../names',
    '-out',
    'server.crt',
  );
  return join(data, 'ca.crt');
}

function children(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it was gone before
  }
}
