import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JsonObject, mediaTypes, parseManifest } from '../../image/index.ts';
import { type MadeImage, makeImage, makeIndex } from '../../testing/images.ts';
import { documentsOf } from '../../testing/rebases.ts';
import { rebaseIndex, rebaseManifest } from './manifest.ts';

const old = [[{ path: 'old', data: 'o' }]];
const next = [[{ path: 'new', data: 'n' }], [{ path: 'new2', data: 'n' }]];
const own = [[{ path: 'app', data: 'a' }]];
const names = { name: 'example.com/base:1', digest: `sha256:${'b'.repeat(64)}` };
const config = { digest: `sha256:${'c'.repeat(64)}`, bytes: Buffer.from('{}') };
const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

function rebase(app: MadeImage, newBase: MadeImage = makeImage({ layers: next })) {
  const oldBase = makeImage({ layers: old });
  return rebaseManifest(documentsOf(app), documentsOf(oldBase), documentsOf(newBase), config, names);
}

/** The same image as Docker writes it. */
function asDocker(image: MadeImage): MadeImage {
  const document = JSON.parse(image.bytes.toString());
  document.mediaType = mediaTypes.dockerManifest;
  document.config.mediaType = mediaTypes.dockerConfig;
  for (const layer of document.layers) layer.mediaType = dockerLayer;
  return { ...image, bytes: Buffer.from(JSON.stringify(document)) };
}

const read = (bytes: Buffer) =>
  JSON.parse(bytes.toString()) as JsonObject & { layers: { mediaType: string }[] };
const types = (bytes: Buffer) => read(bytes).layers.map(({ mediaType }) => mediaType);

test('an OCI image stays one whatever the new base is, and a Docker image Docker’s', () => {
  const app = makeImage({ layers: [...old, ...own] });
  const oci = rebase(app, asDocker(makeImage({ layers: next })));
  assert.equal(oci.mediaType, mediaTypes.ociManifest);
  assert.deepEqual(types(oci.bytes), Array(3).fill(mediaTypes.layerGzip));
  assert.equal(parseManifest(oci.bytes, mediaTypes.ociManifest).kind, 'manifest');
  const docker = rebase(asDocker(app));
  assert.equal(docker.mediaType, mediaTypes.dockerManifest);
  assert.deepEqual(types(docker.bytes), Array(3).fill(dockerLayer));
  assert.equal(read(docker.bytes)['annotations'], undefined, 'Docker’s manifests have none');
});

test('annotations and fields that nobody knows are kept, those of the base name the new one', () => {
  const annotations = { a: 'b', 'org.opencontainers.image.base.digest': 'sha256:old' };
  const app = makeImage({ layers: [...old, ...own], annotations, manifest: { 'org.example': [1] } });
  const document = read(rebase(app).bytes);
  assert.deepEqual(document['annotations'], {
    a: 'b',
    'org.opencontainers.image.base.digest': names.digest,
    'org.opencontainers.image.base.name': names.name,
  });
  assert.deepEqual(document['org.example'], [1]);
});

test('the layers are the new base’s blobs and the image’s own, byte for byte', () => {
  const app = makeImage({ layers: [...old, ...own] });
  const base = makeImage({ layers: next, compression: 'zstd' });
  const result = rebase(app, base);
  const manifest = parseManifest(result.bytes);
  assert.ok(manifest.kind === 'manifest');
  assert.deepEqual(
    manifest.layers.map(({ digest }) => digest),
    [...documentsOf(base).manifest.layers, documentsOf(app).manifest.layers[1]!].map(({ digest }) => digest),
  );
  assert.deepEqual([result.below.length, result.above.length], [2, 1]);
  assert.deepEqual(rebase(app, base).bytes, result.bytes);
});

test('a layer of the new base that may not be given on is refused', () => {
  const base = makeImage({ layers: next });
  const document = read(base.bytes);
  document.layers[0]!.mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  const foreign = { ...base, bytes: Buffer.from(JSON.stringify(document)) };
  assert.throws(() => rebase(makeImage({ layers: [...old, ...own] }), foreign), {
    code: 'rebase-unsupported',
  });
});

test('an index is made again over its rebased platforms, without what speaks of the old ones', () => {
  const platforms = ['amd64', 'arm64'].map((architecture) =>
    makeImage({ layers: own, platform: { os: 'linux', architecture } }),
  );
  const index = makeIndex(platforms);
  const document = JSON.parse(index.bytes.toString());
  document.manifests.push({
    ...document.manifests[0],
    digest: `sha256:${'d'.repeat(64)}`,
    platform: { os: 'unknown', architecture: 'unknown' },
  });
  document.annotations = { a: 'b', 'org.opencontainers.image.base.name': 'old' };
  document.manifests[0].annotations = { c: 'd' };
  const manifest = parseManifest(Buffer.from(JSON.stringify(document)));
  assert.ok(manifest.kind === 'index');
  const made = rebaseIndex(
    { manifest, document },
    platforms.map(({ descriptor }, at) => ({
      oldDigest: descriptor.digest,
      digest: `sha256:${String(at).repeat(64)}`,
      size: 7,
    })),
    names,
  );
  const result = JSON.parse(made.bytes.toString());
  assert.deepEqual(
    result.manifests.map(({ digest, size, platform, annotations }: JsonObject) => [
      String(digest).slice(7, 9),
      size,
      (platform as JsonObject)['architecture'],
      annotations,
    ]),
    [
      ['00', 7, 'amd64', { c: 'd' }],
      ['11', 7, 'arm64', undefined],
    ],
  );
  assert.equal(result.annotations['org.opencontainers.image.base.name'], names.name);
  assert.equal(result.annotations.a, 'b');
  assert.equal(made.mediaType, mediaTypes.ociIndex);
});
