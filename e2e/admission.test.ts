// The agent as a pod behind a Service: every image that may not run is refused for its own reason, the good one runs,
// and the promises hold while the agent, its certificate, its registry or the API server are away.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { seaworthy, updatedDatabase } from '../interop/seaworthy.ts';
import { agentAnswers, command, done, field, install, must, refused, uninstall } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { registryPrefix, startTlsRegistry, type TestRegistry } from './place.ts';

process.env['SEAWORTHY_PASSWORD'] = 'secret';
const work = mkdtempSync(join(tmpdir(), 'seaworthy-admission-'));
const path = (name: string) => join(work, name);
const home = path('home');
const shop = 'e2e-shop';
const open = 'e2e-open';
const system = 'seaworthy-system';
const prefix = `${registryPrefix()}/admission`;
let other: TestRegistry;
const digests: Record<string, string> = {};

const rules = (more: Record<string, unknown>[] = []) => [
  { name: 'signed', signature: { by: ['release'] } },
  {
    name: 'no-high',
    images: [`${prefix}/zlib`],
    vulnerabilities: { by: ['scanner'], severity: 'low', fixable: true, maxDatabaseAge: '3650d' },
  },
  ...more,
];

function policy(
  more: { rules?: Record<string, unknown>[]; [key: string]: unknown } = {},
): Record<string, unknown> {
  const key = (name: string) => ({
    name,
    key: { keys: [{ pem: readFileSync(path(`${name}.pub`), 'utf8') }] },
  });
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'default', namespace: system },
    spec: {
      registries: [`${prefix}/**`, `${other.prefix}/**`],
      authorities: [key('release'), key('scanner')],
      rules: rules(),
      ...more,
    },
  };
}

/** Applies a policy and waits until the agent says that it is the one in force. */
async function inForce(document: Record<string, unknown>): Promise<void> {
  const text = done(['apply', '-f', '-'], document);
  assert.match(text, /imagepolicy/);
  const generation = field(['-n', system, 'get', 'imagepolicy', 'default'], '.metadata.generation');
  await eventually('the policy is in force', () => {
    const answer = kubectl([
      '-n',
      system,
      'get',
      'imagepolicy',
      'default',
      '-o',
      'jsonpath={.status.conditions[0].observedGeneration}={.status.conditions[0].status}',
    ]);
    return answer.text.trim() === `${generation}=True`;
  });
}

function pod(name: string, image: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: shop },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }], ...more },
  };
}

function template(image: string) {
  return {
    metadata: { labels: { app: 'x' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
  };
}

function deployment(name: string, image: string, namespace = shop): Record<string, unknown> {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labels }, template: { ...template(image), metadata: { labels } } },
  };
}

function cronJob(name: string, image: string): Record<string, unknown> {
  const spec = template(image);
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace: shop },
    spec: {
      schedule: '0 0 1 1 *',
      jobTemplate: { spec: { template: { ...spec, spec: { ...spec.spec, restartPolicy: 'Never' } } } },
    },
  };
}

async function runs(namespace: string, selector: string): Promise<void> {
  await eventually(`a pod runs: ${selector}`, () =>
    kubectl([
      '-n',
      namespace,
      'get',
      'pods',
      '-l',
      selector,
      '-o',
      'jsonpath={.items[*].status.phase}',
    ]).text.includes('Running'),
  );
}

function agentPod(): string {
  return field(
    ['-n', system, 'get', 'pods', '-l', 'app.kubernetes.io/component=agent'],
    '.items[0].metadata.name',
  );
}

async function agentReady(): Promise<void> {
  await eventually(
    'the agent is ready',
    () => kubectl(['-n', system, 'rollout', 'status', 'deployment/seaworthy-agent', '--timeout=60s']).ok,
  );
  await agentAnswers(shop);
}

before(async () => {
  other = await startTlsRegistry(path('other'), 5444);
  for (const name of ['release', 'scanner', 'stranger'])
    must(home, 0, 'keys', 'generate', '--output-prefix', path(name));
  const push = (name: string, tag: string, mark: string, more = {}) =>
    pushApp(`${prefix}/${name}:${tag}`, { mark, ...more }, work);
  digests['good'] = push('good', '1', 'good');
  digests['unsigned'] = push('unsigned', '1', 'unsigned');
  digests['stranger'] = push('stranger', '1', 'stranger');
  digests['zlib'] = push('zlib', '1', 'zlib', { zlib: '1:1.2.11.dfsg-1' });
  const sign = (name: string, by = 'release') =>
    must(home, 0, 'sign', `${prefix}/${name}:1`, '--key', path(`${by}.key`));
  sign('good');
  sign('stranger', 'stranger');
  sign('zlib');
  updatedDatabase();
  const scanned = seaworthy(
    'scan',
    `${prefix}/zlib:1`,
    '--attest',
    '--key',
    path('scanner.key'),
    '--max-db-age',
    '3650',
  );
  assert.equal(scanned.code, 0, scanned.stderr);
  for (const name of [shop, open]) kubectl(['create', 'namespace', name]);
  writeFileSync(path('policy.yaml'), JSON.stringify(policy()));
  install(home, path('policy.yaml'), '--mutate');
  const enforced = must(home, 0, 'cluster', 'enforce', shop, '--yes');
  assert.match(enforced.stdout, /enforces/);
  await agentReady();
});

after(async () => {
  for (const name of [shop, open, 'aks-command']) kubectl(['delete', 'namespace', name, '--wait=false']);
  uninstall(home);
  await other.stop();
  rmSync(work, { recursive: true, force: true });
});

test('the good image runs, and the pod has the digest that its tag stood for', async () => {
  done(['apply', '-f', '-'], deployment('good', `${prefix}/good:1`));
  await runs(shop, 'app=good');
  const image = field(['-n', shop, 'get', 'pods', '-l', 'app=good'], '.items[0].spec.containers[0].image');
  assert.equal(image, `${prefix}/good:1@${digests['good']}`);
  const kept = field(['-n', shop, 'get', 'deployment', 'good'], '.spec.template.spec.containers[0].image');
  assert.equal(kept, `${prefix}/good:1`, 'the template is as it was written');
});

const reasons: [string, () => string, RegExp][] = [
  ['of a foreign registry', () => 'docker.io/library/nginx:1', /spec\.registries/],
  ['unsigned', () => `${prefix}/unsigned:1`, /signed: no signature/],
  ['signed by another', () => `${prefix}/stranger:1`, /signed: .*(no signature|not by|another key|release)/],
  ['beyond the rule on vulnerabilities', () => `${prefix}/zlib:1`, /no-high: .*CVE-\d+-\d+/],
];

for (const [what, image, reason] of reasons)
  test(`an image ${what} is refused as a pod, Deployment, CronJob, debug container and image volume`, () => {
    assert.match(refused(['create', '-f', '-'], pod('bad', image())), reason);
    assert.match(refused(['create', '-f', '-'], deployment('bad', image())), reason);
    assert.match(refused(['create', '-f', '-'], cronJob('bad', image())), reason);
    const volumes = [{ name: 'data', image: { reference: image() } }];
    assert.match(refused(['create', '-f', '-'], pod('bad', `${prefix}/good:1`, { volumes })), reason);
    const running = field(['-n', shop, 'get', 'pods', '-l', 'app=good'], '.items[0].metadata.name');
    assert.match(
      refused(['-n', shop, 'debug', running, `--image=${image()}`, '--profile=general', '--', '/app']),
      reason,
    );
  });

test('each kind that carries images is refused, and an update that brings a bad one too; scaling is not', () => {
  const bad = `${prefix}/unsigned:1`;
  const selector = { matchLabels: { app: 'x' } };
  const meta = (name: string) => ({ name, namespace: shop });
  for (const object of [
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: meta('x'),
      spec: { selector: { app: 'x' }, template: template(bad) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: meta('x'),
      spec: { selector, template: template(bad) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta('x'),
      spec: { serviceName: 'x', selector, template: template(bad) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta('x'),
      spec: { selector, template: template(bad) },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta('x'),
      spec: { template: { ...template(bad), spec: { ...template(bad).spec, restartPolicy: 'Never' } } },
    },
    { apiVersion: 'v1', kind: 'PodTemplate', metadata: meta('x'), template: template(bad) },
  ])
    assert.match(refused(['create', '-f', '-'], object), /signed: no signature/, String(object.kind));
  assert.match(
    refused(['-n', shop, 'set', 'image', 'deployment/good', `app=${bad}`]),
    /signed: no signature/,
  );
  done(['-n', shop, 'scale', 'deployment/good', '--replicas=2']);
});

test('a tag that is moved to another image after it was admitted does not reach the node; named anew it is refused', async () => {
  const name = `${prefix}/moving:1`;
  const first = pushApp(name, { mark: 'first' }, work);
  must(home, 0, 'sign', name, '--key', path('release.key'));
  done(['apply', '-f', '-'], deployment('moving', name));
  await runs(shop, 'app=moving');
  const second = pushApp(name, { mark: 'second' }, work);
  assert.notEqual(second, first);
  done(['-n', shop, 'delete', 'pod', '-l', 'app=moving', '--wait=false']);
  assert.match(refused(['create', '-f', '-'], pod('moved', name)), /signed: no signature/);
  await eventually('the controller is refused the new image', () =>
    /no signature/.test(
      kubectl([
        '-n',
        shop,
        'get',
        'events',
        '--field-selector=reason=FailedCreate',
        '-o',
        'jsonpath={.items[*].message}',
      ]).text.replace(/\s+/g, ' '),
    ),
  );
  const ids = kubectl([
    '-n',
    shop,
    'get',
    'pods',
    '-o',
    'jsonpath={.items[*].status.containerStatuses[*].imageID}',
  ]).text;
  assert.ok(!ids.includes(second), ids);
  done(['-n', shop, 'delete', 'deployment', 'moving']);
});

test('dry run is judged and leaves nothing; a namespace that does not enforce lets through, and its images are listed', async () => {
  assert.match(
    refused(['create', '--dry-run=server', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)),
    /no signature/,
  );
  done(['-n', open, 'run', 'unsigned', `--image=${prefix}/unsigned:1`, '--labels=app=unsigned']);
  await runs(open, 'app=unsigned');
  await eventually('what runs unverified is listed', () =>
    /e2e-open\s+Pod\s+unsigned\s+deny/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
  );
});

test('exceptions count while they hold, are loud, and only in the name of who writes them', async () => {
  const exception = (author: string) => ({
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageException',
    metadata: { name: 'unsigned', namespace: system },
    spec: {
      rule: 'signed',
      images: [`${prefix}/unsigned`],
      labels: { namespace: shop },
      reason: 'until the pipeline signs',
      author,
      expires: new Date(Date.now() + 86_400_000 * 2).toISOString().slice(0, 10),
    },
  });
  assert.match(refused(['create', '-f', '-'], exception('somebody@example.com')), /author/);
  const me = field(['auth', 'whoami'], '.status.userInfo.username');
  done(['create', '-f', '-'], exception(me));
  await eventually(
    'the exception counts',
    () =>
      kubectl([
        '-n',
        system,
        'get',
        'imageexception',
        'unsigned',
        '-o',
        'jsonpath={.status.conditions[0].status}',
      ]).text === 'True',
  );
  const text = done(['create', '-f', '-'], pod('excepted', `${prefix}/unsigned:1`));
  assert.match(text, /Warning: .*until the pipeline signs/);
  done(['-n', system, 'delete', 'imageexception', 'unsigned']);
  await eventually(
    'without it the image is refused',
    () => !kubectl(['create', '--dry-run=server', '-f', '-'], pod('again', `${prefix}/unsigned:1`)).ok,
  );
  done(['-n', shop, 'delete', 'pod', 'excepted']);
});

test('an invalid policy never replaces the valid one, and says what is wrong', async () => {
  const broken = kubectl([
    '-n',
    system,
    'patch',
    'imagepolicy',
    'default',
    '--type=merge',
    '-p',
    '{"spec":{"registries":["**"]}}',
  ]);
  assert.ok(broken.ok, broken.text);
  await eventually(
    'the policy says that it is not ready',
    () =>
      kubectl([
        '-n',
        system,
        'get',
        'imagepolicy',
        'default',
        '-o',
        'jsonpath={.status.conditions[0].reason}',
      ]).text === 'Invalid',
  );
  assert.match(refused(['create', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)), /no signature/);
  done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
  await inForce(policy());
});

test('the agent is killed while pods are created: nothing unverified starts, and the floor refuses what is foreign', async () => {
  done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=0']);
  await eventually(
    'the agent is gone',
    () =>
      !refused(['create', '--dry-run=server', '-f', '-'], pod('a', `${prefix}/unsigned:1`)).includes(
        'no signature',
      ),
  );
  assert.match(
    refused(['create', '-f', '-'], pod('foreign', 'docker.io/library/nginx:1')),
    /seaworthy-agent-floor.*spec\.registries/,
  );
  assert.match(
    refused(['create', '-f', '-'], pod('unknown', `${prefix}/unsigned:1`)),
    /failed calling webhook|floor/,
  );
  done(['-n', open, 'run', 'away', `--image=${prefix}/stranger:1`, '--labels=app=away']);
  done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
  await agentReady();
  await eventually('what came in meanwhile is judged and listed', () =>
    /e2e-open\s+Pod\s+away\s+deny/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
  );
  let admitted = 0;
  for (let i = 0; i < 30; i++) {
    if (i === 10) kubectl(['-n', system, 'delete', 'pod', agentPod(), '--grace-period=0', '--force']);
    if (kubectl(['create', '-f', '-'], pod(`kill-${i}`, `${prefix}/good:1`)).ok) admitted++;
    assert.equal(kubectl(['create', '-f', '-'], pod(`evil-${i}`, `${prefix}/unsigned:1`)).ok, false);
  }
  await agentReady();
  assert.ok(admitted > 0);
  done([
    '-n',
    shop,
    'delete',
    'pods',
    ...Array.from({ length: 30 }, (_, i) => `kill-${i}`),
    '--ignore-not-found',
    '--wait=false',
  ]);
});

test('its certificate is made anew without a restart, and pods are created all the while', async () => {
  const before = agentPod();
  const restarts = () =>
    field(['-n', system, 'get', 'pod', before], '.status.containerStatuses[0].restartCount');
  const bundle = () =>
    field(['get', 'validatingwebhookconfiguration', 'seaworthy-agent'], '.webhooks[0].clientConfig.caBundle');
  const old = bundle();
  done(['-n', system, 'delete', 'secret', 'seaworthy-agent-tls']);
  await eventually('another authority is published', () => bundle() !== old);
  await agentAnswers(shop);
  done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
  assert.equal(restarts(), '0');
});

test('the registry stops: what was verified is admitted, across a restart of the agent too; what was not is undecided', async () => {
  const name = `${other.prefix}/team/app:1`;
  const digest = pushApp(name, { mark: 'other' }, work);
  const late = pushApp(`${other.prefix}/team/late:1`, { mark: 'late' }, work);
  for (const image of [name, `${other.prefix}/team/late:1`])
    must(home, 0, 'sign', image, '--key', path('release.key'));
  const known = pod('known', `${other.prefix}/team/app:1@${digest}`);
  done(['create', '--dry-run=server', '-f', '-'], known);
  await eventually('the verdict is kept', () =>
    kubectl(['-n', system, 'get', 'imageverdicts', '-o', 'wide']).text.includes(digest),
  );
  await other.stop();
  done(['create', '--dry-run=server', '-f', '-'], known);
  kubectl(['-n', system, 'delete', 'pod', agentPod()]);
  await agentReady();
  done(['create', '--dry-run=server', '-f', '-'], known);
  assert.match(
    refused(['create', '--dry-run=server', '-f', '-'], pod('new', `${other.prefix}/team/late:1@${late}`)),
    /undecided/,
  );
  await other.start();
  await eventually(
    'the new image is admitted once the registry answers',
    () =>
      kubectl(['create', '--dry-run=server', '-f', '-'], pod('new', `${other.prefix}/team/late:1@${late}`))
        .ok,
  );
});

test('a drained workload that would be denied today comes back with a warning; a revoked one does not', async () => {
  const image = `${prefix}/good:1@${digests['good']}`;
  done(['apply', '-f', '-'], deployment('drained', image));
  await runs(shop, 'app=drained');
  await eventually('what it runs is recorded', () =>
    /e2e-shop\s+Deployment\s+drained\s+allow/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
  );
  const strict = {
    rules: rules([
      { name: 'scanned', vulnerabilities: { by: ['scanner'], severity: 'low', maxDatabaseAge: '3650d' } },
    ]),
  };
  await inForce(policy(strict));
  assert.match(refused(['create', '-f', '-'], pod('fresh', image)), /scanned: /, 'a new workload is denied');
  const replaced = async () => {
    const old = field(['-n', shop, 'get', 'pods', '-l', 'app=drained'], '.items[0].metadata.name');
    done(['-n', shop, 'delete', 'pod', old, '--grace-period=0', '--force']);
    return old;
  };
  const gone = await replaced();
  await eventually('another pod of it runs', () => {
    const { text } = kubectl([
      '-n',
      shop,
      'get',
      'pods',
      '-l',
      'app=drained',
      '--field-selector=status.phase=Running',
      '-o',
      'name',
    ]);
    return text.includes('pod/') && !text.includes(gone);
  });
  assert.match(done(['-n', system, 'logs', agentPod(), '--tail=500']), /"outcome":"kept"/);
  const forged = pod('forged', image);
  const owner = JSON.parse(done(['-n', shop, 'get', 'replicaset', '-l', 'app=drained', '-o', 'json']))
    .items[0];
  Object.assign(forged['metadata'] as object, {
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: owner.metadata.name,
        uid: owner.metadata.uid,
        controller: true,
      },
    ],
  });
  assert.match(refused(['create', '-f', '-'], forged), /scanned: /, 'owner references alone prove nothing');

  await inForce(
    policy({
      ...strict,
      revocations: [{ digest: digests['good'], reason: 'built with a stolen token', author: 'security' }],
    }),
  );
  await replaced();
  await eventually('the controller is refused', () =>
    /revoked by security/.test(
      kubectl([
        '-n',
        shop,
        'get',
        'events',
        '--field-selector=reason=FailedCreate',
        '-o',
        'jsonpath={.items[*].message}',
      ]).text.replace(/\s+/g, ' '),
    ),
  );
  await inForce(policy());
});

test('the rescue path of `az aks command` stays open: its pods run whatever they are, and its namespace never enforces', async () => {
  done(['create', 'namespace', 'aks-command']);
  const rescue = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'command-0123456789abcdef0123456789abcdef',
      namespace: 'aks-command',
      labels: { 'aks-command': 'true' },
    },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: 'default',
      containers: [{ name: 'command', image: `${prefix}/unsigned:1`, command: ['/app'] }],
    },
  };
  done(['create', '-f', '-'], rescue);
  const refusedToEnforce = command(home, 'cluster', 'enforce', 'aks-command', '--yes');
  assert.equal(refusedToEnforce.code, 2, refusedToEnforce.stdout);
  done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=0']);
  const again = { ...rescue, metadata: { ...rescue.metadata, name: 'command-again' } };
  done(['create', '-f', '-'], again);
  done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
  await agentReady();
});

test('what AKS’s admissions enforcer adds to the selectors of webhooks stays as it is', async () => {
  const expression = { key: 'kubernetes.azure.com/managedby', operator: 'NotIn', values: ['aks'] };
  const patch = [{ op: 'add', path: '/webhooks/0/namespaceSelector/matchExpressions/-', value: expression }];
  done([
    'patch',
    'validatingwebhookconfiguration',
    'seaworthy-agent',
    '--type=json',
    '-p',
    JSON.stringify(patch),
  ]);
  kubectl(['-n', system, 'delete', 'pod', agentPod()]);
  await agentReady();
  done(['-n', system, 'delete', 'secret', 'seaworthy-agent-tls']);
  await eventually(
    'the certificate is there again',
    () => kubectl(['-n', system, 'get', 'secret', 'seaworthy-agent-tls']).ok,
  );
  await agentAnswers(shop);
  const selector = field(
    ['get', 'validatingwebhookconfiguration', 'seaworthy-agent'],
    '.webhooks[0].namespaceSelector',
  );
  assert.ok(selector.includes('kubernetes.azure.com/managedby'), selector);
});

test('the API server is away for a while: the agent goes on by itself, and nothing of it restarts', async (context) => {
  const pids = join(dirname(process.env['KUBECONFIG'] ?? ''), 'pids', 'kube-apiserver');
  if (!existsSync(pids)) return context.skip('the API server of this cluster cannot be stopped from here');
  const server = Number(readFileSync(pids, 'utf8'));
  const agent = agentPod();
  process.kill(server, 'SIGSTOP');
  try {
    assert.equal(kubectl(['--request-timeout=20s', 'get', 'nodes']).ok, false, 'nobody answers');
  } finally {
    process.kill(server, 'SIGCONT');
  }
  await eventually('the API server answers', () => kubectl(['get', 'nodes']).ok);
  await agentAnswers(shop);
  done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
  assert.match(
    refused(['create', '--dry-run=server', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)),
    /no signature/,
  );
  await inForce(policy({ exceptions: [] }));
  assert.equal(field(['-n', system, 'get', 'pod', agent], '.status.containerStatuses[0].restartCount'), '0');
});
