// The release, as it is published: what is in it, and what it says on an older Node.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root, sh } from './peers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-package-'));
after(() => rmSync(work, { recursive: true, force: true }));
const place = join(work, 'package');
sh(`"${process.execPath}" "${root}/scripts/bundle.ts" "${place}" >&2`);
const run = (node: string, ...args: string[]) =>
  spawnSync(node, [join(place, 'bin/seaworthy.cjs'), '--home', join(work, 'home'), ...args], {
    encoding: 'utf8',
  });

test('the release depends on nothing, the Node packages least of all, and packs', () => {
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(manifest['dependencies'], undefined);
  assert.equal(manifest['optionalDependencies'], undefined);
  assert.deepEqual(manifest['engines'], { node: '>=24.15.0' });
  const files = (
    JSON.parse(sh(`cd "${place}" && npm pack --dry-run --json 2>/dev/null`)) as {
      files: { path: string }[];
    }[]
  )[0]!.files.map(({ path }) => path);
  for (const needed of [
    'bin/seaworthy.cjs',
    'dist/main.js',
    'dist/worker.js',
    'data/seed.db.zst',
    'data/NOTICE',
    'LICENSE',
    'README.md',
  ])
    assert.ok(files.includes(needed), needed);
  assert.ok(readdirSync(join(place, 'dist')).length > 2);
});

test('on an older Node it exits 2 and names the version it needs; on the pinned one it scans', () => {
  const older = sh(
    `for n in /usr/bin/node /usr/local/bin/node; do [ -x $n ] && $n -e 'process.exit(+process.versions.node.split(".")[0] < 24 ? 0 : 1)' && echo $n && break; done`,
  ).trim();
  const refused = run(older, 'scan', 'dir:/etc');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /needs Node 24\.15\.0 or newer, this is v\d+/);
  const done = run(process.execPath, 'scan', `dir:${root}`, '--format', 'json');
  assert.equal(done.stderr, '');
  assert.ok((JSON.parse(done.stdout) as { packages: unknown[] }).packages.length > 50);
});

test('a checkout on an older Node re-runs itself on the one it brings along', () => {
  const older = sh(
    `for n in /usr/bin/node /usr/local/bin/node; do [ -x $n ] && $n -e 'process.exit(+process.versions.node.split(".")[0] < 24 ? 0 : 1)' && echo $n && break; done`,
  ).trim();
  const done = spawnSync(older, [join(root, 'bin/seaworthy.cjs'), '--version'], { encoding: 'utf8' });
  assert.deepEqual([done.status, done.stderr], [0, '']);
});
