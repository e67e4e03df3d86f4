// Rebased images beside crane's, in Debian's docker-registry: valid to crane and skopeo, the same layers as crane puts
// together where it is right, and right where it is known to be wrong (images without a history, what was inherited, the
// family of the manifest).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHome } from '../src/core/index.ts';
import { createClient } from '../src/net/index.ts';
import { createRebaser } from '../src/renewal/rebaseimage.ts';
import { memoryResults } from '../src/store/index.ts';
import { type MadeImage, makeImage, writeLayout } from '../src/testing/images.ts';
import { debianLayer, linkedProgram } from '../src/testing/rebases.ts';
import {
  anonymous,
  copyImage,
  fetchManifest,
  fromLayout,
  openRegistry,
  toRegistry,
} from '../src/transport/index.ts';
import { bin } from './peers.ts';
import { startRegistry } from './servers.ts';

const crane = (...args: string[]) => execFileSync(join(bin, 'crane'), args, { encoding: 'utf8' });
const labels = { 'dev.seaworthy.rebasable': 'true' };
const env = (...Env: string[]) => ({ config: { Env, Cmd: ['sh'], Labels: labels } });
const oldLayers = [debianLayer(), [{ path: 'usr/local/x', data: 'old' }]];
const newLayers = [
  debianLayer({ packages: { openssl: '3.0.15-1' } }),
  [{ path: 'usr/local/x', data: 'new' }],
];
const own = [[linkedProgram('app/server', 'libssl.so.3')], [{ path: 'app/data', data: 'x' }]];

async function scene(t: TestContext) {
  const work = mkdtempSync(join(tmpdir(), 'seaworthy-rebase-'));
  const { host, process: server } = await startRegistry(work);
  const http = createClient({ env: {} });
  t.after(async () => {
    server.kill();
    await http.close();
    rmSync(work, { recursive: true, force: true });
  });
  const registry = openRegistry(host, { http, credentials: anonymous });
  const push = async (repository: string, image: MadeImage) => {
    const layout = mkdtempSync(join(work, 'layout-'));
    writeLayout(layout, [{ images: [image], tag: 'x' }]);
    const digest = await copyImage(fromLayout(layout, 'x'), toRegistry(registry, repository), { tag: '1' });
    return { registry, repository, digest };
  };
  const rebaser = createRebaser({
    home: openHome(join(work, 'home'), {}),
    results: memoryResults(),
    threads: 1,
  });
  /** Both ways; the names of the results. */
  const rebase = async (app: MadeImage, oldBase: MadeImage, newBase: MadeImage) => {
    const [image, old, next] = [
      await push('app', app),
      await push('base', oldBase),
      await push('fixed', newBase),
    ];
    crane(
      'rebase',
      `${host}/app@${image.digest}`,
      '--old_base',
      `${host}/base@${old.digest}`,
      '--new_base',
      `${host}/fixed@${next.digest}`,
      '-t',
      `${host}/app:theirs`,
    );
    const result = await rebaser.rebase({
      app: image,
      oldBase: old,
      newBase: { ...next, name: `${host}/fixed:1` },
      to: { registry, repository: 'app', stagingTag: 'ours' },
    });
    assert.equal(result.unproven, undefined);
    return { ours: `${host}/app:ours`, theirs: `${host}/app:theirs`, result };
  };
  const configOf = (name: string) => JSON.parse(crane('config', name));
  return { registry, rebase, configOf };
}

test('crane and skopeo find a rebased image valid, and its layers are those that crane puts together', async (t) => {
  const { rebase, configOf } = await scene(t);
  const app = makeImage({ layers: [...oldLayers, ...own], config: env('PATH=/bin', 'MODE=prod') });
  const { ours, theirs } = await rebase(
    app,
    makeImage({ layers: oldLayers, config: env('PATH=/bin') }),
    makeImage({ layers: newLayers, config: env('PATH=/bin') }),
  );
  assert.match(crane('validate', '--remote', ours), /PASS/);
  const layersOf = (name: string) =>
    JSON.parse(crane('manifest', name)).layers.map(({ digest }: { digest: string }) => digest);
  assert.deepEqual(layersOf(ours), layersOf(theirs));
  assert.deepEqual(configOf(ours).rootfs, configOf(theirs).rootfs);
  const seen = JSON.parse(
    execFileSync('skopeo', ['inspect', '--tls-verify=false', `docker://${ours}`], { encoding: 'utf8' }),
  );
  assert.deepEqual(seen.Layers, layersOf(ours));
  assert.deepEqual(seen.Env, ['PATH=/bin', 'MODE=prod']);
});

test('where crane drops a layer, keeps what was inherited and changes the family, Seaworthy does not', async (t) => {
  const { registry, rebase, configOf } = await scene(t);
  const without = { history: undefined, variant: 'v2', created: '2026-01-01T00:00:00Z' };
  const app = makeImage({
    layers: [...oldLayers, ...own],
    annotations: { team: 'a' },
    config: { ...env('PATH=/bin', 'NODE_VERSION=20.1.0'), ...without },
  });
  const { ours, theirs } = await rebase(
    app,
    makeImage({ layers: oldLayers, config: { ...env('PATH=/bin', 'NODE_VERSION=20.1.0'), ...without } }),
    makeImage({ layers: newLayers, config: { ...env('PATH=/bin:/new', 'NODE_VERSION=20.2.0'), ...without } }),
  );
  assert.match(crane('validate', '--remote', ours), /PASS/);
  const [mine, others] = [configOf(ours), configOf(theirs)];
  assert.equal(mine.rootfs.diff_ids.length, 4);
  assert.equal(
    others.rootfs.diff_ids.length,
    3,
    'crane has learnt to keep the layer: this test has had its day',
  );
  assert.deepEqual(mine.config.Env, ['PATH=/bin:/new', 'NODE_VERSION=20.2.0']);
  assert.deepEqual(others.config.Env, ['PATH=/bin', 'NODE_VERSION=20.1.0']);
  assert.equal(mine.variant, 'v2');
  const manifest = await fetchManifest(registry, 'app', 'ours');
  assert.equal(manifest.mediaType, 'application/vnd.oci.image.manifest.v1+json');
  assert.equal(manifest.manifest.annotations['team'], 'a');
});
