// What runs in a real cluster, by the command line; kubectl is asked the same.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { answering } from '../interop/servers.ts';
import { testRecord, writeFeed } from '../src/testing/feeds.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';

const root = new URL('..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'seaworthy-status-'));
const prefix = process.env['E2E_REGISTRY'] ?? '127.0.0.1:5000';
const staticPods = join(
  process.env['E2E_CLUSTER'] ?? join(process.env['KUBECONFIG'] ?? '', '..'),
  'static-pods',
);
const ns = 'status-e2e';
/** Of this run alone: a node that has the tag from another one starts what it has. */
const run = Date.now().toString(36);
const image = (tag: string) => `${prefix}/status/app:${tag}-${run}`;
let registry: ChildProcess | undefined;
const digests: Record<string, string> = {};

function seaworthy(...args: string[]) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin/seaworthy.cjs'), '--home', join(work, 'home'), ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, NO_COLOR: '1' } },
  );
  return { code: status, stdout, stderr, ms: performance.now() - started };
}

/** Feeds as osv.dev publishes them, with the flaws that are known so far. */
function update(...ids: string[]): void {
  const modified = new Date().toISOString();
  const more = { modified, published: modified, database_specific: { severity: 'HIGH' } };
  const records = ids.map((id) =>
    testRecord(`DSA-${id}`, 'Debian:12', 'zlib', '1:1.2.13.dfsg-2', {
      ...more,
      upstream: [`CVE-2026-${id}`],
    }),
  );
  writeFeed(join(work, 'osv'), 'Debian', [
    testRecord('DSA-0', 'Debian:12', 'elsewhere', '2', more),
    ...records,
  ]);
  const { code, stderr, stdout } = seaworthy(
    'db',
    'update',
    '--from',
    join(work, 'osv'),
    '--all',
    '--no-epss',
    '--no-kev',
  );
  assert.equal(code, 0, stdout + stderr);
}

/** `closed`: only for who has the password. */
async function startRegistry(closed = false): Promise<void> {
  if (process.env['E2E_REGISTRY'] !== undefined || (await isListening(5000))) return;
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(work, 'registry') } },
    http: { addr: '127.0.0.1:5000' },
    log: { level: 'error' },
    ...(closed ? { auth: { htpasswd: { realm: 'x', path: join(work, 'htpasswd') } } } : {}),
  };
  writeFileSync(join(work, 'registry.yml'), JSON.stringify(config));
  registry = spawn('docker-registry', ['serve', join(work, 'registry.yml')], { stdio: 'ignore' });
  await answering({ host: '127.0.0.1', port: 5000 });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => resolve(false));
  });
}

const container = (name: string, tag: string, more: object = {}) => ({ name, image: image(tag), ...more });
const pod = (containers: object[], more: object = {}) => ({
  metadata: { labels: { app: 'x' } },
  spec: { terminationGracePeriodSeconds: 0, containers, ...more },
});
const object = (kind: string, name: string, spec: object, apiVersion = 'apps/v1') => ({
  apiVersion,
  kind,
  metadata: { name, namespace: ns },
  spec,
});
const selector = (name: string) => ({ selector: { matchLabels: { app: name } } });
const labelled = (name: string, template: { spec: object }) => ({
  template: { ...template, metadata: { labels: { app: name } } },
});

before(async () => {
  await startRegistry();
  digests['old'] = pushApp(image('old'), { mark: 'old', zlib: '1:1.2.13.dfsg-1' }, work);
  digests['new'] = pushApp(image('new'), { mark: 'new', zlib: '1:1.2.13.dfsg-2' }, work);
  digests['crash'] = pushApp(image('crash'), { mark: 'crash', crash: true, zlib: '1:1.2.13.dfsg-1' }, work);
  kubectl(['delete', 'namespace', ns, '--ignore-not-found', '--wait=true']);
  assert.ok(kubectl(['create', 'namespace', ns]).ok);
  const setup = container('setup', 'new', { command: ['/app', 'crash'] });
  const list = [
    object('Deployment', 'web', {
      replicas: 2,
      ...selector('web'),
      ...labelled(
        'web',
        pod([container('web', 'old')], {
          initContainers: [container('side', 'new', { restartPolicy: 'Always' })],
        }),
      ),
    }),
    object('StatefulSet', 'db', {
      serviceName: 'db',
      ...selector('db'),
      ...labelled('db', pod([container('db', 'new')])),
    }),
    object('DaemonSet', 'log', { ...selector('log'), ...labelled('log', pod([container('log', 'old')])) }),
    object(
      'CronJob',
      'nightly',
      {
        schedule: '0 3 1 1 *',
        jobTemplate: { spec: { template: pod([container('job', 'old')], { restartPolicy: 'Never' }) } },
      },
      'batch/v1',
    ),
    object(
      'Job',
      'once',
      { backoffLimit: 0, template: pod([setup], { restartPolicy: 'Never' }) },
      'batch/v1',
    ),
    { ...object('Pod', 'crashes', pod([container('main', 'crash')]).spec, 'v1') },
    { ...object('Pod', 'absent', pod([container('main', 'nowhere')]).spec, 'v1') },
  ];
  const applied = kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: list });
  assert.ok(applied.ok, applied.text);
  if (existsSync(staticPods)) {
    const file = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'status-static', namespace: ns },
      spec: pod([container('main', 'old')]).spec,
    };
    writeFileSync(join(staticPods, 'status-static.yaml'), JSON.stringify(file));
  }
  for (const name of ['deployment/web', 'statefulset/db', 'daemonset/log']) {
    const rolled = kubectl(['-n', ns, 'rollout', 'status', name, '--timeout=60s']);
    assert.ok(rolled.ok, rolled.text);
  }
  await eventually(
    'the crashing pod has crashed',
    () =>
      kubectl([
        '-n',
        ns,
        'get',
        'pod',
        'crashes',
        '-o',
        'jsonpath={.status.containerStatuses[0].restartCount}',
      ]).text > '0',
  );
  await eventually('the Job has ended', () =>
    /1/.test(kubectl(['-n', ns, 'get', 'job', 'once', '-o', 'jsonpath={.status.failed}']).text),
  );
  if (existsSync(staticPods))
    await eventually('the static pod runs', () =>
      kubectl(['-n', ns, 'get', 'pods', '-o', 'name']).text.includes('status-static'),
    );
  const web = kubectl([
    '-n',
    ns,
    'get',
    'pods',
    '-l',
    'app=web',
    '-o',
    'jsonpath={.items[0].metadata.name}',
  ]).text;
  const debug = kubectl([
    '-n',
    ns,
    'debug',
    web,
    `--image=${image('new')}`,
    '-c',
    'debug',
    '--profile=general',
  ]);
  assert.ok(debug.ok, debug.text);
  await eventually(
    'the debugging container runs',
    () =>
      kubectl([
        '-n',
        ns,
        'get',
        'pod',
        web,
        '-o',
        'jsonpath={.status.ephemeralContainerStatuses[0].state.running}',
      ]).text !== '',
  );
  update();
});

after(() => {
  rmSync(join(staticPods, 'status-static.yaml'), { force: true });
  kubectl(['delete', 'namespace', ns, '--wait=false']);
  registry?.kill();
  rmSync(work, { recursive: true, force: true });
});

interface Row {
  namespace: string;
  workload: { kind: string; name: string };
  container: string;
  role: string;
  state: string;
  pods: number;
  key: string;
  identity: { digest?: string };
}

const status = (...args: string[]) => seaworthy('cluster', 'status', '--namespace', ns, ...args);
const document = (text: string) =>
  JSON.parse(text) as {
    contexts: { running: Row[]; notStarted: { container: string; reason: string }[] }[];
    images: { key: string; digest: string }[];
  };

test('every container that kubectl shows with an image id is listed with its digest and its workload', () => {
  const { stdout, stderr } = status('--format', 'json');
  const { contexts, images } = document(stdout);
  assert.equal(stderr, '');
  const [one] = contexts;
  const says = one!.running.map(({ workload, role, container: name, state, pods, key }) => {
    const digest = images.find((candidate) => candidate.key === key)?.digest;
    const tag = Object.entries(digests).find(([, value]) => value === digest)?.[0];
    return `${workload.kind}/${workload.name.replace(/-[^-]+$/, (tail) => (workload.kind === 'Pod' && workload.name.startsWith('status-static') ? '' : tail))} ${role} ${name} ${state} ×${pods} ${tag}`;
  });
  assert.deepEqual(says.sort(), [
    'CronJob/nightly container job scheduled ×0 old',
    'DaemonSet/log container log running ×1 old',
    'Deployment/web container web running ×2 old',
    'Deployment/web ephemeral debug running ×1 new',
    'Deployment/web sidecar side running ×2 new',
    'Pod/crashes container main running ×1 crash',
    ...(existsSync(staticPods) ? ['Pod/status-static container main running ×1 old'] : []),
    'StatefulSet/db container db running ×1 new',
  ]);
  assert.deepEqual(
    one!.notStarted.map(({ reason }) => /^(ErrImagePull|ImagePullBackOff)$/.test(reason)),
    [true],
  );
  const pods = JSON.parse(kubectl(['-n', ns, 'get', 'pods', '-o', 'json']).text).items as {
    status: Record<string, string> & { [list: string]: { imageID: string }[] | undefined | string };
  }[];
  const seen = pods
    .filter(({ status: { phase } }) => phase !== 'Succeeded' && phase !== 'Failed')
    .flatMap(({ status: its }) =>
      ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(
        (list) => (its[list] as { imageID: string }[] | undefined) ?? [],
      ),
    )
    .map(({ imageID }) => imageID.replace(/^.*@/, ''))
    .filter((digest) => digest !== '');
  const counted = one!.running.flatMap(({ pods: count, identity }) =>
    Array.from({ length: count }, () => identity.digest),
  );
  assert.deepEqual(counted.sort(), seen.sort());
});

test('a new advisory lists what it touches within seconds, with no registry to ask', async () => {
  assert.equal(status('--cve', 'CVE-2026-7001').code, 3, 'no advisory names it');
  update('7001');
  registry?.kill('SIGKILL');
  const found = status('--cve', 'CVE-2026-7001');
  assert.equal(found.code, 1, found.stdout + found.stderr);
  for (const name of ['Deployment/web ×2 web', 'DaemonSet/log log', 'Pod/crashes main'])
    assert.ok(found.stdout.includes(`${ns}/${name}`), found.stdout);
  assert.match(
    found.stdout,
    /zlib1g 1:1\.2\.13\.dfsg-1, fixed in 1:1\.2\.13\.dfsg-2 \(high, known here since 20/,
  );
  assert.doesNotMatch(found.stdout, /StatefulSet\/db|connect-failed.*app@/);
  assert.ok(found.ms < 5000, `${found.ms} ms`);
  if (registry !== undefined) {
    registry = undefined;
    await startRegistry();
  }
});

test('what a policy would refuse is shown before it is in force, and what it denies today', () => {
  const policy = join(work, 'policy.yaml');
  const rules = [{ name: 'by-digest', registries: ['registry.example.com/**'] }];
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'strict' },
      spec: { rules },
    }),
  );
  const preview = seaworthy('policy', 'preview', policy, '--namespace', ns, '--format', 'json');
  assert.equal(preview.code, 0, preview.stderr);
  const rows = JSON.parse(preview.stdout).workloads as {
    refused: boolean;
    verdict: { decision: string; failing: { rule: string }[] };
  }[];
  assert.ok(
    rows.length >= 7 &&
      rows.every(({ refused, verdict }) => refused && verdict.failing[0]?.rule === 'by-digest'),
  );
  assert.equal(seaworthy('policy', 'preview', policy, '--namespace', ns, '--fail-on', 'refused').code, 1);
  const denied = status('--policy', policy, '--fail-on', 'denied');
  assert.equal(denied.code, 1);
  assert.match(denied.stdout, /Would be denied today: \d workloads[\s\S]*✗ by-digest since 20\d\d-/);
});

test('of several contexts one that is away is named, and the others are shown', () => {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '-o', 'json']).text);
  const [context] = config.contexts;
  const away = { name: 'away', cluster: { ...config.clusters[0].cluster, server: 'https://127.0.0.1:9' } };
  const file = join(work, 'kubeconfig');
  mkdirSync(work, { recursive: true });
  writeFileSync(
    file,
    JSON.stringify({
      ...config,
      clusters: [...config.clusters, away],
      contexts: [context, { name: 'away', context: { ...context.context, cluster: 'away' } }],
    }),
  );
  const { code, stdout } = status('--kubeconfig', file, '--all-contexts');
  assert.equal(code, 3);
  assert.match(stdout, /away: not answering\n.*connect-failed/s);
  assert.match(stdout, new RegExp(`${context.name}: \\d+ pods`));
  const wrong = status('--kubeconfig', file, '--context', 'awya');
  assert.deepEqual([wrong.code, /Did you mean --context away\?/.test(wrong.stderr)], [2, true]);
});

if (process.env['E2E_REGISTRY'] === undefined)
  test('image pull secrets that kubectl wrote open a registry that is closed, each in its own namespace', async () => {
    // bcrypt, which the registry asks for, as the system's crypt makes it
    const hash = spawnSync('perl', ['-e', 'print crypt("secret", "\\$2y\\$05\\$" . "a" x 22)'], {
      encoding: 'utf8',
    });
    writeFileSync(join(work, 'htpasswd'), `pull:${hash.stdout}\n`);
    assert.ok(registry !== undefined, 'something else listens on 127.0.0.1:5000');
    registry.kill('SIGKILL');
    await eventually('the registry is gone', async () => !(await isListening(5000)));
    await startRegistry(true);
    rmSync(join(work, 'home/results'), { recursive: true });
    const problems = (...args: string[]) => {
      const { images } = JSON.parse(status('--format', 'json', ...args).stdout) as {
        images: { problem?: { code: string } }[];
      };
      return [...new Set(images.map(({ problem }) => problem?.code))];
    };
    assert.deepEqual(problems(), ['auth-required']);
    assert.deepEqual(problems('--pull-secrets'), ['auth-required'], 'there is no secret yet');
    const made = kubectl([
      '-n',
      ns,
      'create',
      'secret',
      'docker-registry',
      'pull',
      '--docker-server=127.0.0.1:5000',
      '--docker-username=pull',
      '--docker-password=secret',
    ]);
    assert.ok(made.ok, made.text);
    const patch = JSON.stringify({ imagePullSecrets: [{ name: 'pull' }] });
    assert.ok(kubectl(['-n', ns, 'patch', 'serviceaccount', 'default', '-p', patch]).ok);
    assert.deepEqual(problems('--pull-secrets'), [undefined]);
    registry.kill('SIGKILL');
    await eventually('the registry is gone', async () => !(await isListening(5000)));
    await startRegistry();
  });

test('the JSON fits its published schema', async () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  addFormats.default(ajv);
  const validate = ajv.compile(
    JSON.parse(readFileSync(join(root, 'docs/schema/cluster-status.schema.json'), 'utf8')),
  );
  for (const args of [[], ['--cve', 'CVE-2026-7001']]) {
    const { stdout } = status('--format', 'json', ...args);
    assert.ok(validate(JSON.parse(stdout)), JSON.stringify(validate.errors?.slice(0, 3)));
  }
});
