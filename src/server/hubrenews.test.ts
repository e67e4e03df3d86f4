import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
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
import { createApi } from './contract/index.ts';
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

/** A server whose policy wants either key, and for what is forbidden the key of releases itself. */
async function yard(t: TestContext, ledgers: TestLedger, smokeTest: string) {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-renews-'));
  const [registryPort, apiPort] = [await freePort(), await freePort()];
  const registry = `127.0.0.1:${registryPort}`;
  const http = createClient({});
  for (const name of ['release', 'renewal']) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(dir, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(dir, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const policy = (forbidden: string[]) =>
    writeFileSync(
      join(dir, 'policy.yaml'),
      JSON.stringify({
        ...{ apiVersion: 'seaworthy.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'default' } },
        spec: {
          registries: [`${registry}/**`],
          authorities: ['release', 'renewal'].map((name) => ({
            name,
            key: { keys: [{ file: `${name}.pub` }] },
          })),
          rules: [
            { name: 'signed', signature: { by: ['release', 'renewal'] } },
            ...forbidden.map((name) => ({
              name,
              images: [`${registry}/${name}/**`],
              signature: { by: ['release'] },
            })),
          ],
        },
      }),
    );
  policy(['team']);
  writeFileSync(
    join(dir, 'server.yaml'),
    JSON.stringify({
      ...{ listen: `127.0.0.1:${apiPort}`, database: ledgers.place(t), policy: 'policy.yaml' },
      ...{ signing: { key: 'renewal.key' }, registry: { listen: registry, anonymous: 'push' } },
      ...{ advisories: { update: false, maxAge: '3650d' } },
      watch: { images: [`${registry}/team/app:1`, `${registry}/team/old:1`], every: '1h', debounce: '1s' },
      renewal: {
        images: [
          { match: `${registry}/team/old`, maxAge: '30d' },
          {
            match: `${registry}/team/**`,
            smokeTest: { command: [process.execPath, '-e', smokeTest, '{image}', dir], timeout: '1m' },
          },
        ],
      },
    }),
  );
  const served = await serveHub({
    config: readConfig(join(dir, 'server.yaml'), {}, {}),
    home: openHome(join(dir, 'home')),
    http,
    log: createLog('error', { write: (text) => process.stderr.write(text) }),
    env: process.env,
    password: async () => '',
  });
  t.after(async () => {
    await served.close();
    await http.close();
    rmSync(dir, { recursive: true });
  });
  const remote = openRegistry(registry, { http, credentials: anonymous });
  return {
    ...{ dir, registry, policy },
    api: createApi({ http, url: served.url, token: readFileSync(served.tokenFile, 'utf8').trim() }),
    async push(name: string, image: MadeImage): Promise<void> {
      const { repository, tag } = parseReference(`${registry}/${name}`);
      for (const [digest, bytes] of image.blobs)
        await pushBlob(remote, repository, { digest, size: bytes.length }, async function* () {
          yield bytes;
        });
      await pushManifest(remote, repository, tag!, image.bytes, image.descriptor.mediaType!);
    },
    async sign(name: string): Promise<void> {
      const key = await openKey(join(dir, 'release.key'), {
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
  for (const end = Date.now() + 120_000; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`expected within 120 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// the first renewal of the app fails by its smoke test, which passes once a file is there
const smokeTest = `const [image, dir] = process.argv.slice(1);
console.log('asked for ' + image);
process.exit(require('node:fs').existsSync(dir + '/mended') ? 0 : 1);`;

// what the books say is tested beside them; this is how it hangs together
for (const ledgers of testLedgers()) {
  test(`a server renews by itself for other reasons: age, another policy; and tries what it made (${ledgers.dialect})`, async (t) => {
    const { api, dir, registry, policy, push, sign, digest } = await yard(t, ledgers, smokeTest);
    const base = (version: string) => makeImage({ layers: [[os], [status(version)]] });
    const annotations = { 'org.opencontainers.image.base.name': `${registry}/base/debian:12` };
    const on = (name: string, created: string) =>
      makeImage({
        layers: [[os], [status('1.2.4-0.2')], [{ path: 'srv/app', data: name }]],
        ...{ annotations, labels: { 'dev.seaworthy.rebasable': 'true' }, config: { created } },
      });
    await push('base/debian:12', base('1.2.4-0.2'));
    await sign('base/debian:12');
    for (const name of ['team/app:1', 'team/old:1']) {
      await push(name, on(name, '2020-01-01T00:00:00Z'));
      await sign(name);
    }
    const ended = (what: string, cause: RegExp) =>
      eventually(what, async () =>
        (await api.renewals()).find((one) => cause.test(one.cause) && one.endedAt !== undefined),
      );
    const old = await ended('the old image is named', /team\/old:1 is older than 30d/);
    const [named] = (await api.renewal(old.id)).images;
    assert.deepEqual([named?.state, named?.base.reference], ['unsafe', `${registry}/base/debian:12`]);

    const before = await digest('team/app:1');
    await push('base/debian:12', base('1.2.4-0.2+deb12u1'));
    await sign('base/debian:12');
    const appOf = async (what: string, cause: RegExp) => {
      const { id } = await ended(what, cause);
      return (await api.renewal(id)).images.find(({ reference }) => reference.endsWith('app:1'))!;
    };
    const stopped = await appOf('the policy stops it', /base\/debian:12 moved/);
    assert.equal(stopped.state, 'stopped');
    assert.match(stopped.text, /^deny: team: /);
    assert.equal(stopped.tried, undefined, 'what the policy refuses is not tried');
    policy([]);
    // for that policy, or for a fix that was found in the base meanwhile: whichever comes first
    const failed = await eventually('another policy lets it past, to its smoke test', async () => {
      for (const { id, cause, endedAt } of await api.renewals()) {
        if (endedAt === undefined || !/another policy is in force, default|fix of CVE/.test(cause)) continue;
        const one = (await api.renewal(id)).images.find(({ reference }) => reference.endsWith('app:1'));
        if (one?.tried !== undefined) return one;
      }
      return undefined;
    });
    assert.deepEqual(
      [failed.state, failed.text, await digest('team/app:1')],
      ['stopped', 'smoke test: exit 1', before],
    );
    assert.deepEqual(failed.tried?.output, [`asked for ${registry}/team/app@${failed.to}`]);
    assert.deepEqual(failed.packages?.changes, [
      { kind: 'upgraded', name: 'libwebp7', before: '1.2.4-0.2', after: '1.2.4-0.2+deb12u1' },
    ]);
    writeFileSync(join(dir, 'mended'), '');
    await api.renew({ base: `${registry}/base/debian:12` });
    const done = await appOf('it is asked for by a person', /asked for/);
    assert.deepEqual([done.state, done.tried?.passed], ['done', true]);
    assert.equal(await digest('team/app:1'), done.to);
  });
}
