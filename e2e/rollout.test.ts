// Rollouts on a real cluster, with kubectl as the judge: each kind forward, each kind back, killed and taken up again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, kubectl } from './kubectl.ts';
import { pushRolloutImages, type RolloutImages } from './rolloutimages.ts';
import { type MadeKind, workloadOf } from './rolloutobjects.ts';

const launcher = fileURLToPath(new URL('../bin/seaworthy.cjs', import.meta.url));
const kinds: readonly MadeKind[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'];
let home = '';

before(() => {
  home = mkdtempSync(join(tmpdir(), 'seaworthy-rollout-home-'));
});

after(() => {
  rmSync(home, { recursive: true, force: true });
});

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `killAt`: kill -9 as soon as it has said this. */
function seaworthy(args: readonly string[], killAt?: RegExp): Promise<Ran> {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: {
      ...process.env,
      SEAWORTHY_HOME: home,
      NODE_COMPILE_CACHE: join(tmpdir(), 'seaworthy-tests-compiled'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (ran.stdout += chunk));
  child.stderr.on('data', (chunk) => {
    ran.stderr += chunk;
    if (killAt?.test(ran.stderr)) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ran, code })));
}

/** A namespace with images of its own: a hold counts for a digest of a repository, wherever it was set. */
async function place(
  t: TestContext,
  name: string,
): Promise<{ space: string; images: RolloutImages; old: string }> {
  const space = `rollout-${name}`;
  kubectl(['delete', 'namespace', space, '--ignore-not-found', '--timeout=60s']);
  assert.ok(kubectl(['create', 'namespace', space]).ok);
  const images = await pushRolloutImages(`rollout/${name}`);
  t.after(() => {
    kubectl(['delete', 'namespace', space, '--wait=false']);
    images.stop();
  });
  return { space, images, old: `${images.repository}:good1@${images.good[0]}` };
}

function create(...objects: object[]): void {
  for (const object of objects) {
    const { ok, text } = kubectl(['create', '-f', '-'], object);
    assert.ok(ok, text);
  }
}

const ready = (space: string, ...names: string[]) => {
  for (const name of names) {
    const { ok, text } = kubectl(['rollout', 'status', name, '-n', space, '--timeout=120s']);
    assert.ok(ok, text);
  }
};
const standing = ['deployment/deployment', 'statefulset/statefulset', 'daemonset/daemonset'];

/** Every image of the workload's template. */
function imagesIn(space: string, name: string): string[] {
  const spec = name.startsWith('cronjob') ? '.spec.jobTemplate.spec.template.spec' : '.spec.template.spec';
  const path = `jsonpath={${spec}.containers[*].image} {${spec}.initContainers[*].image}`;
  return [...new Set(kubectl(['get', name, '-n', space, '-o', path]).text.trim().split(' '))];
}

function field(space: string, name: string, path: string): string {
  return kubectl(['get', name, '-n', space, '-o', `jsonpath={${path}}`]).text;
}

/** How often its template was another: a Deployment counts annotations as generations as well, and numbers its templates. */
function changesOf(space: string, name: string): string {
  const revision = '.metadata.annotations.deployment\\.kubernetes\\.io/revision';
  return field(space, name, name.startsWith('deployment') ? revision : '.metadata.generation');
}

test('each kind moves: pods come up, the autoscaler keeps its replicas, the cause stands in the history', async (t) => {
  const { space, images, old } = await place(t, 'forward');
  create(...kinds.map((kind) => workloadOf(kind, space, kind.toLowerCase(), old)));
  create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'deployment', namespace: space },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'deployment' },
      minReplicas: 2,
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    },
  });
  await eventually(
    'the autoscaler scales to two',
    () => field(space, 'deployment/deployment', '.spec.replicas') === '2',
  );
  ready(space, ...standing);
  const args = [`${images.repository}@${images.good[0]}`, images.good[1], '--namespace', space];
  const planned = await seaworthy(['rollout', ...args, '--plan']);
  assert.equal(planned.code, 0, planned.stdout + planned.stderr);
  assert.deepEqual(imagesIn(space, 'deployment/deployment'), [old]);
  const ran = await seaworthy([
    'rollout',
    ...args,
    '--test-job',
    '--parallel',
    '4',
    '--cause',
    'CVE-2026-0001',
    '--settle',
    '3s',
    '--yes',
  ]);
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /4 moved/);
  const next = `${images.repository}:good1@${images.good[1]}`;
  for (const name of [...standing, 'cronjob/cronjob']) assert.deepEqual(imagesIn(space, name), [next], name);
  ready(space, ...standing);
  assert.equal(field(space, 'deployment/deployment', '.spec.replicas'), '2');
  const history = kubectl(['rollout', 'history', 'deployment/deployment', '-n', space]).text;
  assert.match(history, /CVE-2026-0001/);
  assert.equal(kubectl(['get', 'jobs', '-n', space, '-l', 'seaworthy.dev/test-of', '-o', 'name']).text, '');
  const again = await seaworthy(['rollout', ...args, '--yes']);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stdout, /4 workloads have the new digest already/);
});

test('each kind whose pods crash comes back by itself, and the digest is on hold until it is released', async (t) => {
  const { space, images, old } = await place(t, 'back');
  create(...kinds.map((kind) => workloadOf(kind, space, kind.toLowerCase(), old, { replicas: 2 })));
  ready(space, ...standing);
  const args = [`${images.repository}@${images.good[0]}`, images.crash, '--namespace', space];
  const ran = await seaworthy([
    'rollout',
    ...args,
    '--test-job',
    '--restarts',
    '2',
    '--parallel',
    '4',
    '--yes',
  ]);
  assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /4 returned/);
  assert.match(ran.stdout, /ended with code 3/);
  for (const name of [...standing, 'cronjob/cronjob']) assert.deepEqual(imagesIn(space, name), [old], name);
  ready(space, ...standing);
  const refused = await seaworthy(['rollout', ...args, '--yes']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /on hold and will not be rolled out/);
  assert.match(refused.stderr, /seaworthy release sha256:/);
  const mute = await seaworthy(['release', images.crash]);
  assert.equal(mute.code, 2, 'a release wants a reason');
  const released = await seaworthy([
    'release',
    images.crash,
    '--reason',
    'looked into',
    '--namespace',
    space,
  ]);
  assert.equal(released.code, 0, released.stderr);
  assert.match(
    field(space, 'statefulset/statefulset', '.metadata.annotations.seaworthy\\.dev/hold'),
    /looked into/,
  );
  const free = await seaworthy(['rollout', ...args, '--plan']);
  assert.equal(free.code, 0, free.stdout + free.stderr);
  assert.match(free.stdout, /move {7}StatefulSet/);
});

test('pods that never get ready are returned when nothing moves any more', async (t) => {
  const { space, images, old } = await place(t, 'unready');
  create(
    workloadOf('StatefulSet', space, 'statefulset', old),
    workloadOf('DaemonSet', space, 'daemonset', old),
  );
  ready(space, 'statefulset/statefulset', 'daemonset/daemonset');
  const args = [`${images.repository}@${images.good[0]}`, images.unready, '--namespace', space];
  const ran = await seaworthy(['rollout', ...args, '--parallel', '2', '--timeout', '8s', '--yes']);
  assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /2 returned/);
  assert.match(ran.stdout, /no progress in time/);
  ready(space, 'statefulset/statefulset', 'daemonset/daemonset');
});

test('pods that an admission refuses end the wait at once, in its words', async (t) => {
  const { space, images, old } = await place(t, 'denied');
  create(workloadOf('Deployment', space, 'deployment', old));
  ready(space, 'deployment/deployment');
  kubectl(['label', 'namespace', space, 'pod-security.kubernetes.io/enforce=restricted']);
  const args = [`${images.repository}@${images.good[0]}`, images.good[1], '--namespace', space];
  const ran = await seaworthy(['rollout', ...args, '--yes']);
  assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  assert.match(ran.stdout.replace(/\s+/g, ' '), /violates PodSecurity/);
  assert.deepEqual(imagesIn(space, 'deployment/deployment'), [old]);
  ready(space, 'deployment/deployment');
});

const steps = [
  ['begun', /: begun/],
  ['following', /updated/],
  ['returning', /: returning/],
] as const;

for (const [step, line] of steps)
  test(`killed while ${step}, a rollout that fails is brought back by another process`, async (t) => {
    const { space, images, old } = await place(t, `killed-${step}`);
    create(
      workloadOf('Deployment', space, 'deployment', old),
      workloadOf('StatefulSet', space, 'statefulset', old),
    );
    ready(space, 'deployment/deployment', 'statefulset/statefulset');
    const args = [
      'rollout',
      `${images.repository}@${images.good[0]}`,
      images.crash,
      '--namespace',
      space,
      '--restarts',
      '1',
    ];
    const killed = await seaworthy([...args, '--parallel', '2', '--yes'], line);
    assert.equal(killed.code, null, killed.stdout + killed.stderr);
    const resumed = await seaworthy([
      'rollout',
      '--resume',
      '--restarts',
      '1',
      '--namespace',
      space,
      '--parallel',
      '2',
      '--yes',
    ]);
    assert.equal(resumed.code, 1, resumed.stdout + resumed.stderr);
    for (const name of ['deployment/deployment', 'statefulset/statefulset']) {
      assert.deepEqual(imagesIn(space, name), [old], name);
      // never moved twice: made, moved, returned; or never begun
      assert.ok(['1', '3'].includes(changesOf(space, name)), name);
    }
    ready(space, 'deployment/deployment', 'statefulset/statefulset');
    const none = await seaworthy(['rollout', '--resume', '--namespace', space]);
    assert.match(none.stdout, /nothing was begun and not ended/);
  });

test('killed on its way, a rollout that works is finished by the same command, and nothing rolls out twice', async (t) => {
  const { space, images, old } = await place(t, 'finished');
  create(...kinds.map((kind) => workloadOf(kind, space, kind.toLowerCase(), old)));
  ready(space, ...standing);
  const args = [
    'rollout',
    `${images.repository}@${images.good[0]}`,
    images.good[1],
    '--namespace',
    space,
    '--test-job',
    '--settle',
    '3s',
    '--yes',
  ];
  for (const line of [/Deployment.*: begun/, /StatefulSet.*: begun/, /CronJob.*: begun/]) {
    const killed = await seaworthy(args, line);
    assert.equal(killed.code, null, killed.stdout + killed.stderr);
  }
  const ran = await seaworthy(args);
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  const next = `${images.repository}:good1@${images.good[1]}`;
  for (const name of [...standing, 'cronjob/cronjob']) {
    assert.deepEqual(imagesIn(space, name), [next], name);
    assert.equal(changesOf(space, name), '2', name);
  }
  assert.equal(kubectl(['get', 'jobs', '-n', space, '-l', 'seaworthy.dev/test-of', '-o', 'name']).text, '');
});

test('two processes at once move each workload once', async (t) => {
  const { space, images, old } = await place(t, 'twice');
  create(...['a', 'b', 'c'].map((name) => workloadOf('Deployment', space, name, old)));
  ready(space, 'deployment/a', 'deployment/b', 'deployment/c');
  const args = [
    'rollout',
    `${images.repository}@${images.good[0]}`,
    images.good[1],
    '--namespace',
    space,
    '--parallel',
    '3',
    '--settle',
    '3s',
    '--yes',
  ];
  const both = await Promise.all([seaworthy(args), seaworthy(args)]);
  for (const ran of both) assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  for (const name of ['a', 'b', 'c']) assert.equal(changesOf(space, `deployment/${name}`), '2', name);
});

test('what others keep, what is paused, and what cannot move is named and left as it is', async (t) => {
  const { space, images, old } = await place(t, 'left');
  const helm = {
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'shop' },
  };
  const argo = {
    annotations: { 'argocd.argoproj.io/tracking-id': `shop-app:apps/Deployment:${space}/argo` },
  };
  const digestOnly = `${images.repository}@${images.good[0]}`;
  create(
    workloadOf('Deployment', space, 'helm', old, helm),
    workloadOf('Deployment', space, 'argo', old, argo),
    workloadOf('Deployment', space, 'paused', old, { spec: { paused: true } }),
    workloadOf('CronJob', space, 'suspended', old, { spec: { suspend: true } }),
    workloadOf('StatefulSet', space, 'staged', old, {
      spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
    }),
    workloadOf('DaemonSet', space, 'by-hand', old, { spec: { updateStrategy: { type: 'OnDelete' } } }),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bare', namespace: space },
      spec: { containers: [{ name: 'main', image: digestOnly }], terminationGracePeriodSeconds: 1 },
    },
    workloadOf('Deployment', space, 'by-tag', `${images.repository}:good1`),
    workloadOf('Deployment', space, 'other-tag', `${images.repository}:good3`),
  );
  ready(space, 'deployment/by-tag', 'deployment/other-tag');
  const ran = await seaworthy([
    'rollout',
    digestOnly,
    images.good[1],
    '--namespace',
    space,
    '--format',
    'json',
    '--settle',
    '3s',
    '--yes',
  ]);
  assert.equal(ran.code, 3, ran.stdout + ran.stderr);
  const { clusters } = JSON.parse(ran.stdout) as {
    clusters: { left: { name: string; why: string }[]; outcomes: { name: string; state: string }[] }[];
  };
  assert.deepEqual(Object.fromEntries(clusters[0]!.left.map(({ name, why }) => [name, why])), {
    helm: 'owned',
    argo: 'owned',
    paused: 'paused',
    suspended: 'suspended',
    staged: 'partitioned',
    'by-hand': 'on-delete',
    bare: 'not-movable',
  });
  assert.deepEqual(
    clusters[0]!.outcomes.map(({ name, state }) => [name, state]),
    [['by-tag', 'moved']],
  );
  for (const name of ['helm', 'argo', 'paused'])
    assert.deepEqual(imagesIn(space, `deployment/${name}`), [old], name);
  assert.deepEqual(imagesIn(space, 'deployment/by-tag'), [`${images.repository}:good1@${images.good[1]}`]);
  assert.deepEqual(imagesIn(space, 'deployment/other-tag'), [`${images.repository}:good3`]);
});
