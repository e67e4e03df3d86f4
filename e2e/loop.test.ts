// The loop, end to end on a real cluster: build → scan → sign → admit → base fixed → renewed → rolled out.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentAnswers, done, field, install, must, refused, uninstall } from './agent.ts';
import { appProgram } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { authorityFile, nodeAddress, serverCertificate } from './place.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-loop-'));
const home = join(work, 'home');
const host = nodeAddress();
const registry = `${host}:5448`;
const api = `https://${host}:7448`;
const shop = 'e2e-loop';
const system = 'seaworthy-system';
const flaw = 'CVE-2023-4863';
const fixed = '1.2.4-0.2+deb12u1';
const both = 'linux/amd64,linux/arm64';
const names = ['shop', 'web', 'api', 'admin'];
let server: ChildProcess | undefined;

const ours = (code: number, ...args: string[]) => must(home, code, '--ca-file', authorityFile, ...args);
const client = (...args: string[]) => ours(0, ...args, '--server', api);
const at = (name: string) => `${registry}/${name}`;

function startServer(): Promise<void> {
  const program = join(import.meta.dirname, '..', 'bin', 'seaworthy.cjs');
  server = spawn(
    process.execPath,
    [program, '--home', home, '--ca-file', authorityFile, 'serve', '--config', join(work, 'server.yaml')],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, SEAWORTHY_PASSWORD: 'secret' } },
  );
  return eventually('the server is ready', () => {
    try {
      return (
        execFileSync('curl', ['-sf', '--cacert', authorityFile, `${api}/readyz`], { encoding: 'utf8' }) ===
        'ok\n'
      );
    } catch {
      return false;
    }
  });
}

async function killServer(): Promise<void> {
  const gone = new Promise((resolve) => server?.once('exit', resolve));
  server?.kill('SIGKILL');
  await gone;
}

interface Context {
  lines: readonly string[];
  files?: Record<string, string | Buffer>;
}

function writeContext(dir: string, { lines, files = {} }: Context): void {
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), data, { mode: 0o755 });
  }
  writeFileSync(join(dir, 'Dockerfile'), `${lines.join('\n')}\n`);
}

/** Builds with buildah, for one platform or both, and pushes. */
function build(name: string, context: Context, platforms = 'linux/amd64'): void {
  const dir = mkdtempSync(join(work, 'context-'));
  writeContext(dir, context);
  const store = ['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')];
  const buildah = (...args: string[]) =>
    execFileSync('buildah', [...store, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const common = ['bud', '--isolation', 'chroot', '--pull-always', '-q'];
  if (!platforms.includes(',')) {
    buildah(...common, '-t', at(name), dir);
    buildah('push', '-q', at(name), `docker://${at(name)}`);
    return;
  }
  const list = `list-${mkdtempSync(join(work, 'x')).slice(-6).toLowerCase()}`;
  buildah(...common, '--platform', platforms, '--manifest', list, dir);
  buildah('manifest', 'push', '-q', '--all', list, `docker://${at(name)}`);
}

/** A base that brings a program of its own; what inherits its command runs that. */
const baseLines = (word: string) => [
  'FROM scratch',
  'COPY root /',
  'USER 65532',
  `ENTRYPOINT ["/base-app", "${word}"]`,
];

const base = (webp: string) => ({
  'root/base-app': appProgram(),
  'root/etc/os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  'root/var/lib/dpkg/status': `Package: libwebp7\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${webp}\nSource: libwebp\n`,
});
const rebasable = 'LABEL dev.seaworthy.rebasable=true';

/** As a pipeline does it: scanned, signed. */
function release(name: string): void {
  ours(0, 'scan', at(name), '--attest', '--key', join(work, 'release.key'), '--max-db-age', '3650');
  ours(0, 'sign', at(name), '--key', join(work, 'release.key'));
}

function deployment(name: string, image: string): Record<string, unknown> {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: shop },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
      },
    },
  };
}

const imageOf = (name: string) =>
  field(['-n', shop, 'get', 'deployment', name], '.spec.template.spec.containers[0].image');

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
      {
        name: 'no-high',
        vulnerabilities: { by: ['release', 'renewal'], severity: 'high', maxDatabaseAge: '3650d' },
        mode: 'audit',
      },
    ],
  },
};

before(async () => {
  mkdirSync(work, { recursive: true });
  const { cert, key } = serverCertificate([host, 'localhost', '127.0.0.1']);
  writeFileSync(join(work, 'tls.crt'), cert);
  writeFileSync(join(work, 'tls.key'), key, { mode: 0o600 });
  for (const name of ['release', 'renewal'])
    must(home, 0, 'keys', 'generate', '--output-prefix', join(work, name));
  writeFileSync(join(work, 'policy.yaml'), JSON.stringify(policy));
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
      advisories: { update: false, maxAge: '3650d' },
      watch: {
        images: ['middle', ...names, 'cart'].map((name) => at(`team/${name}:1`)),
        every: '1h',
        debounce: '1s',
      },
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
  await startServer();
});

after(async () => {
  kubectl(['delete', 'namespace', shop, '--wait=false']);
  uninstall(home);
  await killServer();
  rmSync(work, { recursive: true, force: true });
});

test('images two levels deep are built, scanned, signed, and run under the policy', async () => {
  const app = appProgram();
  build('base/debian:12', { lines: baseLines('run'), files: base('1.2.4-0.2') }, both);
  release('base/debian:12');
  const program = { app };
  const onBase = (from: string, mark: string) => [
    `FROM ${at(from)}`,
    'COPY app /app',
    rebasable,
    `LABEL mark=${mark}`,
    'USER 65532',
    'ENTRYPOINT ["/app"]',
  ];
  build('team/middle:1', { lines: onBase('base/debian:12', 'middle'), files: program });
  release('team/middle:1');
  for (const [name, from] of [
    ['shop', 'base/debian:12'],
    ['web', 'base/debian:12'],
    ['api', 'team/middle:1'],
  ] as const) {
    build(
      `team/${name}:1`,
      { lines: onBase(from, name), files: program },
      name === 'shop' ? both : undefined,
    );
    release(`team/${name}:1`);
  }
  build('team/cart:1', {
    lines: [`FROM ${at('base/debian:12')}`, 'COPY mark /mark', rebasable],
    files: { mark: 'cart' },
  });
  release('team/cart:1');
  // what writes the package database itself cannot be rebased
  const admin = (webp: string) => ({
    lines: onBase('base/debian:12', 'admin').toSpliced(1, 0, 'COPY root/var /var'),
    files: {
      app,
      'root/var/lib/dpkg/status': `${base(webp)['root/var/lib/dpkg/status']}\nPackage: admin\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n`,
    },
  });
  build('team/admin:1', admin('1.2.4-0.2'));
  release('team/admin:1');
  mkdirSync(join(work, 'admin'));
  writeContext(join(work, 'admin'), admin(fixed));
  kubectl(['create', 'namespace', shop]);
  kubectl(['create', 'namespace', system]);
  const token = JSON.parse(
    execFileSync(
      'curl',
      [
        '-sf',
        '--cacert',
        authorityFile,
        '-H',
        `Authorization: Bearer ${readFileSync(join(home, 'token'), 'utf8').trim()}`,
        '-H',
        'content-type: application/json',
        '-d',
        JSON.stringify({ name: 'agent', role: 'agent', cluster: 'e2e' }),
        `${api}/v1/tokens`,
      ],
      { encoding: 'utf8' },
    ),
  ) as { token: string };
  done(['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'seaworthy-server', namespace: system },
    stringData: {
      url: api,
      token: token.token,
      cluster: 'e2e',
      'orders.pub': readFileSync(join(home, 'orders.pub'), 'utf8'),
    },
  });
  install(home, join(work, 'policy.yaml'), '--mutate', '--server-secret', 'seaworthy-server');
  must(home, 0, 'cluster', 'enforce', shop, '--yes');
  await agentAnswers(shop);
  const digest = (name: string) => client('renewals', '--format', 'json') && digestOf(name);
  for (const name of [...names, 'cart'])
    done(['create', '-f', '-'], deployment(name, `${at(`team/${name}:1`)}@${digest(name)}`));
  for (const name of [...names, 'cart'])
    done(['-n', shop, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
  assert.match(
    refused(
      ['create', '--dry-run=server', '-f', '-'],
      deployment('x', `${at('team/shop')}@sha256:${'0'.repeat(64)}`),
    ),
    /undecided|denied/,
  );
});

function digestOf(name: string): string {
  return execFileSync(
    'curl',
    [
      '-sfI',
      '--cacert',
      authorityFile,
      '-H',
      'accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
      `https://${registry}/v2/team/${name}/manifests/1`,
    ],
    { encoding: 'utf8' },
  )
    .split('\r\n')
    .find((line) => line.toLowerCase().startsWith('docker-content-digest:'))!
    .split(' ')[1]!;
}

test('an unsigned base moves nothing', async () => {
  build('base/debian:12', { lines: baseLines('crash'), files: base(fixed) }, both);
  const before = names.map(imageOf);
  client('renewals', '--wait', 'refused');
  assert.deepEqual(names.map(imageOf), before);
});

test('once it is signed, everything on it runs on new digests without a hand, through kill -9 of server and agent', async () => {
  const before = new Map(names.map((name) => [name, imageOf(name)]));
  release('base/debian:12');
  client('renewals', '--wait', 'running');
  await killServer();
  kubectl([
    '-n',
    system,
    'delete',
    'pods',
    '-l',
    'app.kubernetes.io/component=agent',
    '--grace-period=0',
    '--force',
  ]);
  await startServer();
  const text = client('renewals', '--wait', 'over', '--format', 'json').stdout;
  const { renewals } = JSON.parse(text) as { renewals: { id: string; state: string }[] };
  const record = client('renewals', renewals[0]!.id).stdout;
  process.stdout.write(record);
  for (const [name, image] of before) {
    assert.notEqual(imageOf(name), image, name);
    assert.equal(imageOf(name), `${at(`team/${name}:1`)}@${digestOf(name)}`);
    done(['-n', shop, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
    const running = field(
      ['-n', shop, 'get', 'pods', '-l', `app=${name}`],
      '.items[*].spec.containers[0].image',
    );
    assert.equal(running, imageOf(name), 'and no pod of the old digest');
    const scan = JSON.parse(
      ours(0, 'scan', imageOf(name), '--format', 'json', '--max-db-age', '3650').stdout,
    ) as { findings: { id: string }[] };
    assert.equal(
      scan.findings.some(({ id }) => id === flaw),
      false,
    );
  }
  assert.match(record, /findings 1 high → none/);
  assert.match(record, /rebuild: no rebase: databases: /);
  const shops = JSON.parse(
    execFileSync(
      'curl',
      [
        '-sf',
        '--cacert',
        authorityFile,
        '-H',
        'accept: application/vnd.oci.image.index.v1+json',
        `https://${registry}/v2/team/shop/manifests/1`,
      ],
      {
        encoding: 'utf8',
      },
    ),
  ) as { manifests: { platform: { architecture: string } }[] };
  assert.deepEqual(shops.manifests.map(({ platform }) => platform.architecture).sort(), ['amd64', 'arm64']);
});

test('one whose pods crash on the new base is back where it was, and the base is held until it is released', async () => {
  const list = client('renewals').stdout;
  assert.match(list, /partly/);
  assert.match(list, /held since .*base\/debian:12/);
  const old = imageOf('cart');
  assert.equal(old, `${at('team/cart:1')}@${digestOf('cart')}`, 'the tag names the old digest again');
  done(['-n', shop, 'rollout', 'status', 'deployment/cart', '--timeout=60s']);
  const [{ id } = { id: '' }] = JSON.parse(client('renewals', '--format', 'json').stdout).renewals;
  const { images } = JSON.parse(client('renewals', id, '--format', 'json').stdout) as {
    images: { reference: string; state: string; text: string }[];
  };
  const cart = images.find(({ reference }) => reference === at('team/cart:1'))!;
  assert.equal(cart.state, 'returned');
  assert.match(cart.text, /CrashLoopBackOff|crash|restart/i);
  assert.match(client('release', at('base/debian:12'), '--reason', 'cart was mended').stdout, /released/);
  assert.doesNotMatch(client('renewals').stdout, /held since/);
});
