import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Clock } from '../core/index.ts';
import { digestOf, mediaTypes } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { basicAccess } from './access.ts';
import { createRegistry } from './server.ts';

type Method = NonNullable<InjectOptions['method']>;

function send(
  app: FastifyInstance,
  method: Method,
  url: string,
  payload?: Buffer | string,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  return app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
}

async function pushBlob(app: FastifyInstance, repository: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  const { statusCode } = await send(app, 'POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, bytes, {
    'content-type': 'application/octet-stream',
  });
  assert.equal(statusCode, 201);
  return digest;
}

async function pushImage(
  app: FastifyInstance,
  repository: string,
  reference: string,
  image = makeImage(),
): Promise<LightMyRequestResponse> {
  for (const bytes of image.blobs.values()) await pushBlob(app, repository, bytes);
  return send(app, 'PUT', `/v2/${repository}/manifests/${reference}`, image.bytes, {
    'content-type': mediaTypes.ociManifest,
  });
}

function codeOf(response: LightMyRequestResponse): string {
  return (response.json() as { errors: { code: string }[] }).errors[0]?.code ?? '';
}

const bytes = Buffer.from('0123456789');
const digest = digestOf(bytes);

describe('the door', () => {
  test('says that it speaks the distribution API', async () => {
    const response = await send(createRegistry(), 'GET', '/v2/');
    assert.deepEqual(
      [response.statusCode, response.headers['docker-distribution-api-version']],
      [200, 'registry/2.0'],
    );
  });

  const wrong: [Method, string, number, string][] = [
    ['GET', '/v2/A/manifests/x', 400, 'NAME_INVALID'],
    ['GET', '/v2/a%2f%2e%2e/manifests/x', 400, 'NAME_INVALID'],
    ['GET', `/v2/${'a'.repeat(300)}/manifests/x`, 400, 'NAME_INVALID'],
    ['GET', '/v2/a/manifests/.x', 400, 'TAG_INVALID'],
    ['GET', '/v2/a/manifests/sha256:abc', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/a/manifests/none', 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/a/manifests/${digest}`, 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/a/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
    ['GET', '/v2/a/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/a/tags/list', 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/a/referrers/x', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/a/nothing', 404, 'NAME_UNKNOWN'],
    ['POST', '/v2/a/tags/list', 405, 'UNSUPPORTED'],
    ['PATCH', '/v2/a/blobs/uploads/x', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['POST', '/v2/a/blobs/uploads/?digest=sha256:abc', 400, 'DIGEST_INVALID'],
  ];
  for (const [method, url, status, code] of wrong)
    test(`answers ${method} ${url.slice(0, 60)} with ${code}`, async () => {
      const response = await send(createRegistry(), method, url);
      assert.deepEqual([response.statusCode, codeOf(response)], [status, code]);
    });

  test('lets in by access, and gives out by gate', async () => {
    const app = createRegistry({
      access: (request) =>
        request.repository === 'mine'
          ? { allow: false, reason: 'not yours' }
          : basicAccess('u', 'p')(request),
      gate: (repository) =>
        repository === 'held' ? { allow: false, reason: 'in quarantine' } : { allow: true },
    });
    const refused = await send(app, 'GET', '/v2/held/tags/list');
    assert.deepEqual(
      [refused.statusCode, refused.headers['www-authenticate'], codeOf(refused)],
      [401, 'Basic realm="seaworthy"', 'UNAUTHORIZED'],
    );
    assert.equal((await send(app, 'GET', '/v2/mine/tags/list')).statusCode, 403);
    const headers = { authorization: `Basic ${btoa('u:p')}` };
    const open = createRegistry({ gate: () => ({ allow: false, reason: 'in quarantine' }) });
    await pushImage(open, 'held', 'v1');
    const held = await send(open, 'GET', '/v2/held/manifests/v1');
    assert.deepEqual([held.statusCode, codeOf(held)], [403, 'DENIED']);
    assert.equal((await send(app, 'GET', '/v2/_catalog', undefined, headers)).statusCode, 200);
  });
});

describe('blobs', () => {
  test('are read whole, in ranges, and by HEAD', async () => {
    const app = createRegistry();
    await pushBlob(app, 'a', bytes);
    const get = (range?: string): Promise<LightMyRequestResponse> =>
      send(app, 'GET', `/v2/a/blobs/${digest}`, undefined, range === undefined ? {} : { range });
    const whole = await get();
    assert.deepEqual(
      [whole.statusCode, whole.payload, whole.headers['docker-content-digest']],
      [200, '0123456789', digest],
    );
    for (const [range, payload, content] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-2', '89', 'bytes 8-9/10'],
      ['bytes=8-99', '89', 'bytes 8-9/10'],
    ]) {
      const part = await get(range);
      assert.deepEqual(
        [part.statusCode, part.payload, part.headers['content-range']],
        [206, payload, content],
      );
    }
    assert.equal((await get('bytes=10-')).statusCode, 416);
    assert.equal((await get('lines=1-')).statusCode, 200);
    const head = await send(app, 'HEAD', `/v2/a/blobs/${digest}`);
    assert.deepEqual([head.statusCode, head.headers['content-length'], head.payload], [200, '10', '']);
  });

  test('are one repository’s own, until mounted into another', async () => {
    const app = createRegistry();
    await pushBlob(app, 'a', bytes);
    assert.equal((await send(app, 'GET', `/v2/b/blobs/${digest}`)).statusCode, 404);
    assert.equal((await send(app, 'POST', `/v2/b/blobs/uploads/?mount=${digest}&from=a`)).statusCode, 201);
    assert.equal((await send(app, 'POST', `/v2/c/blobs/uploads/?mount=${digest}`)).statusCode, 201);
    assert.equal(
      (await send(app, 'POST', `/v2/d/blobs/uploads/?mount=${digest}&from=nobody`)).statusCode,
      202,
    );
    assert.equal((await send(app, 'GET', `/v2/b/blobs/${digest}`)).statusCode, 200);
    assert.equal((await send(app, 'DELETE', `/v2/a/blobs/${digest}`)).statusCode, 202);
    assert.equal((await send(app, 'GET', `/v2/b/blobs/${digest}`)).statusCode, 200);
  });

  test('are not mounted from where one may not read', async () => {
    const app = createRegistry({
      access: ({ repository, action }) =>
        repository === 'secret' && action === 'pull' ? { allow: false, reason: 'no' } : { allow: true },
    });
    await pushBlob(app, 'secret', bytes);
    for (const query of [`mount=${digest}&from=secret`, `mount=${digest}`])
      assert.equal((await send(app, 'POST', `/v2/b/blobs/uploads/?${query}`)).statusCode, 202);
  });

  test('come in chunks that follow each other, and say how far they are', async () => {
    const app = createRegistry();
    const { headers } = await send(app, 'POST', '/v2/a/blobs/uploads/');
    const location = headers.location as string;
    const patch = (text: string, range: string): Promise<LightMyRequestResponse> =>
      send(app, 'PATCH', location, text, {
        'content-range': range,
        'content-type': 'application/octet-stream',
      });
    const first = await patch('0123', '0-3');
    assert.deepEqual([first.statusCode, first.headers.range], [202, '0-3']);
    const ahead = await patch('89', '8-9');
    assert.deepEqual([ahead.statusCode, ahead.headers.range], [416, '0-3']);
    assert.equal((await patch('45', '4-9')).statusCode, 400);
    const status = await send(app, 'GET', location);
    assert.deepEqual([status.statusCode, status.headers.range], [204, '0-3']);
    assert.equal((await patch('456', '4-6')).statusCode, 202);
    const outOfOrder = await send(app, 'PUT', `${location}?digest=${digest}`, '789', {
      'content-range': '6-8',
      'content-type': 'application/octet-stream',
    });
    assert.equal(outOfOrder.statusCode, 416);
    const end = await send(app, 'PUT', `${location}?digest=${digest}`, '789', {
      'content-range': '7-9',
      'content-type': 'application/octet-stream',
    });
    assert.deepEqual([end.statusCode, end.headers.location], [201, `/v2/a/blobs/${digest}`]);
    assert.equal((await send(app, 'GET', `/v2/a/blobs/${digest}`)).payload, '0123456789');
    assert.equal((await send(app, 'GET', location)).statusCode, 404);
  });

  test('with another digest, or too large, leave nothing behind', async () => {
    const app = createRegistry({ limits: { layerBytes: 9, manifestBytes: 100 } });
    const post = await send(app, 'POST', `/v2/a/blobs/uploads/?digest=${digest}`, bytes, {
      'content-type': 'application/octet-stream',
    });
    assert.deepEqual([post.statusCode, codeOf(post)], [413, 'SIZE_INVALID']);
    const lie = await send(app, 'POST', `/v2/a/blobs/uploads/?digest=${digest}`, 'x', {
      'content-type': 'application/octet-stream',
    });
    assert.deepEqual([lie.statusCode, codeOf(lie)], [400, 'DIGEST_INVALID']);
    assert.equal((await send(app, 'HEAD', `/v2/a/blobs/${digest}`)).statusCode, 404);
    const large = await send(app, 'PUT', '/v2/a/manifests/x', Buffer.alloc(200), {
      'content-type': mediaTypes.ociManifest,
    });
    assert.deepEqual([large.statusCode, codeOf(large)], [413, 'SIZE_INVALID']);
  });

  test('can be given up, are of one repository, and end by themselves', async () => {
    let now = 0;
    const clock: Clock = { now: () => new Date(now) };
    const app = createRegistry({ clock });
    const start = async (): Promise<string> =>
      (await send(app, 'POST', '/v2/a/blobs/uploads/')).headers.location as string;
    const location = await start();
    assert.equal((await send(app, 'GET', location.replace('/a/', '/b/'))).statusCode, 404);
    assert.equal((await send(app, 'DELETE', location)).statusCode, 204);
    assert.equal((await send(app, 'GET', location)).statusCode, 404);
    const forgotten = await start();
    now = 7 * 3600 * 1000;
    await start();
    assert.equal((await send(app, 'GET', forgotten)).statusCode, 404);
  });
});

describe('manifests', () => {
  test('are kept byte for byte under tag and digest', async () => {
    const app = createRegistry();
    const image = makeImage();
    const pushed = await pushImage(app, 'team/app', 'v1', image);
    const { digest: own } = image.descriptor;
    assert.deepEqual([pushed.statusCode, pushed.headers['docker-content-digest']], [201, own]);
    for (const reference of ['v1', own]) {
      const got = await send(app, 'GET', `/v2/team/app/manifests/${reference}`);
      assert.deepEqual(
        [got.rawPayload, got.headers['content-type'], got.headers['docker-content-digest']],
        [image.bytes, mediaTypes.ociManifest, own],
      );
      const head = await send(app, 'HEAD', `/v2/team/app/manifests/${reference}`);
      assert.deepEqual(
        [head.statusCode, head.headers['content-length'], head.payload],
        [200, String(image.bytes.length), ''],
      );
    }
    assert.equal((await send(app, 'DELETE', '/v2/team/app/manifests/v1')).statusCode, 202);
    assert.equal((await send(app, 'GET', '/v2/team/app/manifests/v1')).statusCode, 404);
    assert.equal((await send(app, 'GET', `/v2/team/app/manifests/${own}`)).statusCode, 200);
    assert.equal((await send(app, 'DELETE', `/v2/team/app/manifests/${own}`)).statusCode, 202);
  });

  test('get several tags at once, by digest', async () => {
    const app = createRegistry();
    const image = makeImage();
    const pushed = await pushImage(app, 'a', `${image.descriptor.digest}?tag=x&tag=y`, image);
    assert.deepEqual([pushed.statusCode, pushed.headers['oci-tag']], [201, ['x', 'y']]);
    assert.deepEqual((await send(app, 'GET', '/v2/a/tags/list')).json(), { name: 'a', tags: ['x', 'y'] });
  });

  test('are refused without their blobs, with another digest, or when they are not what they say', async () => {
    const app = createRegistry();
    const image = makeImage();
    const put = (
      reference: string,
      payload: Buffer,
      type: string = mediaTypes.ociManifest,
    ): Promise<LightMyRequestResponse> =>
      send(app, 'PUT', `/v2/a/manifests/${reference}`, payload, { 'content-type': type });
    assert.equal(codeOf(await put('v1', image.bytes)), 'MANIFEST_BLOB_UNKNOWN');
    assert.equal(codeOf(await put(digest, image.bytes)), 'DIGEST_INVALID');
    assert.equal(codeOf(await put('v1', image.bytes, mediaTypes.ociIndex)), 'MANIFEST_INVALID');
    assert.equal(codeOf(await put('v1', Buffer.from('{'))), 'MANIFEST_INVALID');
  });

  test('about another one are listed as its referrers, whether that one is there or not', async () => {
    const app = createRegistry();
    const subject = makeImage({ labels: { is: 'subject' } }).descriptor;
    const made = makeImage({ annotations: { k: 'v' }, manifest: { subject, artifactType: 'type/one' } });
    assert.equal((await pushImage(app, 'a', 'r1', made)).headers['oci-subject'], subject.digest);
    await pushImage(app, 'a', 'r2', makeImage({ manifest: { subject } }));
    const list = async (query = ''): Promise<LightMyRequestResponse> =>
      send(app, 'GET', `/v2/a/referrers/${subject.digest}${query}`);
    const all = await list();
    assert.deepEqual(
      [all.statusCode, all.headers['content-type'], all.json().manifests.length],
      [200, mediaTypes.ociIndex, 2],
    );
    const one = await list('?artifactType=type%2Fone');
    assert.equal(one.headers['oci-filters-applied'], 'artifactType');
    const { mediaType, digest: own, size } = made.descriptor;
    assert.deepEqual(one.json().manifests, [
      { mediaType, digest: own, size, artifactType: 'type/one', annotations: { k: 'v' } },
    ]);
    assert.equal(
      (await list(`?artifactType=${encodeURIComponent(mediaTypes.ociConfig)}`)).json().manifests.length,
      1,
    );
    assert.deepEqual((await send(app, 'GET', `/v2/nobody/referrers/${digest}`)).json().manifests, []);
  });
});

describe('lists', () => {
  test('come in pages with a link to the next', async () => {
    const app = createRegistry();
    for (const tag of ['c', 'a', 'B', 'b']) await pushImage(app, 'team/app', tag);
    const list = async (query: string): Promise<[unknown, unknown]> => {
      const response = await send(app, 'GET', `/v2/team/app/tags/list${query}`);
      return [response.json().tags, response.headers.link];
    };
    assert.deepEqual(await list(''), [['B', 'a', 'b', 'c'], undefined]);
    assert.deepEqual(await list('?n=2'), [['B', 'a'], '</v2/team/app/tags/list?n=2&last=a>; rel="next"']);
    assert.deepEqual(await list('?n=2&last=a'), [['b', 'c'], undefined]);
    assert.deepEqual(await list('?last=bb'), [['c'], undefined]);
    assert.deepEqual(await list('?n=0'), [[], undefined]);
    assert.equal((await send(app, 'GET', '/v2/team/app/tags/list?n=-1')).statusCode, 400);
    assert.deepEqual((await send(app, 'GET', '/v2/_catalog?n=1')).json(), { repositories: ['team/app'] });
  });
});
