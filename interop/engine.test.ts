// Images moved by our own copy through a registry that is not ours, and taken out of a local engine's socket.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient } from '../src/net/index.ts';
import {
  anonymous,
  copyImage,
  fromLayout,
  fromRegistry,
  openRegistry,
  toLayout,
  toRegistry,
} from '../src/transport/index.ts';
import { imageOf } from './make.ts';
import { sh } from './peers.ts';
import { essence, scanned, seaworthy } from './seaworthy.ts';
import { answering, startRegistry } from './servers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-engine-'));
const { layout } = imageOf('go');
const socket = join(work, 'engine.sock');
const http = createClient({ env: {} });
const running: ChildProcess[] = [];
let host: string;

/** Everything of podman under one folder that goes when the test ends. */
const podman = {
  CONTAINERS_STORAGE_CONF: join(work, 'storage.conf'),
  XDG_RUNTIME_DIR: join(work, 'runtime'),
};

before(async () => {
  const registry = await startRegistry(work);
  host = registry.host;
  running.push(registry.process);
  writeFileSync(
    podman.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "vfs"\nrunroot = "${work}/run"\ngraphroot = "${work}/graph"\n`,
  );
  sh(
    `mkdir -p "$XDG_RUNTIME_DIR"
    skopeo copy -q "oci:${layout}:latest" "docker-archive:${work}/saved.tar:localhost/team/app:v1" >&2
    podman load -q -i "${work}/saved.tar" >&2`,
    podman,
  );
  running.push(
    spawn('podman', ['system', 'service', '--time', '0', `unix://${socket}`], {
      stdio: 'ignore',
      env: { ...process.env, ...podman },
    }),
  );
  await answering({ path: socket });
});

after(async () => {
  for (const child of running) child.kill();
  await Promise.all(
    running.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done))),
  );
  await http.close();
  rmSync(work, { recursive: true, force: true });
});

test('our copy into a registry of others and back keeps every digest, and is scanned by reference', async () => {
  const registry = openRegistry(host, { http, credentials: anonymous });
  const digest = await copyImage(fromLayout(layout), toRegistry(registry, 'team/app'), { tag: 'v1' });
  assert.equal(
    sh(`skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://${host}/team/app:v1"`).trim(),
    digest,
  );
  const again = await copyImage(fromLayout(layout), toRegistry(registry, 'team/app', 5_000_000), {
    tag: 'v2',
  });
  assert.equal(again, digest, 'in chunks');
  const mounted = await copyImage(
    fromRegistry(registry, { repository: 'team/app', tag: 'v1' }),
    toRegistry(registry, 'other/app'),
    { tag: 'v1' },
  );
  assert.equal(mounted, digest, 'mounted');
  const back = join(work, 'back');
  await copyImage(fromRegistry(registry, { repository: 'other/app', tag: 'v1' }), toLayout(back), {
    tag: 'v1',
  });
  const expected = essence(scanned(`oci:${layout}`));
  const byReference = scanned(`${host}/other/app:v1`);
  assert.equal(byReference.target.from, 'registry');
  assert.equal(byReference.target.digest, digest);
  assert.deepEqual(essence(byReference), expected);
  assert.deepEqual(essence(scanned(`oci:${back}:v1`)), expected);
});

test('an image of podman’s socket gives what its layout gives; one it lacks is exit 2', () => {
  process.env['DOCKER_HOST'] = `unix://${socket}`;
  try {
    const named = scanned('localhost/team/app:v1');
    assert.equal(named.target.from, 'docker');
    assert.deepEqual(essence(named), essence(scanned(`oci:${layout}`)));
    assert.deepEqual(essence(scanned('docker:localhost/team/app:v1')), essence(named));
    const missing = seaworthy('scan', 'docker:localhost/team/nothing:v1');
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /image-not-here/);
  } finally {
    delete process.env['DOCKER_HOST'];
  }
});
