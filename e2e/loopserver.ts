// The server of the loop: its keys, its policy, its configuration, and the process that is started and killed.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { data } from '../interop/peers.ts';
import { testRecord, writeFeed } from '../src/testing/feeds.ts';
import { command, must } from './agent.ts';
import { eventually } from './kubectl.ts';
import { authorityFile, nodeAddress, serverCertificate } from './place.ts';

export const work = mkdtempSync(join(tmpdir(), 'seaworthy-loop-'));
export const home = join(work, 'home');
const host = nodeAddress();
export const registry = `${host}:5448`;
export const api = `https://${host}:7448`;
export const system = 'seaworthy-system';
let server: ChildProcess | undefined;

export const at = (name: string) => `${registry}/${name}`;
export const ours = (code: number, ...args: string[]) =>
  must(home, code, '--ca-file', authorityFile, ...args);
export const client = (...args: string[]) => ours(0, ...args, '--server', api);

export function curl(...args: string[]): string {
  return execFileSync('curl', ['-sf', '--cacert', authorityFile, ...args], { encoding: 'utf8' });
}

const vulnerabilities = {
  by: ['release', 'renewal'],
  severity: 'high',
  fixable: true,
  // Debian says none
  unknownSeverity: 'high',
  maxDatabaseAge: '3650d',
};

/** Feeds as their publishers have them, and one that the test publishes. */
const published = ['Debian', 'Go', 'npm'];
const ecosystems = [...published, 'PyPI'];

/** What is old stays, as everywhere on the first day; what is new has to be good. */
const policy = {
  apiVersion: 'seaworthy.dev/v1alpha1',
  kind: 'ImagePolicy',
  metadata: { name: 'default', namespace: system },
  spec: {
    registries: [`${registry}/**`],
    authorities: [
      { name: 'release', key: { keys: [{ file: 'release.pub' }] } },
      { name: 'renewal', key: { keys: [{ file: 'renewal.pub' }] } },
    ],
    rules: [
      { name: 'signed', signature: { by: ['release', 'renewal'] } },
      { name: 'no-high', vulnerabilities, mode: 'audit' },
      { name: 'new-without-high', images: [`${registry}/new/**`], vulnerabilities },
    ],
  },
};

export interface Prepared {
  /** Images in `team/` that it watches, and rolls out. */
  images: readonly string[];
  /** How long a base has to stand still; 1s when left out. */
  debounce?: string;
}

/** Writes keys, policy, feed and configuration of a server. */
export function prepareServer({ images, debounce = '1s' }: Prepared): void {
  mkdirSync(work, { recursive: true });
  const { cert, key } = serverCertificate([host, 'localhost', '127.0.0.1']);
  writeFileSync(join(work, 'tls.crt'), cert);
  writeFileSync(join(work, 'tls.key'), key, { mode: 0o600 });
  for (const name of ['release', 'renewal'])
    must(home, 0, 'keys', 'generate', '--output-prefix', join(work, name));
  writeFileSync(join(work, 'policy.yaml'), JSON.stringify(policy));
  mkdirSync(join(work, 'osv'));
  for (const feed of published) symlinkSync(join(data, 'osv', feed), join(work, 'osv', feed));
  publish();
  ours(
    0,
    'db',
    'update',
    '--from',
    join(work, 'osv'),
    ...ecosystems.flatMap((one) => ['--ecosystem', one]),
    '--no-epss',
    '--no-kev',
  );
  const tls = { certificate: 'tls.crt', key: 'tls.key' };
  writeFileSync(
    join(work, 'server.yaml'),
    JSON.stringify({
      listen: `${host}:7448`,
      url: api,
      tls,
      policy: 'policy.yaml',
      signing: { key: 'renewal.key' },
      registry: { listen: registry, tls, anonymous: 'push' },
      advisories: { from: join(work, 'osv'), ecosystems, every: '5s', maxAge: '3650d' },
      watch: { images: images.map((name) => at(`team/${name}:1`)), every: '1h', debounce },
      renewal: {
        images: [
          { match: at('team/middle') },
          { match: at('team/admin'), pipeline: 'builds', rollout: ['cluster'] },
          { match: at('team/**'), rollout: ['cluster'] },
        ],
        pipelines: [{ name: 'builds', buildah: { context: 'admin' } }],
        targets: [{ name: 'cluster', cluster: 'e2e' }],
      },
    }),
  );
}

/** The feed as its publisher has it from now on: with a flaw of this package in it. */
export function publish(flaw?: { id: string; name: string; fixed: string }): void {
  const modified = new Date().toISOString();
  const more = { modified, published: modified, database_specific: { severity: 'HIGH' } };
  const records = [testRecord('GHSA-xxxx-xxxx-xxxx', 'PyPI', 'elsewhere', '2', more)];
  if (flaw !== undefined)
    records.push(
      testRecord('GHSA-yyyy-yyyy-yyyy', 'PyPI', flaw.name, flaw.fixed, { ...more, aliases: [flaw.id] }),
    );
  writeFeed(join(work, 'osv'), 'PyPI', records);
}

export function startServer(): Promise<void> {
  const program = join(import.meta.dirname, '..', 'bin', 'seaworthy.cjs');
  server = spawn(
    process.execPath,
    [program, '--home', home, '--ca-file', authorityFile, 'serve', '--config', join(work, 'server.yaml')],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, SEAWORTHY_PASSWORD: 'secret' } },
  );
  return eventually('the server is ready', () => {
    try {
      return curl(`${api}/readyz`) === 'ok\n';
    } catch {
      return false;
    }
  });
}

export async function killServer(): Promise<void> {
  if (server === undefined || server.exitCode !== null) return;
  const gone = new Promise((resolve) => server?.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}

/** What the agent is given of the server: its address, a token, the key that orders are signed with. */
export function agentSecret(): Record<string, unknown> {
  const { token } = JSON.parse(
    curl(
      '-H',
      `Authorization: Bearer ${readFileSync(join(home, 'token'), 'utf8').trim()}`,
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify({ name: 'agent', role: 'agent', cluster: 'e2e' }),
      `${api}/v1/tokens`,
    ),
  ) as { token: string };
  const orders = readFileSync(join(home, 'orders.pub'), 'utf8');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'seaworthy-server', namespace: system },
    stringData: { url: api, token, cluster: 'e2e', 'orders.pub': orders },
  };
}

export const accept =
  'accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
export const manifestOf = (name: string) => {
  const [repository, tag] = name.split(':');
  return `https://${at(repository!).replace('/', '/v2/')}/manifests/${tag}`;
};

function digestOf(name: string): string {
  return curl('-I', '-H', accept, manifestOf(name))
    .split('\r\n')
    .find((line) => line.toLowerCase().startsWith('docker-content-digest:'))!
    .split(' ')[1]!;
}

export const pinned = (name: string) => `${at(name)}@${digestOf(name)}`;

/** As a pipeline does it: scanned, signed. */
export function release(name: string): void {
  const args = ['scan', at(name), '--attest', '--key', join(work, 'release.key'), '--max-db-age', '3650'];
  const { code, stdout, stderr } = command(home, '--ca-file', authorityFile, ...args);
  // 3: something is undecided, which the evidence says
  assert.ok(code === 0 || code === 3, stdout + stderr);
  ours(0, 'sign', at(name), '--key', join(work, 'release.key'));
}

export function deployment(namespace: string, name: string, image: string): Record<string, unknown> {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
      },
    },
  };
}
