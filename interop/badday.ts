// A server of its own process between a registry that can be made to fail and an application that stands on a base.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApiRenewalSummary } from '../src/server/contract/index.ts';
import { makeImage } from '../src/testing/images.ts';
import { newKey, openYard, type Yard } from '../src/testing/yard.ts';
import { localSigner, publicPem } from '../src/trust/key/index.ts';
import { eventually, serverProcess } from './serverprocess.ts';
import { freePort } from './sigstore/port.ts';

const os = { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' };
const status = (version: string) => ({
  path: 'var/lib/dpkg/status',
  data: `Package: libwebp7\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nSource: libwebp\n`,
});

export interface BadDay {
  yard: Yard;
  home: string;
  /** Of the renewals' signatures. */
  publicKey: string;
  start(): Promise<void>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** A signed base of this version under the tag; gives its digest. */
  pushBase(version: string, name?: string): Promise<string>;
  renewals(): Promise<ApiRenewalSummary[]>;
  /** Until the newest renewal onto the digest is over, whatever it came to. */
  over(base: string): Promise<ApiRenewalSummary>;
  digest(name: string): Promise<string>;
  /** All that the server wrote. */
  said(): string;
}

export async function badDay(
  t: TestContext,
  options: { database?: string; home?: string; every?: string; debounce?: string; bases?: string[] } = {},
): Promise<BadDay> {
  const yard = await openYard(t);
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-badday-'));
  const home = options.home ?? join(dir, 'home');
  const [release, renewal] = [newKey(), newKey()];
  const bases = options.bases ?? ['debian'];
  const pem = (key: typeof renewal) => publicPem(localSigner(key).publicKey);
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
  put('renewal.key', renewal.export({ type: 'pkcs8', format: 'pem' }).toString());
  put('renewal.pub', pem(renewal));
  put('release.pub', pem(release));
  put(
    'policy.yaml',
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'default' },
      spec: {
        registries: [`${yard.host}/**`],
        authorities: ['release', 'renewal'].map((name) => ({
          name,
          key: { keys: [{ file: `${name}.pub` }] },
        })),
        rules: [{ name: 'signed', signature: { by: ['release', 'renewal'] } }],
      },
    }),
  );
  const port = await freePort();
  put(
    'server.yaml',
    JSON.stringify({
      listen: `127.0.0.1:${port}`,
      ...(options.database === undefined ? {} : { database: options.database }),
      policy: 'policy.yaml',
      signing: { key: 'renewal.key' },
      advisories: { update: false, maxAge: '3650d' },
      watch: {
        images: bases.map((base) => `${yard.host}/team/${base}-app:1`),
        every: options.every ?? '1s',
        debounce: options.debounce ?? '1s',
      },
      renewal: { images: [{ match: `${yard.host}/team/**` }] },
    }),
  );
  const push = async (repository: string, tag: string, image: ReturnType<typeof makeImage>) => {
    const pushed = await yard.push(repository, [image], tag);
    await yard.sign(pushed, release);
    return pushed.digest;
  };
  const layersOf = (name: string, version: string) => [
    [os, { path: 'etc/base', data: name }],
    [status(version)],
  ];
  const baseImage = (name: string, version: string) => makeImage({ layers: layersOf(name, version) });
  for (const base of bases) {
    await push(`base/${base}`, '12', baseImage(base, '1'));
    await push(
      `team/${base}-app`,
      '1',
      makeImage({
        layers: [...layersOf(base, '1'), [{ path: 'srv/app', data: base }]],
        annotations: { 'org.opencontainers.image.base.name': `${yard.host}/base/${base}:12` },
        labels: { 'dev.seaworthy.rebasable': 'true' },
      }),
    );
  }
  const server = serverProcess({ config: join(dir, 'server.yaml'), home, http: yard.http, port });
  const { api, said } = server;
  const day: BadDay = {
    yard,
    home,
    publicKey: join(dir, 'renewal.pub'),
    start: server.start,
    kill: server.kill,
    stop: server.stop,
    pushBase: (version, name = 'debian') => push(`base/${name}`, '12', baseImage(name, version)),
    renewals: () => api().renewals(),
    over: (base) =>
      eventually(
        () => `a renewal onto ${base} is over: ${said().slice(-3000)}`,
        async () => {
          const all = await api()
            .renewals()
            .catch(() => []);
          const found = all.find(({ digest }) => digest === base);
          return found !== undefined && !['running', 'refused', 'undecided', 'held'].includes(found.state)
            ? found
            : undefined;
        },
      ),
    digest: async (name) => (await yard.resolve(`${yard.host}/${name}`)).digest,
    said,
  };
  t.after(async () => {
    await day.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  await day.start();
  for (const base of bases)
    await eventually(
      () => `the base of ${base}-app is known: ${said().slice(-2000)}`,
      async () =>
        (await api().tags()).find(
          ({ reference, digest }) => reference.endsWith(`base/${base}:12`) && digest !== undefined,
        ),
    );
  return day;
}
