import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { openHome } from '../core/index.ts';
import { digestOf, parsePlatform } from '../image/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';
import { createRegistry } from '../registry/index.ts';
import { layoutFiles, makeImage, makeTar, savedFiles, tarOfFiles, writeLayout } from '../testing/images.ts';
import { copyImage, fromLayout, fromRegistry, toLayout, toRegistry } from './copy.ts';
import { type OpenOptions, openTarget } from './open.ts';
import { openRegistry } from './remote/index.ts';
import type { ImageTarget, LayerSource } from './target.ts';

const amd64 = makeImage({
  layers: [[{ path: 'etc/a', data: 'a' }], [{ path: 'etc/b', data: 'b' }]],
  annotations: { note: 'x' },
});
const arm64 = makeImage({ platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
const windows = makeImage({ platform: { os: 'windows', architecture: 'amd64' } });
const linuxAmd64 = parsePlatform('linux/amd64');

let folder: string;
let http: HttpClient;
let options: OpenOptions;
let registry: FastifyInstance;
let domain: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'open-'));
  http = createClient({ env: {} });
  options = {
    http,
    home: openHome(join(folder, 'home')),
    platform: linuxAmd64,
    engines: [],
    credentials: async () => undefined,
  };
  writeLayout(join(folder, 'layout'), [
    { tag: 'one', images: [amd64] },
    { tag: 'many', images: [amd64, arm64, windows] },
  ]);
  registry = createRegistry();
  await registry.listen({ port: 0, host: '127.0.0.1' });
  const address = registry.server.address();
  domain = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const to = toRegistry(openRegistry(domain, { http }), 'team/app');
  await copyImage(fromLayout(join(folder, 'layout'), 'many'), to, { tag: 'many' });
  await copyImage(fromLayout(join(folder, 'layout'), 'one'), to, { tag: 'one' });
});

after(async () => {
  await http.close();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openImage(target: string, more: Partial<OpenOptions> = {}): Promise<ImageTarget> {
  const found = await openTarget(target, { ...options, ...more });
  assert.equal(found.kind, 'image');
  return found as ImageTarget;
}

async function bytesOf(source: LayerSource): Promise<Buffer> {
  if (source.kind === 'file')
    return readFileSync(source.path).subarray(source.offset, source.offset + source.length);
  const pieces: Uint8Array[] = [];
  for await (const piece of await source.open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function assertLayers(image: ImageTarget, made = amd64): Promise<void> {
  assert.deepEqual(image.config.diffIds, made.diffIds);
  for (const layer of image.layers) {
    const bytes = await bytesOf(layer.source);
    assert.equal(bytes.length, layer.size);
    assert.equal(digestOf(bytes), layer.digest);
  }
}

describe('a registry', () => {
  test('gives an image by tag, with the layers as streams', async () => {
    const image = await openImage(`registry:${domain}/team/app:one`);
    assert.equal(image.from, 'registry');
    assert.equal(image.digest, amd64.descriptor.digest);
    assert.equal(image.indexDigest, undefined);
    assert.equal(image.reference, `${domain}/team/app:one`);
    assert.deepEqual(image.annotations, { note: 'x' });
    await assertLayers(image);
  });

  test('gives the platform asked for out of an index, and both digests', async () => {
    const image = await openImage(`${domain}/team/app:many`, { platform: parsePlatform('linux/arm64') });
    assert.equal(image.digest, arm64.descriptor.digest);
    assert.ok(image.indexDigest);
    assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm64' });
    await assertLayers(image, arm64);
  });

  test('opens a Windows image, which someone else calls undecided', async () => {
    const image = await openImage(`${domain}/team/app:many`, { platform: parsePlatform('windows/amd64') });
    assert.equal(image.platform.os, 'windows');
  });

  test('lists the platforms there are when none is the one asked for', async () => {
    await assert.rejects(openImage(`${domain}/team/app:many`, { platform: parsePlatform('linux/s390x') }), {
      code: 'platform-missing',
      message: /linux\/amd64, linux\/arm64\/v8, windows\/amd64/,
    });
  });

  test('refuses a single image that is for another platform than asked for', async () => {
    await assert.rejects(openImage(`${domain}/team/app:one`, { platform: parsePlatform('linux/arm64') }), {
      code: 'platform-missing',
    });
  });

  test('names an image that is not there', async () => {
    await assert.rejects(openImage(`${domain}/team/app:none`), {
      code: 'image-not-found',
      hint: /Check the name/,
    });
  });

  test('copies to another repository and into a layout with the same digests', async () => {
    const client = openRegistry(domain, { http });
    const from = fromRegistry(client, { repository: 'team/app', tag: 'many' });
    const digest = await copyImage(from, toRegistry(client, 'copy/app'), { tag: 'x' });
    assert.equal((await openImage(`${domain}/copy/app:x`)).indexDigest, digest);
    await copyImage(from, toLayout(join(folder, 'copied')), { tag: 'y' });
    const image = await openImage(`oci:${join(folder, 'copied')}:y`);
    assert.equal(image.indexDigest, digest);
    await assertLayers(image);
  });

  test('copies one platform without its index', async () => {
    const from = fromRegistry(openRegistry(domain, { http }), { repository: 'team/app', tag: 'many' });
    const only = (entry: { platform?: { architecture: string } }): boolean =>
      entry.platform?.architecture === 'arm64';
    const digest = await copyImage(from, toRegistry(openRegistry(domain, { http }), 'one/arch', 600), {
      tag: 'x',
      only,
    });
    assert.equal(digest, arm64.descriptor.digest);
  });
});

describe('a layout', () => {
  test('gives layers as ranges of its files', async () => {
    const image = await openImage(`oci:${join(folder, 'layout')}:one`);
    assert.equal(image.from, 'oci');
    assert.ok(image.layers.every(({ source }) => source.kind === 'file'));
    await assertLayers(image);
  });

  test('is recognised as a bare path, and asks which image when there are several', async () => {
    await assert.rejects(openImage(join(folder, 'layout')), { code: 'image-not-here', hint: /one, many/ });
  });

  test('is opened by digest', async () => {
    const image = await openImage(`oci:${join(folder, 'layout')}@${amd64.descriptor.digest}`);
    assert.equal(image.digest, amd64.descriptor.digest);
  });

  test('with a config of another digest is refused', async () => {
    const root = join(folder, 'forged');
    writeLayout(root, [{ images: [amd64] }]);
    const config = digestOf(amd64.config);
    writeFileSync(
      join(root, 'blobs', config.replace(':', '/')),
      Buffer.from(amd64.config.toString().replace('linux', 'lines')),
    );
    await assert.rejects(openImage(root), { code: 'digest-mismatch' });
  });

  test('with a blob missing is refused', async () => {
    const root = join(folder, 'partial');
    writeLayout(root, [{ images: [amd64] }]);
    rmSync(join(root, 'blobs', (amd64.descriptor.digest ?? '').replace(':', '/')));
    await assert.rejects(openImage(root), { code: 'layout-invalid' });
  });
});

describe('an archive', () => {
  const oci = tarOfFiles(layoutFiles([{ tag: 'one', images: [amd64] }]));
  const plain = makeImage({
    compression: 'none',
    layers: [[{ path: 'a', data: 'a' }], [{ path: 'b', data: 'b' }]],
  });
  const saved = tarOfFiles(savedFiles(plain, ['app:1']));

  test('of a layout is read where it lies, by content or by prefix', async () => {
    const path = join(folder, 'oci.tar');
    writeFileSync(path, oci);
    for (const target of [path, `oci-archive:${path}`, `oci-archive:${path}:one`]) {
      const image = await openImage(target);
      assert.equal(image.from, 'oci-archive');
      assert.equal(image.digest, amd64.descriptor.digest);
      await assertLayers(image);
    }
  });

  for (const [name, compress] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)
    test(`in ${name} is decompressed into the home and removed when closed`, async () => {
      const path = join(folder, `saved.tar.${name}`);
      writeFileSync(path, compress(saved));
      const image = await openImage(`docker-archive:${path}`);
      assert.equal(image.reference, 'app:1');
      await assertLayers(image, plain);
      assert.equal(readdirSync(options.home.dir('tmp')).length, 1);
      await image.close();
      assert.deepEqual(readdirSync(options.home.dir('tmp')), []);
    });

  test('of docker save has no manifest digest, and plain layers go by their diffIDs', async () => {
    const path = join(folder, 'saved.tar');
    writeFileSync(path, saved);
    const image = await openImage(path);
    assert.equal(image.from, 'docker-archive');
    assert.equal(image.digest, undefined);
    assert.deepEqual(
      image.layers.map(({ digest }) => digest),
      plain.diffIds,
    );
    assert.equal(image.configDigest, digestOf(plain.config));
    await assertLayers(image, plain);
  });

  test('of docker save with compressed layers gives their own digests', async () => {
    const path = join(folder, 'saved-gz.tar');
    writeFileSync(path, tarOfFiles(savedFiles(amd64, [])));
    await assertLayers(await openImage(path));
  });

  test('follows the links that old docker save wrote for a layer it had twice', async () => {
    const files = savedFiles(plain, []);
    const twin = files.get('1/layer.tar') as Buffer;
    files.delete('1/layer.tar');
    const path = join(folder, 'linked.tar');
    const rest = [...files].map(([name, data]) => ({ path: name, data }));
    writeFileSync(
      path,
      makeTar([
        ...rest,
        { path: 'real/layer.tar', data: twin },
        { path: '1/layer.tar', type: '2', linkname: '../real/layer.tar' },
      ]),
    );
    await assertLayers(await openImage(path), plain);
  });

  test('cut short is refused, and leaves nothing in the home', async () => {
    const path = join(folder, 'cut.tar.gz');
    writeFileSync(path, gzipSync(saved).subarray(0, 400));
    await assert.rejects(openImage(path), { code: 'archive-invalid' });
    writeFileSync(path, saved.subarray(0, 2000));
    await assert.rejects(openImage(path), { code: 'archive-invalid' });
    assert.deepEqual(readdirSync(options.home.dir('tmp')), []);
  });

  test('that holds no image is named as such', async () => {
    const path = join(folder, 'other.tar');
    writeFileSync(path, makeTar([{ path: 'readme', data: 'hi' }]));
    await assert.rejects(openImage(path), { code: 'archive-invalid', hint: /docker save/ });
  });
});

describe('a local engine', () => {
  test('is asked before the registry, and its export is removed when closed', async () => {
    const socket = join(folder, 'engine.sock');
    const server = createServer((request, response) => {
      if (request.url === '/images/app:1/json') return response.end('{}');
      if (request.url === '/images/app:1/get') return response.end(tarOfFiles(savedFiles(amd64, ['app:1'])));
      response.writeHead(404).end('{"message":"no such image"}');
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      const image = await openImage('app:1', { engines: [{ socket }] });
      assert.equal(image.from, 'docker');
      assert.equal(image.reference, 'docker.io/library/app:1');
      await assertLayers(image);
      await image.close();
      assert.deepEqual(readdirSync(options.home.dir('tmp')), []);
      await assert.rejects(openImage('docker:other', { engines: [{ socket }] }), { code: 'image-not-here' });
      const fallen = await openImage(`${domain}/team/app:one`, {
        engines: [{ socket: join(folder, 'none.sock') }, { socket }],
      });
      assert.equal(fallen.from, 'registry');
    } finally {
      server.close();
    }
  });
});

describe('other targets', () => {
  test('a directory is a root file system, a JSON file an SBOM', async () => {
    assert.deepEqual(
      { ...(await openTarget(`dir:${folder}`, options)), close: 0 },
      { kind: 'root', root: folder, close: 0 },
    );
    assert.equal((await openTarget(folder, options)).kind, 'root');
    const path = join(folder, 'app.cdx.json');
    writeFileSync(path, ' {"bomFormat":"CycloneDX"}');
    assert.equal((await openTarget(path, options)).kind, 'sbom');
    assert.equal((await openTarget(`sbom:${path}`, options)).kind, 'sbom');
  });

  test('a path that is not there, and a name that is none, are refused', async () => {
    await assert.rejects(openTarget('./nowhere', options), { code: 'target-not-found' });
    await assert.rejects(openTarget('sbom:/nowhere', options), { code: 'target-not-found' });
    await assert.rejects(openTarget('Not A Name', options), { code: 'reference-invalid' });
    await assert.rejects(openTarget('dir:', options), { code: 'target-invalid' });
  });

  test('an artifact is not an image', async () => {
    const artifact = makeImage({
      manifest: {
        artifactType: 'application/x.signature',
        config: {
          mediaType: 'application/vnd.oci.empty.v1+json',
          digest: digestOf(Buffer.from('{}')),
          size: 2,
        },
      },
    });
    writeLayout(join(folder, 'artifact'), [{ images: [artifact] }]);
    await assert.rejects(openTarget(join(folder, 'artifact'), options), {
      code: 'not-an-image',
      message: /x\.signature/,
    });
  });
});
