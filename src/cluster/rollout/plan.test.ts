// Tests of which workloads a rollout moves, and which it leaves and why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedClock } from '../../core/index.ts';
import { createMemoryCluster } from '../../testing/memorycluster.ts';
import {
  digestChange,
  newDigest,
  newImage,
  oldDigest,
  oldImage,
  podFor,
  repository,
  settled,
} from '../../testing/rolloutobjects.ts';
import type { KubeObject } from '../kube/index.ts';
import { KubeFault } from '../kube/index.ts';
import { type DigestChange, groupOf, workloadKindOf } from '../workload/index.ts';
import { holdAnnotation } from './hold.ts';
import { planRollout, type RolloutPlan } from './plan.ts';
import { recordAnnotation } from './record.ts';

const clock = fixedClock('2026-11-27T12:00:00Z');

async function planOf(
  objects: readonly KubeObject[],
  change: DigestChange = digestChange,
  namespaces: string[] = [],
): Promise<RolloutPlan> {
  const cluster = createMemoryCluster();
  for (const object of objects)
    await cluster.create(workloadKindOf(groupOf(object.apiVersion), object.kind)!, object);
  return planRollout(cluster, change, { clock, namespaces });
}

const why = (plan: RolloutPlan) =>
  plan.left.map(({ kind, name, why: reason }) => `${kind}/${name} ${reason}`);
const moved = (plan: RolloutPlan) => plan.moves.map(({ kind, name }) => `${kind}/${name}`);

test('every kind with the old digest moves; init containers and image volumes with it', async () => {
  const plan = await planOf([
    settled('Deployment', 'a', {
      spec: {
        template: {
          spec: {
            initContainers: [{ name: 'i', image: oldImage, restartPolicy: 'Always' }],
            containers: [
              { name: 'm', image: `${repository}@${oldDigest}` },
              { name: 'x', image: 'nginx' },
            ],
            volumes: [{ name: 'v', image: { reference: oldImage } }],
          },
        },
      },
    }),
    settled('StatefulSet', 'b'),
    settled('DaemonSet', 'c'),
    settled('CronJob', 'd'),
    settled('Deployment', 'e', { image: newImage }),
    settled('Deployment', 'f', { image: `other.example.com/team/app@${oldDigest}` }),
  ]);
  assert.deepEqual(moved(plan), ['Deployment/a', 'StatefulSet/b', 'DaemonSet/c', 'CronJob/d']);
  assert.deepEqual(
    plan.moves[0]?.images.map(({ role, after }) => [role, after]),
    [
      ['container', `${repository}@${newDigest}`],
      ['sidecar', newImage],
      ['volume', newImage],
    ],
  );
  assert.deepEqual([plan.left, plan.already], [[], 1]);
});

test('a tag moves where its pods run the old digest, and its way back is by digest', async () => {
  const tagged = (name: string) => settled('StatefulSet', name, { image: `${repository}:1.2` });
  const pod = (name: string, digest: string) => {
    const made = podFor({ kind: 'StatefulSet', name, uid: '' }, `${name}-0`, `${repository}:1.2`, {
      imageID: `${repository}@${digest}`,
    });
    return made;
  };
  const cluster = createMemoryCluster();
  for (const [name, digest] of [
    ['a', oldDigest],
    ['b', newDigest],
  ] as const) {
    const { metadata } = await cluster.create(workloadKindOf('apps', 'StatefulSet')!, tagged(name));
    const made = pod(name, digest);
    made.metadata.ownerReferences![0]!.uid = metadata.uid!;
    await cluster.create(workloadKindOf('', 'Pod')!, made);
  }
  await cluster.create(workloadKindOf('apps', 'StatefulSet')!, tagged('idle'));
  const plan = await planRollout(cluster, digestChange, { clock });
  assert.deepEqual(plan.moves[0]?.images, [
    { role: 'container', name: 'main', before: `${repository}:1.2`, good: oldImage, after: newImage },
  ]);
  assert.deepEqual(moved(plan), ['StatefulSet/a']);
  assert.deepEqual(why(plan), ['StatefulSet/idle by-tag']);
  const named = await planRollout(cluster, { ...digestChange, tag: '1.2' }, { clock });
  assert.deepEqual(moved(named), ['StatefulSet/a', 'StatefulSet/idle']);
});

test('paused, suspended, moving, broken, staged and OnDelete ones are left, each by name', async () => {
  const plan = await planOf([
    settled('Deployment', 'paused', { spec: { paused: true } }),
    settled('CronJob', 'suspended', { spec: { suspend: true } }),
    settled('Deployment', 'moving', { status: { updatedReplicas: 1 } }),
    settled('Deployment', 'unseen', { status: { observedGeneration: 0 } }),
    settled('Deployment', 'broken', { status: { availableReplicas: 1 } }),
    settled('StatefulSet', 'moving', { status: { updateRevision: 'b' } }),
    settled('StatefulSet', 'staged', { spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } }),
    settled('StatefulSet', 'by-hand', { spec: { updateStrategy: { type: 'OnDelete' } } }),
    settled('DaemonSet', 'by-hand', { spec: { updateStrategy: { type: 'OnDelete' } } }),
    settled('DaemonSet', 'dead', { status: { numberAvailable: 0 } }),
    settled('Deployment', 'leaving', { metadata: { deletionTimestamp: '2026-11-27T11:00:00Z' } }),
  ]);
  assert.deepEqual(moved(plan), []);
  assert.deepEqual(why(plan), [
    'Deployment/paused paused',
    'Deployment/moving moving',
    'Deployment/unseen moving',
    'Deployment/broken unsettled',
    'Deployment/leaving deleting',
    'StatefulSet/moving moving',
    'StatefulSet/staged partitioned',
    'StatefulSet/by-hand on-delete',
    'DaemonSet/by-hand on-delete',
    'DaemonSet/dead unsettled',
    'CronJob/suspended suspended',
  ]);
});

test('a node that is down does not keep a DaemonSet where it is', async () => {
  const plan = await planOf([
    settled('DaemonSet', 'a', { status: { numberAvailable: 1, numberUnavailable: 1 } }),
  ]);
  assert.deepEqual([moved(plan), plan.moves[0]?.unavailable], [['DaemonSet/a'], 1]);
});

test('what a release, a GitOps controller or an operator keeps is left, with the change to make there', async () => {
  const plan = await planOf([
    settled('Deployment', 'helm', {
      metadata: {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'shop' },
      },
    }),
    settled('Deployment', 'argo', {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/argo' } },
    }),
    settled('StatefulSet', 'db', {
      metadata: {
        ownerReferences: [
          { apiVersion: 'db.example.com/v1', kind: 'Cluster', name: 'db', uid: 'x', controller: true },
        ],
      },
    }),
  ]);
  assert.deepEqual(why(plan), ['Deployment/helm owned', 'Deployment/argo owned', 'StatefulSet/db owned']);
  assert.deepEqual(
    plan.left.map(({ owner }) => `${owner?.by} ${owner?.name}`),
    ['helm shop', 'argocd shop', 'operator Cluster/db'],
  );
  assert.deepEqual(
    plan.left[0]?.change?.map(({ before, after }) => [before, after]),
    [[oldImage, newImage]],
  );
});

test('bare pods, Jobs, ReplicaSets and ReplicationControllers are named; those of a workload are its own', async () => {
  const template = { spec: { containers: [{ name: 'main', image: oldImage }] } };
  const bare = (
    apiVersion: string,
    kind: string,
    spec: unknown,
    more: Partial<KubeObject['metadata']> = {},
  ): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: `bare-${kind.toLowerCase()}`, namespace: 'shop', ...more },
    spec,
  });
  const owned = {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: 'x', controller: true }],
  };
  const plan = await planOf([
    bare('v1', 'Pod', template.spec),
    bare('batch/v1', 'Job', { template }),
    bare('apps/v1', 'ReplicaSet', { template }),
    bare('apps/v1', 'ReplicaSet', { template }, { name: 'a-1', ...owned }),
    bare('v1', 'ReplicationController', { template }),
    { ...bare('v1', 'Pod', template.spec, { name: 'over' }), status: { phase: 'Succeeded' } },
  ]);
  assert.deepEqual(why(plan), [
    'ReplicaSet/bare-replicaset not-movable',
    'ReplicationController/bare-replicationcontroller not-movable',
    'Job/bare-job not-movable',
    'Pod/bare-pod not-movable',
  ]);
});

const hold = { repository, digest: newDigest, reason: 'crashed', by: 'ana', since: '2026-11-27T10:00:00Z' };
const holding = (more: object = {}) => ({
  annotations: { [holdAnnotation]: JSON.stringify([{ ...hold, ...more }]) },
});

test('a digest on hold moves nowhere, also where the hold stands in another namespace', async () => {
  const objects = [
    settled('Deployment', 'a'),
    settled('Deployment', 'b', { metadata: { namespace: 'other', ...holding() } }),
  ];
  const plan = await planOf(objects, digestChange, ['shop']);
  assert.deepEqual([moved(plan), why(plan)], [[], ['Deployment/a held']]);
  assert.equal(plan.holds[0]?.hold.reason, 'crashed');
  const released = { release: { by: 'bo', reason: 'r', at: '2026-11-27T11:00:00Z' } };
  const free = await planOf([objects[0]!, settled('Deployment', 'b', { metadata: holding(released) })]);
  assert.deepEqual(moved(free), ['Deployment/a', 'Deployment/b']);
});

test('a hold that cannot be read is no permission', async () => {
  const plan = await planOf([
    settled('Deployment', 'a', { metadata: { annotations: { [holdAnnotation]: 'x' } } }),
  ]);
  assert.deepEqual(why(plan), ['Deployment/a unreadable']);
});

test('what another run began is finished; what moves elsewhere is left', async () => {
  const record = (to: string, state = 'moving') =>
    JSON.stringify({
      version: 1,
      id: 'a',
      state,
      repository,
      from: oldDigest,
      to,
      images: [
        {
          role: 'container',
          name: 'main',
          before: oldImage,
          good: oldImage,
          after: `${repository}:1.2@${to}`,
        },
      ],
      unavailable: 0,
      by: 'ana',
      started: '2026-11-27T11:00:00Z',
      patience: 1000,
      deadline: '2026-11-27T11:10:00Z',
    });
  const other = `sha256:${'3'.repeat(64)}`;
  const plan = await planOf([
    settled('Deployment', 'begun', {
      image: newImage,
      metadata: { annotations: { [recordAnnotation]: record(newDigest) } },
    }),
    settled('Deployment', 'returning', {
      metadata: {
        annotations: { [recordAnnotation]: record(newDigest, 'returning'), ...holding().annotations },
      },
    }),
    settled('Deployment', 'elsewhere', { metadata: { annotations: { [recordAnnotation]: record(other) } } }),
    settled('Deployment', 'ended', {
      metadata: { annotations: { [recordAnnotation]: record(other, 'returned') } },
    }),
  ]);
  assert.deepEqual(moved(plan), ['Deployment/begun', 'Deployment/returning']);
  assert.deepEqual(why(plan), ['Deployment/elsewhere moving', 'Deployment/ended held']);
});

test('where only one namespace may be read, the plan says that holds elsewhere are unknown', async () => {
  const cluster = createMemoryCluster();
  await cluster.create(workloadKindOf('apps', 'Deployment')!, settled('Deployment', 'a'));
  const { list } = cluster;
  cluster.list = async (resource, options) => {
    if (options?.namespace === undefined) throw new KubeFault('forbidden', 'no');
    return list(resource, options);
  };
  const plan = await planRollout(cluster, digestChange, { clock, namespaces: ['shop'] });
  assert.deepEqual([moved(plan), plan.isWhole], [['Deployment/a'], false]);
  await assert.rejects(planRollout(cluster, digestChange, { clock }), { code: 'forbidden' });
});
