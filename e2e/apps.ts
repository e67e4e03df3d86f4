// Small images that really run: one static program of ours, built by buildah, pushed where the nodes pull from.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(homedir(), '.cache', 'seaworthy-e2e');

/** Sleeps until it is told to stop; told to crash, it does. */
const source = `#include <signal.h>
#include <string.h>
#include <unistd.h>
static void stop(int s) { _exit(0); }
int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "crash") == 0) return 7;
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  for (;;) pause();
}
`;

/** The program as a file's bytes. */
export function appProgram(): Buffer {
  return readFileSync(program());
}

function program(): string {
  const file = join(cache, 'app');
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${file}.c`, source);
    execFileSync('gcc', ['-static', '-Os', '-s', '-o', `${file}.${process.pid}`, `${file}.c`]);
    execFileSync('mv', [`${file}.${process.pid}`, file]);
  }
  return file;
}

export interface AppOptions {
  /** Makes the image another one. */
  mark: string;
  crash?: boolean;
  /** Version of Debian's zlib1g that the image says it has. */
  zlib?: string;
}

/** Builds and pushes; gives the digest. `work`: where buildah keeps its things. */
export function pushApp(reference: string, options: AppOptions, work: string): string {
  const context = mkdtempSync(join(work, 'context-'));
  execFileSync('cp', [program(), join(context, 'app')]);
  const lines = ['FROM scratch', 'COPY app /app', `LABEL mark=${options.mark}`];
  if (options.zlib !== undefined) {
    mkdirSync(join(context, 'root/etc'), { recursive: true });
    mkdirSync(join(context, 'root/var/lib/dpkg'), { recursive: true });
    writeFileSync(
      join(context, 'root/etc/os-release'),
      'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    );
    writeFileSync(
      join(context, 'root/var/lib/dpkg/status'),
      `Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${options.zlib}\nSource: zlib\n`,
    );
    lines.push('COPY root /');
  }
  lines.push('USER 65532', `ENTRYPOINT ["/app"${options.crash === true ? ', "crash"' : ''}]`);
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  const store = ['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')];
  const digestFile = join(context, 'digest');
  const plain = reference.startsWith('127.0.0.1:') ? ['--tls-verify=false'] : [];
  execFileSync('buildah', [...store, 'bud', '--isolation', 'chroot', '-q', '-t', reference, context], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync(
    'buildah',
    [...store, 'push', '-q', ...plain, '--digestfile', digestFile, reference, `docker://${reference}`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return readFileSync(digestFile, 'utf8').trim();
}
