// Images of a few kilobytes whose pods work, crash, never get ready or end well: static programs, pushed to a registry
// that the nodes can pull from.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering } from '../interop/servers.ts';
import { digestOf } from '../src/image/index.ts';
import { createClient } from '../src/net/index.ts';
import { makeImage, type TarFile } from '../src/testing/images.ts';
import { anonymous, openRegistry, pushBlob, pushManifest } from '../src/transport/index.ts';

/** `/bin/sh` of each image; with ONCE it ends well at once. `/bin/ok` is what its readiness probe runs. */
const programs = {
  pause: `#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\nstatic void end(int s) { _exit(0); }\nint main(void) { signal(SIGTERM, end); if (getenv("ONCE")) return 0; for (;;) pause(); }\n`,
  crash: 'int main(void) { return 3; }\n',
  ok: 'int main(void) { return 0; }\n',
};

export interface RolloutImages {
  repository: string;
  /** By digest: three that work, one that crashes, one that never gets ready. */
  good: [string, string, string];
  crash: string;
  unready: string;
  /** One more that works, or crashes. */
  another(program: 'pause' | 'crash'): Promise<string>;
  stop(): void;
}

/** E2E_REGISTRY, or Debian's docker-registry over plain HTTP on a port that the test cluster's nodes pull from. */
export async function pushRolloutImages(name: string): Promise<RolloutImages> {
  const work = mkdtempSync(join(tmpdir(), 'seaworthy-rollout-'));
  const registry = process.env['E2E_REGISTRY'] ?? '127.0.0.1:5001';
  const [host = '', prefix] = [registry.split('/')[0], registry.split('/').slice(1).join('/')];
  const child = process.env['E2E_REGISTRY'] === undefined ? await startPlainRegistry(work, 5001) : undefined;
  const built = Object.fromEntries(
    Object.entries(programs).map(([program, source]) => [program, compiled(work, program, source)]),
  ) as Record<keyof typeof programs, Buffer>;
  const repository = prefix === '' ? name : `${prefix}/${name}`;
  const http = createClient();
  const target = openRegistry(host, { http, credentials: anonymous });
  const push = async (label: string, main: Buffer, hasProbe = true): Promise<string> => {
    const program = (path: string, data: Buffer): TarFile => ({ path, data, mode: 0o755 });
    const files = [program('bin/sh', main), ...(hasProbe ? [program('bin/ok', built.ok)] : [])];
    const image = makeImage({ layers: [[...files, { path: 'label', data: label }]] });
    for (const blob of image.blobs.values())
      await pushBlob(target, repository, { digest: digestOf(blob), size: blob.length }, async function* () {
        yield blob;
      });
    await pushManifest(target, repository, label, image.bytes, image.descriptor.mediaType);
    return image.descriptor.digest;
  };
  let more = 0;
  return {
    repository: `${host}/${repository}`,
    good: [
      await push('good1', built.pause),
      await push('good2', built.pause),
      await push('good3', built.pause),
    ],
    crash: await push('crash', built.crash),
    unready: await push('unready', built.pause, false),
    another: (program) => push(`${program}-${++more}`, built[program]),
    stop() {
      void http.close();
      child?.kill();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

function compiled(work: string, name: string, source: string): Buffer {
  writeFileSync(join(work, `${name}.c`), source);
  execFileSync('gcc', ['-static', '-Os', '-s', '-o', join(work, name), join(work, `${name}.c`)]);
  return readFileSync(join(work, name));
}

async function startPlainRegistry(work: string, port: number): Promise<ReturnType<typeof spawn> | undefined> {
  if (await isThere(port)) return undefined;
  const storage = { filesystem: { rootdirectory: join(work, 'data') } };
  const config = { version: 0.1, storage, http: { addr: `127.0.0.1:${port}` }, log: { level: 'error' } };
  writeFileSync(join(work, 'registry.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(work, 'registry.yml')], { stdio: 'ignore' });
  await answering({ host: '127.0.0.1', port });
  return child;
}

function isThere(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect({ host: '127.0.0.1', port }, () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', () => resolve(false));
  });
}
