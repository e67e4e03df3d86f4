// The loop, end to end on a real cluster: build → scan → sign → admit → base fixed → renewed → rolled out.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentAnswers, command, done, field, install, must, refused, uninstall } from './agent.ts';
import { both, build, type Context, writeContext } from './buildah.ts';
import { eventually, kubectl } from './kubectl.ts';
import * as languages from './languages.ts';
import {
  accept,
  agentSecret,
  at,
  client,
  curl,
  deployment as deploymentIn,
  home,
  killServer,
  manifestOf,
  pinned,
  prepareServer,
  publish,
  release,
  startServer,
  system,
  work,
} from './loopserver.ts';
import { authorityFile } from './place.ts';

const shop = 'e2e-loop';
const flaw = 'CVE-2023-4863';
const newFlaw = 'CVE-2026-7002';
const vulnerable = '1.2.4-0.2';
const fixed = '1.2.4-0.2+deb12u1';
const names = ['shop', 'web', 'api', 'admin'];
const all = [...names, 'cart'];
const made = (name: string) => join(work, 'made', name);

/** A base of real packages that brings a program of its own; what inherits its command runs that. */
function base(word: string, webp: string): Context {
  languages.setWebp(made('base'), webp);
  return {
    lines: [
      'FROM scratch',
      'ARG TARGETARCH',
      'COPY $TARGETARCH /',
      'USER 65532',
      `ENTRYPOINT ["/base-app", "${word}"]`,
    ],
    trees: { amd64: join(made('base'), 'amd64'), arm64: join(made('base'), 'arm64') },
  };
}

const rebasable = 'LABEL dev.seaworthy.rebasable=true';
const entry = (words: readonly string[]) => `ENTRYPOINT ${JSON.stringify(words)}`;
const from = (name: string, ...lines: string[]) => [`FROM ${at(name)}`, rebasable, ...lines];

/** In Go, for two platforms. */
const shopOf = (base: string): Context => ({
  lines: from(base, 'ARG TARGETARCH', 'COPY $TARGETARCH /', entry(['/app'])),
  trees: { amd64: join(made('go'), 'amd64'), arm64: join(made('go'), 'arm64') },
});

/** What writes the package database itself cannot be rebased. */
const admin = (): Context => ({
  ...shopOf('base/debian:12'),
  lines: from('base/debian:12', 'COPY amd64 /', 'COPY root /', entry(['/app'])),
  files: {
    'root/var/lib/dpkg/status':
      'Package: admin\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n',
  },
});

const deployment = (name: string, image: string) => deploymentIn(shop, name, image);
const imageOf = (name: string) =>
  field(['-n', shop, 'get', 'deployment', name], '.spec.template.spec.containers[0].image');
function flawsIn(image: string): string[] {
  const args = ['scan', image, '--format', 'json', '--max-db-age', '3650'];
  const { stdout } = command(home, '--ca-file', authorityFile, ...args);
  const scan = JSON.parse(stdout) as { findings: { id: string }[] };
  return scan.findings.map(({ id }) => id);
}

before(async () => {
  languages.debianBase(made('base'));
  languages.goApplication(made('go'));
  languages.nodeRuntime(made('node'));
  languages.nodeApplication(made('api'));
  languages.pythonApplication(made('web'));
  prepareServer({ images: ['middle', ...all] });
  await startServer();
});

after(async () => {
  kubectl(['delete', 'namespace', shop, '--wait=false']);
  uninstall(home);
  await killServer();
  rmSync(work, { recursive: true, force: true });
});

test('images in three languages, two levels deep, are built, scanned and signed, and run under the policy', async () => {
  build(work, at('base/debian:12'), base('run', vulnerable), both);
  release('base/debian:12');
  build(work, at('team/middle:1'), {
    lines: from('base/debian:12', 'COPY node /', `ENV NODE_VERSION=${process.versions.node}`),
    trees: { node: made('node') },
  });
  release('team/middle:1');
  const apps: [string, Context, string?][] = [
    ['shop', shopOf('base/debian:12'), both],
    [
      'web',
      {
        lines: from(
          'base/debian:12',
          'COPY root /',
          `ENV ${languages.pythonEnvironment}`,
          entry(languages.pythonCommand),
        ),
        trees: { root: join(made('web'), 'root') },
      },
    ],
    [
      'api',
      {
        lines: from('team/middle:1', 'COPY app /app', entry(languages.nodeCommand)),
        trees: { app: join(made('api'), 'app') },
      },
    ],
    ['admin', admin()],
    ['cart', { lines: from('base/debian:12', 'COPY mark /mark'), files: { mark: 'cart' } }],
  ];
  for (const [name, context, platforms] of apps) {
    build(work, at(`team/${name}:1`), context, platforms);
    release(`team/${name}:1`);
  }
  writeContext(join(work, 'admin'), admin());
  kubectl(['create', 'namespace', shop]);
  kubectl(['create', 'namespace', system]);
  done(['create', '-f', '-'], agentSecret());
  install(home, join(work, 'policy.yaml'), '--mutate', '--server-secret', 'seaworthy-server');
  must(home, 0, 'cluster', 'enforce', shop, '--yes');
  await agentAnswers(shop);
  for (const name of all) done(['create', '-f', '-'], deployment(name, pinned(`team/${name}:1`)));
  for (const name of all) {
    done(['-n', shop, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
    assert.ok(flawsIn(imageOf(name)).includes(flaw), `${name} has the flaw of its base`);
  }
});

test('an unsigned image is refused, and a new one that is signed but vulnerable, with its flaw and the fix', () => {
  build(work, at('team/stranger:1'), shopOf('base/debian:12'));
  const unsigned = refused(['create', '-f', '-'], deployment('stranger', pinned('team/stranger:1')));
  assert.match(unsigned, /signed/);
  build(work, at('new/shop:1'), { lines: from('base/debian:12') });
  release('new/shop:1');
  const bad = refused(['create', '-f', '-'], deployment('new', pinned('new/shop:1')));
  assert.match(bad, new RegExp(flaw));
  assert.ok(bad.includes(fixed), bad);
  const nothing = refused(
    ['create', '--dry-run=server', '-f', '-'],
    deployment('x', `${at('team/shop')}@sha256:${'0'.repeat(64)}`),
  );
  assert.match(nothing, /undecided|denied/);
});

test('a new advisory arrives, and the workloads that it touches are listed within seconds', async () => {
  const { name } = languages.used.pypi;
  const reached = () =>
    JSON.parse(client('reached', newFlaw, '--format', 'json').stdout) as {
      workloads: { namespace: string; kind: string; name: string }[];
    };
  assert.deepEqual(reached().workloads, []);
  const started = performance.now();
  publish({ id: newFlaw, name, fixed: '3.7' });
  await eventually('the workload is listed', () => reached().workloads.length > 0, 15_000);
  process.stdout.write(
    `a new advisory: its workloads listed after ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
  assert.deepEqual(
    reached().workloads.map((one) => `${one.namespace} ${one.kind}/${one.name}`),
    [`${shop} Deployment/web`],
  );
});

test('an unsigned base moves nothing', async () => {
  build(work, at('base/debian:12'), base('crash', fixed), both);
  const before = names.map(imageOf);
  client('renewals', '--wait', 'refused');
  assert.deepEqual(names.map(imageOf), before);
});

test('once it is signed, everything on it runs on new digests without a hand, through kill -9 of server and agent', async () => {
  const before = new Map(names.map((name) => [name, imageOf(name)]));
  release('base/debian:12');
  client('renewals', '--wait', 'running');
  await killServer();
  const agents = ['-n', system, 'delete', 'pods', '-l', 'app.kubernetes.io/component=agent'];
  kubectl([...agents, '--grace-period=0', '--force']);
  await startServer();
  const text = client('renewals', '--wait', 'over', '--format', 'json').stdout;
  // what a kill broke off may come by a second renewal
  const { renewals } = JSON.parse(text) as { renewals: { id: string }[] };
  const record = renewals.map(({ id }) => client('renewals', id).stdout).join('\n');
  process.stdout.write(record);
  for (const [name, image] of before) {
    assert.notEqual(imageOf(name), image, name);
    assert.equal(imageOf(name), pinned(`team/${name}:1`));
    done(['-n', shop, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
    const running = field(
      ['-n', shop, 'get', 'pods', '-l', `app=${name}`],
      '.items[*].spec.containers[0].image',
    );
    assert.equal(running, imageOf(name), 'and no pod of the old digest');
    assert.equal(flawsIn(imageOf(name)).includes(flaw), false);
  }
  assert.match(record, /rebuild: no rebase: databases: /);
  const shops = JSON.parse(curl('-H', accept, manifestOf('team/shop:1'))) as {
    manifests: { platform: { architecture: string } }[];
  };
  assert.deepEqual(shops.manifests.map(({ platform }) => platform.architecture).sort(), ['amd64', 'arm64']);
});

test('one whose pods crash on the new base is back where it was, and the base is held until it is released', async () => {
  const list = client('renewals').stdout;
  assert.match(list, /partly/);
  assert.match(list, /held since .*base\/debian:12/);
  assert.equal(imageOf('cart'), pinned('team/cart:1'), 'the tag names the old digest again');
  done(['-n', shop, 'rollout', 'status', 'deployment/cart', '--timeout=60s']);
  const { renewals } = JSON.parse(client('renewals', '--format', 'json').stdout) as {
    renewals: { id: string }[];
  };
  const cart = renewals
    .flatMap(({ id }) => {
      const { images } = JSON.parse(client('renewals', id, '--format', 'json').stdout) as {
        images: { reference: string; state: string; text: string }[];
      };
      return images;
    })
    .find(({ reference }) => reference === at('team/cart:1'))!;
  assert.equal(cart.state, 'returned');
  assert.match(cart.text, /CrashLoopBackOff|crash|restart/i);
  assert.match(client('release', at('base/debian:12'), '--reason', 'cart was mended').stdout, /released/);
  assert.doesNotMatch(client('renewals').stdout, /held since/);
});
