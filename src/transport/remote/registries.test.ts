import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { digestOf, mediaTypes } from '../../image/index.ts';
import { createClient, type HttpClient } from '../../net/index.ts';
import { bearerAccess, createRegistry } from '../../registry/index.ts';
import { makeImage } from '../../testing/images.ts';
import { listenApp, listenHandler } from '../../testing/listen.ts';
import { Documents, type FetchedManifest } from './documents.ts';
import { fetchBlob, fetchManifest, resolveTag } from './pull.ts';
import { pushBlob, pushManifest } from './push.ts';
import { keepRegistries } from './registries.ts';
import { openRegistry, type Registries } from './registry.ts';

const start = Date.parse('2026-11-27T00:00:00Z');
const minute = 60_000;
const image = makeImage({ layers: [[{ path: 'a', data: 'a' }]] });
const digest = image.descriptor.digest;
const config = { digest: digestOf(image.config), size: image.config.length };

let http: HttpClient;
before(() => {
  http = createClient({ env: {}, sleep: async () => {} });
});
after(() => http.close());

interface Scene {
  registries: Registries;
  domain: string;
  /** What the registry was asked since the last look. */
  asked(): string[];
  later(ms: number): void;
}

async function scene(t: TestContext, wantsToken = false): Promise<Scene> {
  let domain = '';
  let now = start;
  const seen: string[] = [];
  const bearer = () =>
    bearerAccess({ realm: `http://${domain}/token`, service: 's', verify: (token) => token === 'good' });
  const app = createRegistry(wantsToken ? { access: (request) => bearer()(request) } : {});
  app.get('/token', async () => ({ token: 'good', expires_in: 3600 }));
  app.addHook(
    'onRequest',
    async ({ method, url }) => void seen.push(`${method} ${url.replace(/\?.*$/, '')}`),
  );
  domain = await listenApp(app, t);
  const registry = openRegistry(domain, { http });
  for (const repository of ['team/app', 'team/other']) {
    for (const [of, bytes] of image.blobs)
      await pushBlob(registry, repository, { digest: of, size: bytes.length }, async function* () {
        yield bytes;
      });
    await pushManifest(registry, repository, '1', image.bytes, mediaTypes.ociManifest);
  }
  return {
    registries: keepRegistries({ http, clock: { now: () => new Date(now) } }),
    domain,
    asked: () => seen.splice(0),
    later: (ms) => {
      now += ms;
    },
  };
}

describe('connections that are kept', () => {
  test('ask for a token once: a tag that is polled costs one HEAD', async (t) => {
    const { registries, domain, asked } = await scene(t, true);
    asked();
    const poll = () => resolveTag(openRegistry(domain, { http, registries }), 'team/app', '1');
    const head = 'HEAD /v2/team/app/manifests/1';
    assert.equal(await poll(), digest);
    assert.deepEqual(asked(), [head, 'GET /token', head]);
    for (let at = 0; at < 3; at++) assert.equal(await poll(), digest);
    assert.deepEqual(asked(), [head, head, head]);
  });

  test('read what a digest names once in five minutes, what a tag names each time', async (t) => {
    const { registries, domain, asked, later } = await scene(t);
    const read = (repository: string, reference: string) =>
      fetchManifest(registries.open(domain), repository, reference);
    const manifestPath = `GET /v2/team/app/manifests/${digest}`;
    const configPath = `GET /v2/team/app/blobs/${config.digest}`;
    asked();
    for (let at = 0; at < 2; at++) {
      assert.deepEqual((await read('team/app', digest)).bytes, image.bytes);
      assert.deepEqual(await fetchBlob(registries.open(domain), 'team/app', config), image.config);
    }
    assert.deepEqual(asked(), [manifestPath, configPath]);
    for (let at = 0; at < 2; at++) assert.equal((await read('team/app', '1')).digest, digest);
    assert.deepEqual(asked(), Array(2).fill('GET /v2/team/app/manifests/1'));
    later(5 * minute - 1);
    await read('team/app', digest);
    assert.deepEqual(asked(), []);
    later(1);
    await read('team/app', digest);
    assert.deepEqual(asked(), [manifestPath]);
  });

  test('take nothing from one repository for another', async (t) => {
    const { registries, domain, asked } = await scene(t);
    asked();
    for (const repository of ['team/app', 'team/other'])
      await fetchManifest(registries.open(domain), repository, digest);
    assert.deepEqual(
      asked(),
      ['team/app', 'team/other'].map((repository) => `GET /v2/${repository}/manifests/${digest}`),
    );
  });

  test('keep nothing that is not what the digest names', async (t) => {
    const answers = [Buffer.from('{}'), image.bytes, image.config, image.config];
    const domain = await listenHandler((_, response) => {
      response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
      response.end(answers.shift());
    }, t);
    const registries = keepRegistries({ http });
    const read = () => fetchManifest(registries.open(domain), 'team/app', digest);
    await assert.rejects(read(), { code: 'digest-mismatch' });
    assert.deepEqual((await read()).bytes, image.bytes);
    await fetchBlob(registries.open(domain), 'team/app', config);
    // a descriptor that says another size is another claim: it is compared, not answered from what is kept
    await assert.rejects(
      fetchBlob(registries.open(domain), 'team/app', { ...config, size: config.size + 1 }),
      { code: 'digest-mismatch' },
    );
  });

  test('are a hundred at most, the ones used last', () => {
    const registries = keepRegistries({ http });
    const first = registries.open('r0.example');
    const second = registries.open('r1.example');
    for (let at = 2; at < 100; at++) registries.open(`r${at}.example`);
    assert.equal(registries.open('r0.example'), first);
    registries.open('r100.example');
    assert.equal(registries.open('r0.example'), first);
    assert.notEqual(registries.open('r1.example'), second);
  });
});

test('documents are kept up to their bound, the oldest go, and a large one is not kept', () => {
  const documents = new Documents({ now: () => new Date(start) });
  const keep = (at: number, size: number) =>
    documents.keepBlob('r.example', 'app', digestOf(Buffer.from(String(at))), Buffer.alloc(size));
  const has = (at: number) =>
    documents.blob('r.example', 'app', digestOf(Buffer.from(String(at)))) !== undefined;
  keep(0, (256 << 10) + 1);
  assert.equal(has(0), false);
  for (let at = 1; at <= 32; at++) keep(at, 256 << 10);
  assert.equal(has(1), true);
  keep(33, 1);
  assert.deepEqual([1, 2, 32, 33].map(has), [false, true, true, true]);
  // said again it is counted once
  for (let at = 0; at < 40; at++) keep(33, 1);
  assert.equal(has(2), true);
  const fetched = { bytes: Buffer.alloc(129 << 10), digest: 'sha256:large' } as FetchedManifest;
  documents.keepManifest('r.example', 'app', fetched);
  assert.equal(documents.manifest('r.example', 'app', 'sha256:large'), undefined);
});
