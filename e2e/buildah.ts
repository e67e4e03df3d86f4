// Images as a team builds them: a Dockerfile, buildah, pushed to a registry; for one platform or both.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Context {
  lines: readonly string[];
  files?: Record<string, string | Buffer>;
  /** Directories that are copied in, by their name there. */
  trees?: Record<string, string>;
}

export const both = 'linux/amd64,linux/arm64';

export function writeContext(dir: string, { lines, files = {}, trees = {} }: Context): void {
  mkdirSync(dir, { recursive: true });
  for (const [path, from] of Object.entries(trees))
    cpSync(from, join(dir, path), { recursive: true, verbatimSymlinks: true });
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), data, { mode: 0o755 });
  }
  writeFileSync(join(dir, 'Dockerfile'), `${lines.join('\n')}\n`);
}

/** Builds and pushes. `work`: where buildah keeps its things. */
export function build(work: string, reference: string, context: Context, platforms = 'linux/amd64'): void {
  const dir = mkdtempSync(join(work, 'context-'));
  writeContext(dir, context);
  const store = ['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')];
  const buildah = (...args: string[]) =>
    execFileSync('buildah', [...store, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const common = ['bud', '--isolation', 'chroot', '--pull-always', '-q'];
  if (!platforms.includes(',')) {
    buildah(...common, '-t', reference, dir);
    buildah('push', '-q', reference, `docker://${reference}`);
    return;
  }
  const list = `list-${mkdtempSync(join(work, 'x')).slice(-6).toLowerCase()}`;
  buildah(...common, '--platform', platforms, '--manifest', list, dir);
  buildah('manifest', 'push', '-q', '--all', list, `docker://${reference}`);
}
