import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHome } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { createClient } from '../net/index.ts';
import { type MadeImage, makeImage } from '../testing/images.ts';
import { type TestLedger, testLedgers } from '../testing/ledgers.ts';
import { anonymous, openRegistry, pushBlob, pushManifest, resolveTag } from '../transport/index.ts';
import { openKey, resolveImage, signWithBundle } from '../trust/index.ts';
import { readConfig } from './config.ts';
import { createAgentApi, createApi, readOrder } from './contract/index.ts';
import { createLog } from './log.ts';
import { serveHub } from './serve.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const os = { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' };
const status = (version: string) => ({
  path: 'var/lib/dpkg/status',
  data: `Package: libwebp7\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nSource: libwebp\n`,
});

/** A server of its own, with its registry, and what a team does with them. */
async function yard(t: TestContext, ledgers: TestLedger) {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-hub-'));
  const [registryPort, apiPort] = [await freePort(), await freePort()];
  const registry = `127.0.0.1:${registryPort}`;
  const http = createClient({});
  const database = ledgers.place(t);
  const keys = Object.fromEntries(
    ['release', 'renewal'].map((name) => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(join(dir, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(join(dir, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
      return [name, join(dir, `${name}.key`)];
    }),
  );
  writeFileSync(
    join(dir, 'policy.yaml'),
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'default' },
      spec: {
        registries: [`${registry}/**`],
        authorities: ['release', 'renewal'].map((name) => ({
          name,
          key: { keys: [{ file: `${name}.pub` }] },
        })),
        rules: [{ name: 'signed', signature: { by: ['release', 'renewal'] } }],
      },
    }),
  );
  writeFileSync(
    join(dir, 'server.yaml'),
    JSON.stringify({
      listen: `127.0.0.1:${apiPort}`,
      database,
      policy: 'policy.yaml',
      signing: { key: 'renewal.key' },
      registry: { listen: registry, anonymous: 'push' },
      advisories: { update: false, maxAge: '3650d' },
      watch: { images: [`${registry}/team/app:1`], every: '1h', debounce: '1s' },
      renewal: {
        images: [{ match: `${registry}/team/**`, rollout: ['prod'] }],
        targets: [{ name: 'prod', cluster: 'prod' }],
      },
    }),
  );
  const serve = () =>
    serveHub({
      config: readConfig(join(dir, 'server.yaml'), {}, {}),
      home: openHome(join(dir, 'home')),
      http,
      log: createLog('error', { write: (text) => process.stderr.write(text) }),
      env: {},
      password: async () => '',
    });
  let served = await serve();
  t.after(async () => {
    await served.close();
    await http.close();
    rmSync(dir, { recursive: true });
  });
  const remote = openRegistry(registry, { http, credentials: anonymous });
  return {
    dir,
    http,
    registry,
    api: createApi({ http, url: served.url, token: readFileSync(served.tokenFile, 'utf8').trim() }),
    url: served.url,
    async restart() {
      await served.close();
      served = await serve();
    },
    async push(name: string, image: MadeImage): Promise<void> {
      const { repository, tag } = parseReference(`${registry}/${name}`);
      for (const [digest, bytes] of image.blobs)
        await pushBlob(remote, repository, { digest, size: bytes.length }, async function* () {
          yield bytes;
        });
      await pushManifest(remote, repository, tag!, image.bytes, image.descriptor.mediaType!);
    },
    async sign(name: string): Promise<void> {
      const key = await openKey(keys['release']!, {
        readFile: (path) => readFileSync(path, 'utf8'),
        env: {},
        password: async () => '',
      });
      const image = await resolveImage(`${registry}/${name}`, { http, credentials: anonymous });
      await signWithBundle(image, { key }, { http }, Date.now());
    },
    digest: (name: string) => {
      const { repository, tag } = parseReference(`${registry}/${name}`);
      return resolveTag(remote, repository, tag!);
    },
  };
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 30_000; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`expected within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const ledgers of testLedgers()) {
  test(`a base that is fixed and signed reaches its image, and an order reaches the agent of its cluster (${ledgers.dialect})`, async (t) => {
    const { api, http, registry, push, sign, digest, dir, url, restart } = await yard(t, ledgers);
    const base = (version: string) => makeImage({ layers: [[os], [status(version)]] });
    const annotations = { 'org.opencontainers.image.base.name': `${registry}/base/debian:12` };
    await push('base/debian:12', base('1.2.4-0.2'));
    await push(
      'team/app:1',
      makeImage({
        layers: [[os], [status('1.2.4-0.2')], [{ path: 'srv/app', data: 'app' }]],
        annotations,
        labels: { 'dev.seaworthy.rebasable': 'true' },
      }),
    );
    await sign('base/debian:12');
    await sign('team/app:1');
    await eventually('the base of the app is known', async () =>
      (await api.tags()).find(
        ({ reference, digest: named }) => reference.endsWith('base/debian:12') && named !== undefined,
      ),
    );
    await eventually('what affects the app is known', async () => {
      const [reached] = (await api.reach('CVE-2023-4863')).reached;
      return reached;
    });
    const before = await digest('team/app:1');

    await push('base/debian:12', base('1.2.4-0.2+deb12u1'));
    const refused = await eventually('the unsigned base is refused', async () =>
      (await api.renewals()).find(({ state }) => state === 'refused'),
    );
    const plan = await api.plan(`${registry}/base/debian:12`);
    assert.deepEqual(
      [plan.decision, plan.images.map(({ reference, level, means }) => [reference, level, means])],
      ['deny', [[`${registry}/team/app:1`, 1, ['rebase', 'rebuild']]]],
    );
    assert.equal(await digest('team/app:1'), before);

    await restart();
    await sign('base/debian:12');
    const { token } = await api.createToken({ name: 'agent', role: 'agent', cluster: 'prod' });
    const agent = createAgentApi({ http, url, token: () => token, signal: new AbortController().signal });
    const [signed] = await agent.orders(30);
    const key = createPublicKey(readFileSync(join(dir, 'home', 'orders.pub'), 'utf8'));
    const order = readOrder(signed!, key, 'prod', Date.now());
    const after = await digest('team/app:1');
    assert.deepEqual([order.from, order.to, order.repository], [before, after, 'team/app']);
    assert.notEqual(after, before);
    await agent.report(order.id, { state: 'done', text: 'Deployment app moved' });
    await assert.rejects(agent.report(order.id, { state: 'done', text: 'again' }), {
      code: 'server-refused',
    });

    const detail = await eventually('the renewal is over', async () => {
      const found = await api.renewal(refused.id);
      return found.state === 'done' ? found : undefined;
    });
    assert.deepEqual(
      [
        detail.images[0]?.means,
        detail.images[0]?.rollouts[0]?.state,
        detail.images[0]?.after?.levels['high'],
      ],
      ['rebase', 'done', 0],
    );
    assert.deepEqual((await api.reach('CVE-2023-4863')).reached, []);
  });

  test(`nobody gets an answer without a token, and nobody more than the token’s role may (${ledgers.dialect})`, async (t) => {
    const { api, http, url } = await yard(t, ledgers);
    const as = (token: string | undefined) => createApi({ http, url, token });
    await assert.rejects(as(undefined).status(), {
      code: 'server-refused',
      message: /expected a token, got none/,
    });
    await assert.rejects(as('sw_000000000000_x').status(), { message: /known and not expired/ });
    const { token } = await api.createToken({ name: 'r', role: 'reader' });
    assert.equal((await as(token).status()).database, ledgers.dialect);
    await assert.rejects(as(token).createToken({ name: 'x', role: 'admin' }), {
      message: /may tokens, got one of role reader/,
    });
    await assert.rejects(as(token).renew({ base: 'a.example/b:1' }), { message: /may renew/ });
    await assert.rejects(api.createToken({ name: 'x', role: 'root' }), {
      message: /expected a role of admin/,
    });
    await assert.rejects(api.createToken({ name: 'x', role: 'agent' }), {
      message: /expected text as cluster/,
    });
    await assert.rejects(api.approve('none'), { message: /waits for approval/ });
    await assert.rejects(api.renewal('none'), { message: /expected the id of a renewal/ });
    await assert.rejects(api.plan('not a name!'), { code: 'server-refused' });
    await assert.rejects(
      createAgentApi({ http, url, token: () => token, signal: new AbortController().signal }).orders(0),
      { code: 'server-refused' },
    );
    const [made] = (await api.tokens()).filter(({ name }) => name === 'r');
    await api.revokeToken(made!.id);
    await assert.rejects(as(token).status(), { code: 'server-refused' });
    for (const path of ['healthz', 'readyz']) {
      const response = await http.request({ url: `${url}/${path}` });
      assert.deepEqual([response.status, (await response.bytes(100)).toString()], [200, 'ok\n']);
    }
    const metrics = await http.request({ url: `${url}/metrics` });
    assert.match((await metrics.bytes(1 << 20)).toString(), /seaworthy_renewing 1/);
  });
}
