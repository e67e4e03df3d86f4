// What runs, from pods as containerd 1.6 to 2, CRI-O and dockershim report them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MadePod, nodeOf, ownedBy, podOf, running, terminated, waiting } from '../testing/pods.ts';
import { type CensusObjects, takeCensus } from './running.ts';
import { identityOf } from './runningimage.ts';
import { keepOwner, keepPod } from './runningkept.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;
const image = 'registry.example.com/team/app:1';
const at = `registry.example.com/team/app@${digest}`;

/** What is kept of a list has to say the same as all of it. */
const census = (objects: Partial<CensusObjects>) => {
  const whole = { pods: [], between: [], cronJobs: [], nodes: [nodeOf('node1')], ...objects };
  const found = takeCensus(whole);
  const { pods, between } = whole;
  assert.deepEqual(takeCensus({ ...whole, pods: pods.map(keepPod), between: between.map(keepOwner) }), found);
  return found;
};
const says = (objects: Partial<CensusObjects>) =>
  census(objects).running.map(
    ({ workload, container, role, state, pods }) =>
      `${workload.kind}/${workload.name} ${role} ${container} ${state} ${pods}`,
  );
const pod = (name: string, made: MadePod) => podOf(name, made);

test('the image id of every runtime: a manifest digest, or only the id of the image', () => {
  const forms: [string, unknown, unknown][] = [
    [image, at, { kind: 'digest', digest, repository: 'registry.example.com/team/app', from: 'node' }],
    [
      image,
      `docker-pullable://${at}`,
      { kind: 'digest', digest, repository: 'registry.example.com/team/app', from: 'node' },
    ],
    [
      image,
      `127.0.0.1:5000/app@${digest}`,
      { kind: 'digest', digest, repository: '127.0.0.1:5000/app', from: 'node' },
    ],
    [image, digest, { kind: 'id', id: digest }],
    [image, `docker://${digest}`, { kind: 'id', id: digest }],
    [image, 'a'.repeat(64), { kind: 'id', id: digest }],
    [image, '', { kind: 'name' }],
    [image, undefined, { kind: 'name' }],
    [image, 'registry.example.com/team/app@sha256:short', { kind: 'name' }],
    [image, { a: 1 }, { kind: 'name' }],
    [`${image}@${other}`, '', { kind: 'digest', digest: other, from: 'name' }],
    [
      `${image}@${other}`,
      at,
      { kind: 'digest', digest, repository: 'registry.example.com/team/app', from: 'node' },
    ],
  ];
  for (const [name, id, expected] of forms) assert.deepEqual(identityOf(id, name), expected, String(id));
});

test('pods of one workload with one image are one row, with how many they are', () => {
  const between = [
    ownedBy('ReplicaSet', 'web-1', 'rs-1', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      uid: 'd',
    }),
    ownedBy('ReplicaSet', 'web-2', 'rs-2', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      uid: 'd',
    }),
  ];
  const of = (name: string, uid: string, imageID: string) =>
    pod(name, {
      owner: { kind: 'ReplicaSet', name: `web-${uid.at(-1)}`, uid },
      containers: [{ image, imageID }],
    });
  const pods = [of('web-1-b', 'rs-1', at), of('web-1-a', 'rs-1', at)];
  assert.deepEqual(says({ pods, between }), ['Deployment/web container main running 2']);
  assert.equal(census({ pods, between }).running[0]!.pod, 'web-1-a');
  const moving = [...pods, of('web-2-a', 'rs-2', at.replace(digest, other))];
  assert.deepEqual(says({ pods: moving, between }), [
    'Deployment/web container main running 2',
    'Deployment/web container main running 1',
  ]);
});

test('controllers are followed by UID within the namespace, to whatever stands on top', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd' };
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop', uid: 'r' };
  const cron = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'c' };
  const between = [
    ownedBy('ReplicaSet', 'web', 'elsewhere', deployment, 'other'),
    ownedBy('ReplicaSet', 'shop', 'rs-r', rollout),
    ownedBy('Job', 'nightly-1', 'job', cron),
    ownedBy('ReplicaSet', 'loop', 'loop', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'loop',
      uid: 'loop',
    }),
  ];
  const containers = [{ image, imageID: at }];
  const owned = (name: string, kind: string, uid: string) =>
    pod(name, { containers, owner: { kind, name, uid } });
  assert.deepEqual(
    says({
      between,
      pods: [
        owned('web', 'ReplicaSet', 'of-the-same-name-only'),
        owned('web', 'ReplicaSet', 'elsewhere'),
        owned('shop', 'ReplicaSet', 'rs-r'),
        owned('nightly-1', 'Job', 'job'),
        owned('loop', 'ReplicaSet', 'loop'),
        owned('db', 'StatefulSet', 's'),
        pod('alone', { containers }),
      ],
    }).map((text) => text.split(' ')[0]),
    [
      'CronJob/nightly',
      'Pod/alone',
      'ReplicaSet/loop',
      'ReplicaSet/web',
      'ReplicaSet/web',
      'Rollout/shop',
      'StatefulSet/db',
    ],
  );
});

test('a mirror pod is the static pod itself, not its node', () => {
  const found = census({
    pods: [
      pod('etcd-node1', {
        owner: { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: 'n' },
        annotations: { 'kubernetes.io/config.mirror': 'h' },
        containers: [{ image, imageID: at }],
      }),
    ],
  }).running[0]!;
  assert.deepEqual(
    [found.workload.kind, found.workload.name, found.workload.isStatic],
    ['Pod', 'etcd-node1', true],
  );
  assert.equal(found.platform, 'linux/amd64');
});

test('init containers that ran, sidecars, and debugging containers while they run', () => {
  const main = { image, imageID: at };
  const pods = [
    pod('a', {
      containers: [main],
      init: [
        { ...main, name: 'setup', state: terminated(0) },
        { ...main, name: 'next', imageID: '', state: waiting('PodInitializing') },
        { ...main, name: 'side', restartPolicy: 'Always' },
      ],
      ephemeral: [
        { ...main, name: 'debug' },
        { ...main, name: 'debugged', state: terminated(0) },
      ],
    }),
  ];
  assert.deepEqual(says({ pods }), [
    'Pod/a ephemeral debug running 1',
    'Pod/a container main running 1',
    'Pod/a init setup ran 1',
    'Pod/a sidecar side running 1',
  ]);
  assert.deepEqual(
    census({ pods }).notStarted.map(({ container, reason }) => [container, reason]),
    [['next', 'PodInitializing']],
  );
});

test('one that crashes runs again and again; one that ended for good only ran; ended pods run nothing', () => {
  const of = (name: string, restartPolicy: string, state: Record<string, unknown>, more: MadePod = {}) =>
    pod(name, { restartPolicy, containers: [{ image, imageID: at, state }], ...more });
  assert.deepEqual(
    says({
      pods: [
        of('crashes', 'Always', terminated(1)),
        of('fails', 'OnFailure', terminated(1)),
        of('done', 'OnFailure', terminated(0)),
        of('never', 'Never', terminated(1)),
        of('succeeded', 'Never', terminated(0), { phase: 'Succeeded' }),
        of('failed', 'Never', terminated(1), { phase: 'Failed' }),
        pod('waits', {
          containers: [{ image, imageID: at, state: waiting('CrashLoopBackOff'), lastState: terminated(1) }],
        }),
      ],
    }),
    [
      'Pod/crashes container main running 1',
      'Pod/done container main ran 1',
      'Pod/fails container main running 1',
      'Pod/never container main ran 1',
      'Pod/waits container main running 1',
    ],
  );
});

test('what has not started is listed apart, with the kubelet’s reason', () => {
  const found = census({
    pods: [pod('a', { phase: 'Pending', containers: [{ image, state: waiting('ImagePullBackOff') }] })],
  });
  assert.deepEqual(found.running, []);
  assert.deepEqual(
    found.notStarted.map(({ reason, pods }) => [reason, pods]),
    [['ImagePullBackOff', 1]],
  );
});

test('an image volume runs with its pod; its digest is the node’s where the node says it', () => {
  const volumes = [{ name: 'model', image: { reference: image } }];
  const one = pod('a', { volumes, containers: [{ image, imageID: at }] });
  const volume = (objects: Partial<CensusObjects>) =>
    census(objects).running.find(({ role }) => role === 'volume');
  assert.deepEqual(volume({ pods: [one] })?.identity, { kind: 'name' });
  const status = one.status as { containerStatuses: Record<string, unknown>[] };
  status.containerStatuses[0]!['volumeMounts'] = [
    { name: 'model', volumeStatus: { image: { imageRef: at.replace(digest, other) } } },
  ];
  assert.deepEqual(volume({ pods: [one] })?.identity, {
    kind: 'digest',
    digest: other,
    repository: 'registry.example.com/team/app',
    from: 'node',
  });
  const unstarted = pod('b', { volumes, containers: [{ image, state: waiting('ContainerCreating') }] });
  assert.equal(volume({ pods: [unstarted] }), undefined);
});

test('a CronJob between its runs is scheduled, unless it is suspended or the same image runs for it now', () => {
  const cronJob = (more: Record<string, unknown> = {}) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop', uid: 'c' },
    spec: {
      ...more,
      jobTemplate: { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } },
    },
  });
  assert.deepEqual(says({ cronJobs: [cronJob()] }), ['CronJob/nightly container main scheduled 0']);
  assert.deepEqual(says({ cronJobs: [cronJob({ suspend: true })] }), []);
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'c' };
  const between = [ownedBy('Job', 'nightly-1', 'job', owner)];
  const busy = (name: string) =>
    pod('nightly-1-x', {
      owner: { apiVersion: 'batch/v1', kind: 'Job', name: 'nightly-1', uid: 'job' },
      containers: [{ image: name, imageID: at }],
    });
  assert.deepEqual(says({ cronJobs: [cronJob()], between, pods: [busy(image)] }), [
    'CronJob/nightly container main running 1',
  ]);
  assert.deepEqual(says({ cronJobs: [cronJob()], between, pods: [busy(`${image}-before`)] }), [
    'CronJob/nightly container main running 1',
    'CronJob/nightly container main scheduled 0',
  ]);
});

test('the node’s platform is the container’s; of an unknown node none is made up', () => {
  const containers = [{ image, imageID: at }];
  const platforms = census({
    nodes: [nodeOf('arm', 'arm64'), nodeOf('win', 'amd64', 'windows')],
    pods: ['arm', 'win', 'gone'].map((node) => pod(node, { node, containers })),
  }).running.map(({ platform }) => platform);
  assert.deepEqual(platforms, ['linux/arm64', undefined, 'windows/amd64']);
});

test('odd objects are named, and the others still counted', () => {
  const odd = pod('odd', {
    containers: [{ image, imageID: at }],
    spec: { initContainers: 'none', volumes: [7] },
  });
  const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' }, spec: null, status: null };
  const lists = { ...pod('lists', {}), status: { containerStatuses: [null, { name: 4 }], phase: 5 } };
  const found = census({
    pods: [odd, bare as never, lists, { ...odd, status: { containerStatuses: running } }],
  });
  assert.equal(found.pods, 4);
  assert.equal(found.running.length, 1);
  assert.ok(
    found.problems.every((text) => text.startsWith('pod shop/odd: spec.')),
    found.problems.join(),
  );
  assert.equal(found.problems.length, 4);
});
