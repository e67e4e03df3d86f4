import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Descriptor, digestOf, mediaTypes } from '../../image/index.ts';
import { createClient, type HttpClient } from '../../net/index.ts';
import { createRegistry, memoryCatalogue } from '../../registry/index.ts';
import { type MadeImage, makeImage } from '../../testing/images.ts';
import { listenApp, listenHandler } from '../../testing/listen.ts';
import { listTags } from './list.ts';
import { fetchBlob, fetchManifest, hasBlob, resolveTag, streamBlob } from './pull.ts';
import { pushBlob, pushManifest } from './push.ts';
import { fallbackTag, listReferrers } from './referrers.ts';
import { openRegistry, type Registry } from './registry.ts';
import { deleteBlob, deleteManifest } from './remove.ts';

let http: HttpClient;
before(() => {
  http = createClient({ env: {}, sleep: async () => {} });
});
after(() => http.close());

const connect = (domain: string): Registry => openRegistry(domain, { http });
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function pushImage(
  registry: Registry,
  repository: string,
  image: MadeImage,
  reference: string,
): Promise<void> {
  for (const [digest, bytes] of image.blobs)
    await pushBlob(registry, repository, { digest, size: bytes.length }, () => once(bytes));
  await pushManifest(
    registry,
    repository,
    reference,
    image.bytes,
    (JSON.parse(image.bytes.toString()) as { mediaType: string }).mediaType,
  );
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a push', () => {
  test('leaves out what is there, mounts what another repository has, and can be undone', async (t) => {
    const registry = connect(await listenApp(createRegistry(), t));
    const bytes = Buffer.from('layer');
    const blob = { digest: digestOf(bytes), size: bytes.length };
    const open = (): AsyncGenerator<Uint8Array> => once(bytes);
    assert.equal(await pushBlob(registry, 'a/a', blob, open), 'uploaded');
    assert.equal(await pushBlob(registry, 'a/a', blob, open), 'existed');
    assert.equal(await pushBlob(registry, 'b/b', blob, open, { mountFrom: 'a/a' }), 'mounted');
    assert.equal(await pushBlob(registry, 'c/c', blob, open, { mountFrom: 'not/there' }), 'uploaded');
    assert.deepEqual(await fetchBlob(registry, 'b/b', blob), bytes);
    await deleteBlob(registry, 'b/b', blob.digest);
    assert.equal(await hasBlob(registry, 'b/b', blob.digest), false);
    assert.equal(await hasBlob(registry, 'a/a', blob.digest), true);
  });

  test('in chunks keeps to the registry’s smallest', async (t) => {
    const sizes: (string | undefined)[] = [];
    const app = createRegistry({ chunkMinBytes: 1000 });
    app.addHook('onRequest', async ({ method, headers }) => {
      if (method === 'PATCH') sizes.push(headers['content-range']);
    });
    const registry = connect(await listenApp(app, t));
    const bytes = Buffer.alloc(2500, 'x');
    assert.equal(
      await pushBlob(registry, 'a', { digest: digestOf(bytes), size: 2500 }, () => once(bytes), {
        chunkBytes: 10,
      }),
      'uploaded',
    );
    assert.deepEqual(sizes, ['0-999', '1000-1999', '2000-2499']);
  });

  test('of an empty blob, and by sha512, works', async (t) => {
    const registry = connect(await listenApp(createRegistry(), t));
    const empty = Buffer.alloc(0);
    await pushBlob(registry, 'a', { digest: digestOf(empty, 'sha512'), size: 0 }, () => once(empty));
    assert.equal(await hasBlob(registry, 'a', digestOf(empty, 'sha512')), true);
  });

  test('of bytes with another digest is refused', async (t) => {
    const registry = connect(await listenApp(createRegistry(), t));
    const blob = { digest: digestOf(Buffer.from('right')), size: 5 };
    await assert.rejects(
      pushBlob(registry, 'a', blob, () => once(Buffer.from('wrong'))),
      { code: 'registry-failed', message: /DIGEST_INVALID/ },
    );
  });

  test('never sends credentials to another host that a Location names', async (t) => {
    const seen: (string | undefined)[] = [];
    const storage = await listenHandler((request, response) => {
      seen.push(request.headers.authorization);
      request.resume();
      response.writeHead(201).end();
    }, t);
    const domain = await listenHandler((request, response) => {
      if (request.headers.authorization === undefined)
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      if (request.method === 'POST')
        return void response.writeHead(202, { location: `http://${storage}/upload` }).end();
      response.writeHead(404).end();
    }, t);
    const registry = openRegistry(domain, {
      http,
      credentials: async () => ({ kind: 'basic', username: 'u', password: 'p' }),
    });
    const bytes = Buffer.from('x');
    await pushBlob(registry, 'a', { digest: digestOf(bytes), size: 1 }, () => once(bytes));
    assert.deepEqual(seen, [undefined]);
  });
});

describe('a pull', () => {
  test('resolves a tag, and finds by tag and by digest the same', async (t) => {
    const registry = connect(await listenApp(createRegistry(), t));
    const image = makeImage();
    await pushImage(registry, 'team/app', image, 'v1');
    const { digest } = image.descriptor;
    assert.equal(await resolveTag(registry, 'team/app', 'v1'), digest);
    assert.equal((await fetchManifest(registry, 'team/app', 'v1')).digest, digest);
    assert.deepEqual((await fetchManifest(registry, 'team/app', digest)).bytes, image.bytes);
    await deleteManifest(registry, 'team/app', 'v1');
    await assert.rejects(resolveTag(registry, 'team/app', 'v1'), { code: 'image-not-found' });
    await deleteManifest(registry, 'team/app', digest);
    await assert.rejects(fetchManifest(registry, 'team/app', digest), { code: 'image-not-found' });
  });

  test('resolves by reading where HEAD says no digest', async (t) => {
    const image = makeImage();
    const domain = await listenHandler((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(405).end();
      response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
    }, t);
    assert.equal(await resolveTag(connect(domain), 'a', 'v1'), image.descriptor.digest);
  });

  test('believes no header, no size and no name about the bytes', async (t) => {
    const image = makeImage();
    const other = makeImage({ labels: { other: 'yes' } });
    const layer = Buffer.from('layer');
    const domain = await listenHandler((request, response) => {
      if (request.url?.includes('/manifests/'))
        return void response
          .writeHead(200, {
            'content-type': mediaTypes.ociManifest,
            'docker-content-digest': other.descriptor.digest,
          })
          .end(image.bytes);
      response.end(layer);
    }, t);
    const registry = connect(domain);
    await assert.rejects(fetchManifest(registry, 'a', 'v1'), { code: 'digest-mismatch' });
    await assert.rejects(fetchManifest(registry, 'a', other.descriptor.digest), { code: 'digest-mismatch' });
    const digest = digestOf(layer);
    for (const blob of [
      { digest, size: 4 },
      { digest, size: 6 },
      { digest: digestOf(Buffer.from('LAYER')), size: 5 },
    ])
      await assert.rejects(fetchBlob(registry, 'a', blob), { code: 'digest-mismatch' });
    assert.deepEqual(await fetchBlob(registry, 'a', { digest, size: 5 }), layer);
  });

  test('refuses a manifest without end, and one that is another kind than its header says', async (t) => {
    const domain = await listenHandler((request, response) => {
      if (request.url?.endsWith('/huge')) {
        response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
        for (let at = 0; at < 5; at++) response.write(Buffer.alloc(1 << 20, ' '));
        return void response.end();
      }
      response.writeHead(200, { 'content-type': mediaTypes.ociIndex }).end(makeImage().bytes);
    }, t);
    await assert.rejects(fetchManifest(connect(domain), 'a', 'huge'), { code: 'body-too-large' });
    await assert.rejects(fetchManifest(connect(domain), 'a', 'confused'), { code: 'media-type-mismatch' });
  });

  for (const ranges of [true, false])
    test(`takes up a broken blob where it broke, from a server ${ranges ? 'with' : 'without'} ranges`, async (t) => {
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
      const asked: (string | undefined)[] = [];
      const domain = await listenHandler((request, response) => {
        asked.push(request.headers.range);
        const from = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
        const rest = bytes.subarray(from);
        const partial =
          from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
        response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...partial });
        if (asked.length > 2) return void response.end(rest);
        response.write(rest.subarray(0, 30_000), () => setImmediate(() => response.destroy()));
      }, t);
      const blob = { digest: digestOf(bytes), size: bytes.length };
      assert.deepEqual(await drain(await streamBlob(connect(domain), 'a', blob)), bytes);
      assert.equal(asked.length, 3);
      assert.match(asked[1] ?? '', /^bytes=\d+-$/);
    });

  test('gives up on a server that breaks every time, and never gives part of a blob as the whole', async (t) => {
    const domain = await listenHandler((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('x', () => setImmediate(() => response.destroy()));
    }, t);
    const blob = { digest: digestOf(Buffer.alloc(100)), size: 100 };
    await assert.rejects(async () => drain(await streamBlob(connect(domain), 'a', blob)), {
      code: 'body-truncated',
    });
  });

  test('says what a registry says', async (t) => {
    const domain = await listenHandler((request, response) => {
      const status = request.url?.endsWith('/limited') ? 429 : 403;
      response
        .writeHead(status, { 'retry-after': '3600' })
        .end('{"errors":[{"code":"DENIED","message":"not yours"}]}');
    }, t);
    await assert.rejects(fetchManifest(connect(domain), 'a', 'x'), {
      code: 'access-denied',
      message: /DENIED: not yours/,
    });
    await assert.rejects(fetchManifest(connect(domain), 'a', 'limited'), {
      code: 'rate-limited',
      hint: /3600/,
    });
  });
});

describe('lists', () => {
  test('of tags come in pages, in order', async (t) => {
    const catalogue = memoryCatalogue();
    const tags = Array.from({ length: 2500 }, (_, at) => `v${at}`);
    const { bytes, descriptor } = makeImage();
    await catalogue.putManifest(
      'a',
      { bytes, digest: descriptor.digest, mediaType: descriptor.mediaType, annotations: {} },
      tags,
    );
    assert.deepEqual(
      await listTags(connect(await listenApp(createRegistry({ catalogue }), t)), 'a'),
      tags.sort(),
    );
  });

  test('that lead back to themselves or to another host end in a fault', async (t) => {
    const domain = await listenHandler((request, response) => {
      const link = request.url?.startsWith('/v2/away/')
        ? 'http://127.0.0.1:1/v2/x'
        : '/v2/loop/tags/list?last=x';
      response.writeHead(200, { link: `<${link}>; rel="next"` }).end('{"tags":["a"]}');
    }, t);
    await assert.rejects(listTags(connect(domain), 'loop'), { code: 'registry-failed', message: /twice/ });
    await assert.rejects(listTags(connect(domain), 'away'), {
      code: 'registry-failed',
      message: /127\.0\.0\.1:1/,
    });
  });

  const subject = makeImage();
  const referrer = (artifactType: string, config = mediaTypes.ociEmpty): MadeImage =>
    makeImage({
      labels: { artifactType },
      manifest: {
        artifactType,
        subject: subject.descriptor,
        config: { mediaType: config, digest: digestOf(Buffer.from('{}')), size: 2 },
      },
    });

  test('of referrers are filtered by the registry', async (t) => {
    const registry = connect(await listenApp(createRegistry(), t));
    await pushImage(registry, 'a', subject, 'v1');
    const empty = Buffer.from('{}');
    await pushBlob(registry, 'a', { digest: digestOf(empty), size: 2 }, () => once(empty));
    const [one, two] = [referrer('type/one'), referrer('type/two')];
    for (const image of [one, two]) await pushImage(registry, 'a', image, image.descriptor.digest);
    const { digest } = subject.descriptor;
    assert.equal((await listReferrers(registry, 'a', digest)).length, 2);
    const [found, ...rest] = await listReferrers(registry, 'a', digest, 'type/two');
    assert.deepEqual(
      [found?.digest, found?.artifactType, rest.length],
      [two.descriptor.digest, 'type/two', 0],
    );
    assert.deepEqual(await listReferrers(registry, 'a', one.descriptor.digest), []);
  });

  test('of referrers come from the fallback tag where there is no API, entries without a type looked up', async (t) => {
    const [one, two] = [referrer('type/one'), referrer('type/two')];
    const entries: Descriptor[] = [one, two].map(({ descriptor: { mediaType, digest, size } }) => ({
      mediaType,
      digest,
      size,
    }));
    const documents = new Map([
      [
        fallbackTag(subject.descriptor.digest),
        Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries })),
      ],
      ...[one, two].map((image): [string, Buffer] => [image.descriptor.digest, image.bytes]),
    ]);
    const domain = await listenHandler((request, response) => {
      const bytes = documents.get(request.url?.split('/manifests/')[1] ?? '');
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    }, t);
    const found = await listReferrers(connect(domain), 'a', subject.descriptor.digest, 'type/two');
    assert.deepEqual(
      found.map(({ digest }) => digest),
      [two.descriptor.digest],
    );
    assert.deepEqual(await listReferrers(connect(domain), 'a', digestOf(Buffer.from('nobody'))), []);
  });
});
