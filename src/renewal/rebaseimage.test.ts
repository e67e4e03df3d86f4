import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mediaTypes, parseConfig } from '../image/index.ts';
import { memoryResults } from '../store/index.ts';
import { type MadeImage, makeImage } from '../testing/images.ts';
import { debianLayer, linkedProgram, makeApp } from '../testing/rebases.ts';
import { openYard, type Yard } from '../testing/yard.ts';
import { anonymous, fetchBlob, fetchManifest, findManifest, openRegistry } from '../transport/index.ts';
import type { ResolvedImage } from '../trust/index.ts';
import type { Located } from './rebasebases.ts';
import { createRebaser, type RebaseRequest, type Rebaser } from './rebaseimage.ts';

const oldLayer = debianLayer();
const newLayer = debianLayer({ packages: { openssl: '3.0.15-1' } });
const own = [[linkedProgram('app/server', 'libssl.so.3')]];
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
const label = { labels: { 'dev.seaworthy.rebasable': 'true' } };

interface Scene {
  yard: Yard;
  rebaser: Rebaser;
  order(
    app: ResolvedImage,
    oldBase: ResolvedImage,
    newBase: ResolvedImage,
    more?: Partial<RebaseRequest>,
  ): RebaseRequest;
}

async function open(t: TestContext): Promise<Scene> {
  const yard = await openYard(t);
  const registry = openRegistry(yard.host, { http: yard.http, credentials: anonymous });
  const at = ({ reference, digest }: ResolvedImage): Located => ({
    registry,
    repository: reference.repository,
    digest,
  });
  return {
    yard,
    rebaser: createRebaser({ home: yard.home, results: memoryResults(), threads: 1 }),
    order: (app, oldBase, newBase, more = {}) => ({
      app: at(app),
      oldBase: at(oldBase),
      newBase: { ...at(newBase), name: `${yard.host}/base:12` },
      to: { registry, repository: app.reference.repository, stagingTag: 'staging' },
      ...more,
    }),
  };
}

function pushAll({ yard }: Scene, app: readonly MadeImage[], platforms = [amd64]) {
  const images = (layer: typeof oldLayer) =>
    platforms.map((platform) => makeImage({ layers: [layer], platform }));
  return Promise.all([
    yard.push('team/app', app),
    yard.push('base', images(oldLayer), '12'),
    yard.push('base', images(newLayer), '12-new'),
  ]);
}

test('an image is rebased in its repository: base layers mounted, nothing sent again, only the staging tag moved', async (t) => {
  const scene = await open(t);
  const made = makeApp([oldLayer], own, label);
  const [app, oldBase, newBase] = await pushAll(scene, [made]);
  const order = scene.order(app, oldBase, newBase);
  const result = await scene.rebaser.rebase(order);
  assert.equal(result.unproven, undefined);
  assert.deepEqual([result.mounted, result.copied], [1, 0]);
  const { registry, repository } = order.to;
  const staged = await fetchManifest(registry, repository, 'staging');
  assert.equal(staged.digest, result.digest);
  assert.equal((await fetchManifest(registry, repository, 'v1')).digest, app.digest, 'its own tag stays');
  assert.ok(staged.manifest.kind === 'manifest');
  assert.equal(staged.manifest.annotations['org.opencontainers.image.base.digest'], newBase.digest);
  assert.equal(
    staged.manifest.annotations['org.opencontainers.image.base.name'],
    `${scene.yard.host}/base:12`,
  );
  const config = parseConfig(await fetchBlob(registry, repository, staged.manifest.config));
  assert.deepEqual(config.diffIds, makeImage({ layers: [newLayer, ...own] }).diffIds);
  for (const layer of staged.manifest.layers) await fetchBlob(registry, repository, layer);
  assert.deepEqual(
    result.platforms[0]!.changes?.upgraded.map(({ name }) => name),
    ['openssl'],
  );
  scene.yard.requests.length = 0;
  const again = await scene.rebaser.rebase(order);
  assert.equal(again.digest, result.digest, 'the same request makes the same image');
  assert.ok(scene.yard.requests.length <= 6, scene.yard.requests.join('\n'));
});

test('an index is rebased platform by platform and made again, attestations about the old images left out', async (t) => {
  const scene = await open(t);
  const platforms = [amd64, arm];
  const images = platforms.map((platform) => makeApp([oldLayer], own, { ...label, platform }));
  const attestation = makeImage({ layers: [[{ path: 'x', data: 'in-toto' }]] });
  const hidden = {
    ...attestation,
    descriptor: {
      ...attestation.descriptor,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    },
  };
  const [app, oldBase, newBase] = await pushAll(scene, [...images, hidden], platforms);
  const order = scene.order(app, oldBase, newBase);
  const result = await scene.rebaser.rebase(order);
  assert.deepEqual(result.dropped, [attestation.descriptor.digest]);
  const index = await fetchManifest(order.to.registry, order.to.repository, 'staging');
  assert.equal(index.digest, result.digest);
  assert.ok(index.manifest.kind === 'index');
  assert.deepEqual(
    index.manifest.manifests.map(({ digest, platform }) => [
      digest,
      platform?.architecture,
      platform?.variant,
    ]),
    [
      [result.platforms[0]!.newDigest, 'amd64', undefined],
      [result.platforms[1]!.newDigest, 'arm', 'v7'],
    ],
  );
  const second = await fetchManifest(order.to.registry, order.to.repository, result.platforms[1]!.newDigest!);
  assert.ok(second.manifest.kind === 'manifest');
  const config = JSON.parse(
    (await fetchBlob(order.to.registry, order.to.repository, second.manifest.config)).toString(),
  );
  assert.deepEqual([config.architecture, config.variant], ['arm', 'v7']);
});

test('one platform that is not proven keeps all of them from being pushed, and is named', async (t) => {
  const scene = await open(t);
  const images = [
    makeApp([oldLayer], own, { ...label, platform: amd64 }),
    makeApp(
      [oldLayer],
      [[{ path: 'var/lib/dpkg/status', data: 'Package: x\nStatus: install ok installed\nVersion: 1\n' }]],
      { ...label, platform: arm },
    ),
  ];
  const [app, oldBase, newBase] = await pushAll(scene, images, [amd64, arm]);
  const order = scene.order(app, oldBase, newBase);
  scene.yard.requests.length = 0;
  const result = await scene.rebaser.rebase(order);
  assert.match(result.unproven ?? '', /^linux\/arm\/v7: databases: /);
  assert.equal(result.digest, undefined);
  assert.deepEqual(
    result.platforms.map(({ newDigest }) => newDigest),
    [undefined, undefined],
  );
  assert.deepEqual(
    scene.yard.requests.filter((request) => !/^(?:GET|HEAD) /.test(request)),
    [],
  );
  assert.equal(await findManifest(order.to.registry, order.to.repository, 'staging'), undefined);
});

test('a platform that a base does not have is named', async (t) => {
  const scene = await open(t);
  const images = [amd64, arm].map((platform) => makeApp([oldLayer], own, { ...label, platform }));
  const [app, oldBase, newBase] = await pushAll(scene, images);
  const result = await scene.rebaser.rebase(scene.order(app, oldBase, newBase));
  assert.equal(result.unproven, 'linux/arm/v7: platform: the old base has no linux/arm/v7');
});

test('an image that does not stand on the old base is not taken for one, and leaves nothing wrong behind', async (t) => {
  const scene = await open(t);
  const [app, oldBase, newBase] = await pushAll(scene, [makeApp([oldLayer], own, label)]);
  const other = await scene.yard.push('team/other', [
    makeImage({ layers: [[{ path: 'x', data: 'y' }]], ...label }),
  ]);
  const wrong = await scene.rebaser.rebase(scene.order(other, oldBase, newBase));
  assert.match(wrong.unproven ?? '', /^base: the 1 layers of the base are not the lowest/);
  assert.equal((await scene.rebaser.rebase(scene.order(app, oldBase, newBase))).unproven, undefined);
});

test('a registry that refuses to mount gets the layer streamed', async (t) => {
  const scene = await open(t);
  const [app, oldBase, newBase] = await pushAll(scene, [makeApp([oldLayer], own, label)]);
  scene.yard.meddle((request) => {
    // an older registry ignores what it does not know and starts an upload
    if (request.raw.url?.includes('mount=')) request.raw.url = request.raw.url.replace(/\?.*/, '');
    if (request.query !== null && typeof request.query === 'object')
      delete (request.query as { mount?: string }).mount;
    return undefined;
  });
  const result = await scene.rebaser.rebase(scene.order(app, oldBase, newBase));
  assert.deepEqual([result.mounted, result.copied], [0, 1]);
  assert.notEqual(result.digest, undefined);
});

test('a base that is gone from its registry is taken from what was kept, else said to be gone', async (t) => {
  const scene = await open(t);
  const base = makeImage({ layers: [oldLayer] });
  const [app, oldBase, newBase] = await pushAll(scene, [makeApp([oldLayer], own, label)]);
  scene.yard.meddle((request, reply) =>
    request.url.includes(oldBase.digest) ? reply.code(404).send({ errors: [] }) : undefined,
  );
  await assert.rejects(scene.rebaser.rebase(scene.order(app, oldBase, newBase)), { code: 'base-gone' });
  const kept = new Map([
    [base.descriptor.digest, base.bytes],
    [JSON.parse(base.bytes.toString()).config.digest as string, base.config],
  ]);
  const keeper = createRebaser({
    home: scene.yard.home,
    results: memoryResults(),
    kept: async (digest) => kept.get(digest),
    threads: 1,
  });
  assert.equal((await keeper.rebase(scene.order(app, oldBase, newBase))).unproven, undefined);
});

test('a base is read once for all images on it, and linked layers are asked for only where it matters', async (t) => {
  const scene = await open(t);
  const motd = [[{ path: 'etc/motd', data: 'mine' }]];
  const [app, oldBase, newBase] = await pushAll(scene, [makeApp([oldLayer], motd)]);
  const asked: string[] = [];
  const isLinked = async (digest: string) => {
    asked.push(digest);
    return true;
  };
  const result = await scene.rebaser.rebase(scene.order(app, oldBase, newBase, { isLinked }));
  assert.equal(result.unproven, undefined);
  assert.deepEqual(asked, [app.digest]);
  const second = await scene.yard.push('team/second', [makeApp([oldLayer], own, label)]);
  scene.yard.requests.length = 0;
  assert.equal(
    (await scene.rebaser.rebase(scene.order(second, oldBase, newBase, { isLinked }))).unproven,
    undefined,
  );
  assert.deepEqual(asked.length, 1);
  const reads = scene.yard.requests.filter((request) => request.startsWith('GET '));
  assert.equal(reads.length, 3, `manifest, config and its own layer:\n${reads.join('\n')}`);
});

test('a Docker image stays one, and nothing is rebased without a word of anybody', async (t) => {
  const scene = await open(t);
  const plain = makeApp([oldLayer], own);
  const document = JSON.parse(plain.bytes.toString());
  document.mediaType = mediaTypes.dockerManifest;
  document.config.mediaType = mediaTypes.dockerConfig;
  for (const layer of document.layers) layer.mediaType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const docker = makeApp([oldLayer], own, { manifest: document });
  const descriptor = { ...docker.descriptor, mediaType: mediaTypes.dockerManifest };
  const [app, oldBase, newBase] = await pushAll(scene, [{ ...docker, descriptor }]);
  assert.match(
    (await scene.rebaser.rebase(scene.order(app, oldBase, newBase))).unproven ?? '',
    /^consent: nobody/,
  );
  const result = await scene.rebaser.rebase(scene.order(app, oldBase, newBase, { permitted: true }));
  assert.equal(result.mediaType, mediaTypes.dockerManifest);
});

test('no layer is read for an image that its documents alone show not to be rebased', async (t) => {
  const scene = await open(t);
  const windows = { platform: { os: 'windows', architecture: 'amd64' } };
  const foreign = makeApp([oldLayer], own, { ...label, ...windows });
  const bases = [oldLayer, newLayer].map((layer) => makeImage({ layers: [layer], ...windows }));
  const app = await scene.yard.push('team/windows', [foreign]);
  const [oldBase, newBase] = [
    await scene.yard.push('w', [bases[0]!], '1'),
    await scene.yard.push('w', [bases[1]!], '2'),
  ];
  scene.yard.requests.length = 0;
  const result = await scene.rebaser.rebase(scene.order(app, oldBase, newBase));
  assert.match(result.unproven ?? '', /^platform: .*only Linux images are rebased/);
  const { layers } = JSON.parse(foreign.bytes.toString()) as { layers: { digest: string }[] };
  for (const { digest } of layers)
    assert.ok(!scene.yard.requests.some((request) => request.includes(digest)), 'no layer was asked for');
});
