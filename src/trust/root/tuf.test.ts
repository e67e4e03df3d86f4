// Tests of the trusted root by TUF: updated, kept, usable offline, and every lie of a repository refused (N16).
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHome } from '../../core/index.ts';
import { createClient } from '../../net/index.ts';
import { listenHandler } from '../../testing/listen.ts';
import { newKey, TufRepository } from '../../testing/tufrepository.ts';
import { loadTrustedRoot, type TufSource, tufSource, updateTrustedRoot } from './index.ts';

const shipped = readFileSync(new URL('../../../data/sigstore/trusted_root.json', import.meta.url), 'utf8');

async function open(context: TestContext) {
  const repository = new TufRepository(shipped);
  const root = repository.publish();
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-tuf-test-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const host = await listenHandler((request, response) => {
    const text = repository.files.get(decodeURIComponent(request.url!.slice(1)));
    if (text === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(text);
  }, context);
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const source: TufSource = { mirror: `http://${host}`, root, dir };
  return { repository, source, http, update: () => updateTrustedRoot(source, http) };
}

const failed = { code: 'trust-update-failed' };

test('the trusted root is fetched, kept, and used without a network', async (context) => {
  const { source, http, update } = await open(context);
  assert.equal(await update(), shipped);
  const away = { ...source, mirror: 'http://127.0.0.1:9' };
  const now = Date.now();
  assert.equal((await loadTrustedRoot(away, http, now))?.json, shipped);
  const old = await loadTrustedRoot(away, http, now + 3 * 86_400_000);
  assert.equal(old?.json, shipped);
  assert.match(old?.stale ?? '', /expected a trusted root from/);
});

test('a repository that was never reached gives no root at all', async (context) => {
  const { source, http } = await open(context);
  assert.equal(
    await loadTrustedRoot({ ...source, mirror: 'http://127.0.0.1:9' }, http, Date.now()),
    undefined,
  );
});

test('after a failure the network is left alone for an hour', async (context) => {
  const { source, http } = await open(context);
  const now = Date.now();
  const away = { ...source, mirror: 'http://127.0.0.1:9' };
  assert.equal(await loadTrustedRoot(away, http, now), undefined);
  assert.equal(await loadTrustedRoot(source, http, now + 3_599_000), undefined);
  assert.equal((await loadTrustedRoot(source, http, now + 3_601_000))?.json, shipped);
});

test('new keys count once the old ones signed for them', async (context) => {
  const { repository, update } = await open(context);
  await update();
  const old = repository.roles.root.keys;
  repository.roles.root = { keys: [newKey(), newKey()], threshold: 2 };
  repository.signers.root = [...old, ...repository.roles.root.keys];
  repository.versions = { ...repository.versions, root: 2 };
  repository.publish();
  assert.equal(await update(), shipped);
});

test('new keys that the old ones did not sign for are refused', async (context) => {
  const { repository, update } = await open(context);
  await update();
  repository.roles.root = { keys: [newKey(), newKey()], threshold: 2 };
  repository.versions = { ...repository.versions, root: 2 };
  repository.publish();
  await assert.rejects(update(), failed);
});

test('one key that signs twice does not make a threshold of two', async (context) => {
  const { repository, update } = await open(context);
  const [one] = repository.roles.targets.keys;
  repository.signers.targets = [one!, one!];
  repository.publish();
  await assert.rejects(update(), failed);
});

test('a threshold of no signatures is refused', async (context) => {
  const { repository, source, http } = await open(context);
  repository.roles.targets.threshold = 0;
  repository.signers.targets = [];
  const root = repository.publish();
  await assert.rejects(updateTrustedRoot({ ...source, root }, http), failed);
});

test('an older snapshot or timestamp is refused once a newer one was seen', async (context) => {
  const { repository, update } = await open(context);
  repository.versions = { root: 1, timestamp: 5, snapshot: 5, targets: 5 };
  repository.publish();
  await update();
  repository.versions = { root: 1, timestamp: 4, snapshot: 4, targets: 4 };
  repository.publish();
  await assert.rejects(update(), failed);
});

test('metadata that ran out is refused', async (context) => {
  const { repository, update } = await open(context);
  repository.expires = '2020-01-01T00:00:00Z';
  repository.publish();
  await assert.rejects(update(), failed);
});

test('a target of another hash is refused', async (context) => {
  const { repository, update } = await open(context);
  repository.targetHash = '0'.repeat(64);
  repository.publish();
  await assert.rejects(update(), failed);
});

test('a target that is signed and is no trusted root is refused, and the one at hand stays', async (context) => {
  const { repository, source, http, update } = await open(context);
  await update();
  repository.target = '{}';
  repository.versions = { root: 1, timestamp: 2, snapshot: 2, targets: 2 };
  repository.publish();
  await assert.rejects(update(), failed);
  assert.equal((await loadTrustedRoot(source, http, Date.now()))?.json, shipped);
});

test('a key of a role without its bytes is refused, not a crash', async (context) => {
  const { repository, source, http } = await open(context);
  const document = JSON.parse(repository.publish());
  for (const key of Object.values(document.signed.keys) as { keyval: { public: string } }[])
    key.keyval.public = '';
  await assert.rejects(updateTrustedRoot({ ...source, root: JSON.stringify(document) }, http), failed);
});

test('metadata without end is cut off', async (context) => {
  const { repository, update } = await open(context);
  repository.files.set('timestamp.json', ' '.repeat(1 << 20));
  await assert.rejects(update(), failed);
});

test('two repositories of one name never share what is kept', () => {
  const home = openHome(mkdtempSync(join(tmpdir(), 'seaworthy-tuf-home-')), {});
  const dirs = [
    tufSource(home, 'company', 'https://a.example.com', '{}'),
    tufSource(home, 'company', 'https://b.example.com', '{}'),
    tufSource(home, 'company', 'https://a.example.com', '{"signed":{}}'),
  ].map(({ dir }) => dir);
  assert.equal(new Set(dirs).size, 3);
  rmSync(home.root, { recursive: true });
});
