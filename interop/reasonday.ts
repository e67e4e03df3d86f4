// A server of its own process over bases and images of which a test says what they hold, when they were made, and what
// its policy and configuration say of them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  ApiJob,
  ApiJobs,
  ApiRenewalDetail,
  ApiRenewalSummary,
  ApiRenewedImage,
} from '../src/server/contract/index.ts';
import { makeImage, type TarFile } from '../src/testing/images.ts';
import { newKey, openYard, type Yard } from '../src/testing/yard.ts';
import { localSigner, publicPem } from '../src/trust/key/index.ts';
import { eventually, type ServerProcess, serverProcess } from './serverprocess.ts';
import { freePort } from './sigstore/port.ts';
import { assertTrail, signedDigests } from './traces.ts';

const os = { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' };

/** Debian's package of the library that all bases hold. */
export const library = (version: string): TarFile => ({
  path: 'var/lib/dpkg/status',
  data: `Package: libtide1\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nSource: libtide\n`,
});

const layersOf = (name: string, version: string): TarFile[][] => [
  [os, { path: 'etc/base', data: name }],
  [library(version)],
];

export interface AppOptions {
  /** Of its base. */
  base?: string;
  version: string;
  created?: Date;
  /** In its own layer. */
  files?: readonly TarFile[];
}

export interface ReasonDay extends Omit<ServerProcess, 'said'> {
  yard: Yard;
  dir: string;
  home: string;
  /** Replaces the policy's file; `rules` beside the one that wants a signature. */
  policy(rules: readonly Record<string, unknown>[]): void;
  /** A base that is signed; gives its digest. */
  pushBase(name: string, version: string): Promise<string>;
  /** An image that is signed by its team; gives its digest. */
  pushApp(name: string, app: AppOptions): Promise<string>;
  /** Pushes as a pipeline does, under the tag alone. */
  build(name: string, tag: string, app: AppOptions): Promise<string>;
  /** Until the newest renewal whose cause says so is over, whatever it came to. */
  ended(cause: RegExp): Promise<ApiRenewalDetail>;
  renewals(): Promise<ApiRenewalSummary[]>;
  /** Of one kind, whatever their state. */
  jobs(kind: string): Promise<ApiJob[]>;
  /** Until the server has looked at every tag once more, and has nothing more to do about what it found. */
  settled(): Promise<void>;
  digest(name: string): Promise<string>;
  /**
   * Of an image that was renewed: by every step, to a digest that the policy's key of renewals verifies and that was the
   * only one signed in these requests; the digest it left is kept; its lineage names the base.
   */
  assertRenewed(
    image: ApiRenewedImage,
    expected: { from: string; base: string; requests: readonly string[] },
  ): Promise<void>;
  /** Stopped by a signal; its audit trail is whole. */
  assertTrail(): Promise<void>;
}

/** `server`: of the configuration, once the registry is there. */
export async function reasonDay(
  t: TestContext,
  options: {
    database: string | undefined;
    server: (place: { host: string; dir: string }) => Record<string, unknown>;
  },
): Promise<ReasonDay> {
  const yard = await openYard(t);
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-reasons-'));
  const home = join(dir, 'home');
  const [release, renewal] = [newKey(), newKey()];
  const pem = (key: typeof renewal) => publicPem(localSigner(key).publicKey);
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
  put('renewal.key', renewal.export({ type: 'pkcs8', format: 'pem' }).toString());
  put('renewal.pub', pem(renewal));
  put('release.pub', pem(release));
  const policy: ReasonDay['policy'] = (rules) => {
    const authorities = ['release', 'renewal'].map((name) => ({
      name,
      key: { keys: [{ file: `${name}.pub` }] },
    }));
    const signed = { name: 'signed', signature: { by: ['release', 'renewal'] } };
    put(
      'policy.new',
      JSON.stringify({
        ...{ apiVersion: 'seaworthy.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'default' } },
        spec: { registries: [`${yard.host}/**`], authorities, rules: [signed, ...rules] },
      }),
    );
    renameSync(join(dir, 'policy.new'), join(dir, 'policy.yaml'));
  };
  policy([]);
  const port = await freePort();
  const database = options.database ?? `sqlite:${dir}/ledger.db`;
  put(
    'server.yaml',
    JSON.stringify({
      ...{ listen: `127.0.0.1:${port}`, database, policy: 'policy.yaml', signing: { key: 'renewal.key' } },
      ...options.server({ host: yard.host, dir }),
    }),
  );
  const server = serverProcess({ config: join(dir, 'server.yaml'), home, http: yard.http, port });
  const { api, said } = server;
  t.after(async () => {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  const push = async (repository: string, tag: string, image: ReturnType<typeof makeImage>) => {
    const pushed = await yard.push(repository, [image], tag);
    await yard.sign(pushed, release);
    return pushed.digest;
  };
  const appImage = (name: string, { base = 'debian', version, created, files = [] }: AppOptions) =>
    makeImage({
      layers: [...layersOf(base, version), [{ path: 'srv/app', data: name }, ...files]],
      annotations: { 'org.opencontainers.image.base.name': `${yard.host}/base/${base}:12` },
      labels: { 'dev.seaworthy.rebasable': 'true' },
      ...(created === undefined ? {} : { config: { created: created.toISOString() } }),
    });
  const jobs = async (query: string) => {
    const token = readFileSync(join(home, 'token'), 'utf8').trim();
    const answer = await yard.http.request({
      url: `${server.url}/v1/jobs?limit=1000${query}`,
      authorization: `Bearer ${token}`,
    });
    return (JSON.parse((await answer.bytes(1 << 20)).toString()) as ApiJobs).jobs;
  };
  const digest = async (name: string) => (await yard.resolve(`${yard.host}/${name}`)).digest;
  return {
    ...server,
    ...{ yard, dir, home, policy, digest },
    pushBase: (name, version) => push(`base/${name}`, '12', makeImage({ layers: layersOf(name, version) })),
    pushApp: (name, app) => push(`team/${name}`, '1', appImage(name, app)),
    build: async (name, tag, app) => (await yard.push(`team/${name}`, [appImage(name, app)], tag)).digest,
    renewals: () => api().renewals(),
    jobs: (kind) => jobs(`&kind=${kind}`),
    async ended(cause) {
      const { id } = await eventually(
        () => `a renewal for ${cause} is over: ${said().slice(-3000)}`,
        async () =>
          (
            await api()
              .renewals()
              .catch(() => [])
          ).find((one) => cause.test(one.cause) && one.endedAt !== undefined),
      );
      return api().renewal(id);
    },
    async settled() {
      const since = new Date().toISOString();
      await eventually(
        () => `nothing more is to be done: ${said().slice(-3000)}`,
        async () => {
          const tags = (await api().tags()).filter((tag) => tag.digest !== undefined);
          if (tags.some(({ lookedAt = '' }) => lookedAt <= since)) return undefined;
          const soon = new Date(Date.now() + 10_000).toISOString();
          const open = (await jobs('')).filter(({ kind, runAt }) => !byTheClock.has(kind) && runAt <= soon);
          return open.length === 0 ? true : undefined;
        },
      );
    },
    async assertRenewed(image, { from, base, requests }) {
      assert.equal(image.state, 'done', `${image.text}: ${said().slice(-3000)}`);
      const [name, tag] = image.reference.slice(yard.host.length + 1).split(':') as [string, string];
      assert.deepEqual(
        image.steps.map(({ step }) => step).filter((step) => step !== 'trying' && step !== 'rolling'),
        ['waiting', 'making', 'scanning', 'judging', 'signing', 'checking', 'tagging'],
      );
      assert.deepEqual([image.from, image.base.to, await digest(`${name}:${tag}`)], [from, base, image.to]);
      assert.notEqual(image.to, from);
      assert.equal(await digest(`${name}:keep-${from.replace(':', '-')}`), from);
      assert.deepEqual(await signedDigests(yard, name, requests), [image.to]);
      await server.command('verify', `${yard.host}/${name}@${image.to}`, '--key', join(dir, 'renewal.pub'));
      const lineage = await server.ask('lineage', image.reference);
      assert.match(lineage, new RegExp(`└─ ${image.base.reference}\n(?:.*\n)? *${base} `));
    },
    async assertTrail() {
      await server.stop();
      await assertTrail(t, database);
    },
  };
}

/** They come again by themselves, and begin what they find to do. */
const byTheClock = new Set(['watch.poll', 'advisories.update', 'watch.verdict']);
