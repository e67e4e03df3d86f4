// Tests of what is success and what is failure, kind by kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  newDigest,
  newImage,
  oldDigest,
  oldImage,
  podFor,
  type SettledKind,
  settled,
} from '../../testing/rolloutobjects.ts';
import type { KubeObject } from '../kube/index.ts';
import { judgeCronJob } from './cronjob.ts';
import { judgeDaemonSet } from './daemonset.ts';
import { judgeDeployment } from './deployment.ts';
import type { Judgement, Seen, Target } from './judgement.ts';
import { judgeStatefulSet, podsInTheWay } from './statefulset.ts';

const now = Date.parse('2026-11-27T12:00:10Z');
const target: Target = {
  images: [{ role: 'container', name: 'main', before: oldImage, good: oldImage, after: newImage }],
  way: 'after',
  digest: newDigest,
  generation: 2,
  since: Date.parse('2026-11-27T12:00:00Z'),
  unavailable: 0,
  restarts: 3,
  settle: 0,
  now,
};
const back: Target = { ...target, way: 'good', digest: oldDigest };
const judges = {
  Deployment: judgeDeployment,
  StatefulSet: judgeStatefulSet,
  DaemonSet: judgeDaemonSet,
  CronJob: judgeCronJob,
};

/** With the new image, generation 2 taken up by its controller; `status` laid over. */
function seen(
  kind: SettledKind,
  status: Record<string, unknown>,
  more: Partial<Seen> & { spec?: Record<string, unknown> } = {},
): Seen {
  const object = settled(kind, 'web', {
    image: newImage,
    metadata: { generation: 2 },
    status: { observedGeneration: 2, ...status },
    ...(more.spec === undefined ? {} : { spec: more.spec }),
  });
  return { object, pods: [], jobs: [], warnings: [], ...more };
}

function judge(
  kind: SettledKind,
  status: Record<string, unknown>,
  more: Parameters<typeof seen>[2] = {},
  at = target,
): Judgement {
  return judges[kind](seen(kind, status, more), at);
}

const owner = { kind: 'StatefulSet', name: 'web', uid: 'uid-web' };
const crashing = (restartCount: number) =>
  podFor(owner, 'web-1', newImage, {
    ready: false,
    restartCount,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 3, reason: 'Error' } },
  });
const pulling = (message: string, creationTimestamp = '2026-11-27T12:00:00Z'): KubeObject => {
  const pod = podFor(owner, 'web-1', newImage, {
    ready: false,
    state: { waiting: { reason: 'ImagePullBackOff', message } },
  });
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp } };
};

test('a Deployment is done when all pods are of the new template and available, and no old one is left', () => {
  assert.equal(judge('Deployment', {}).state, 'done');
  assert.equal(judge('Deployment', { replicas: 3 }).state, 'going');
  assert.equal(judge('Deployment', { updatedReplicas: 1 }).state, 'going');
  assert.equal(judge('Deployment', { availableReplicas: 1 }).state, 'going');
});

test('a status of before the change proves nothing', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    assert.equal(judge(kind, { observedGeneration: 1 }).state, 'going', kind);
    assert.equal(judges[kind](seen(kind, {}), { ...target, generation: 3 }).state, 'going', kind);
  }
});

test('a Deployment fails by its own deadline, with what keeps it', () => {
  const failed = judge('Deployment', {
    updatedReplicas: 1,
    conditions: [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
      { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: small' },
    ],
  });
  assert.equal(failed.state, 'failed');
  assert.match(failed.text, /exceeded quota/);
});

test('a deadline that a Deployment missed before it was changed says nothing of the change, either way', () => {
  const overdue = (lastUpdateTime: string) => ({
    replicas: 3,
    conditions: [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime },
    ],
  });
  const returned = { spec: settled('Deployment', 'web').spec as Record<string, unknown> };
  for (const [way, more] of [
    [target, {}],
    [back, returned],
  ] as const) {
    assert.equal(judge('Deployment', overdue('2026-11-27T11:59:59Z'), more, way).state, 'going', way.way);
    assert.equal(judge('Deployment', overdue('2026-11-27T12:00:09Z'), more, way).state, 'failed', way.way);
  }
});

test('an admission that refuses the pods ends the wait, in its own words', () => {
  const message =
    'pods "web-1" is forbidden: admission webhook "verify.seaworthy.dev" denied the request: not signed';
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message }];
  assert.deepEqual(judge('Deployment', { updatedReplicas: 0, conditions }), {
    state: 'failed',
    text: message,
  });
  assert.deepEqual(judge('StatefulSet', { updatedReplicas: 0 }, { warnings: [message] }), {
    state: 'failed',
    text: message,
  });
  assert.equal(
    judge('DaemonSet', { updatedNumberScheduled: 0 }, { warnings: ['exceeded quota'] }).state,
    'going',
  );
});

test('a StatefulSet is done when its pods are of one revision, and ready', () => {
  assert.equal(judge('StatefulSet', {}).state, 'done');
  assert.equal(judge('StatefulSet', { updateRevision: 'b' }).state, 'going');
  assert.equal(judge('StatefulSet', { availableReplicas: 1 }).state, 'going');
  assert.equal(judge('StatefulSet', { updatedReplicas: 1 }).state, 'going');
});

test('a DaemonSet is done when every node that was up before runs a ready pod of the new digest', () => {
  const daemons = { kind: 'DaemonSet', name: 'web', uid: 'uid-web' };
  const pods = [podFor(daemons, 'a', newImage), podFor(daemons, 'b', newImage)];
  assert.equal(judge('DaemonSet', {}, { pods }).state, 'done');
  assert.equal(judge('DaemonSet', { updatedNumberScheduled: 1 }, { pods }).state, 'going');
  assert.equal(judge('DaemonSet', {}, { pods: [pods[0]!, podFor(daemons, 'b', oldImage)] }).state, 'going');
  const oneDown = { updatedNumberScheduled: 1, numberAvailable: 1, numberUnavailable: 1 };
  assert.equal(judge('DaemonSet', oneDown, { pods: [pods[0]!] }).state, 'going');
  assert.equal(
    judge('DaemonSet', oneDown, { pods: [pods[0]!] }, { ...target, unavailable: 1 }).state,
    'done',
  );
});

test('a crash loop ends the wait early, after as many restarts as asked for', () => {
  assert.equal(
    judge('StatefulSet', { updatedReplicas: 1, availableReplicas: 1 }, { pods: [crashing(2)] }).state,
    'going',
  );
  const failed = judge('StatefulSet', { updatedReplicas: 1, availableReplicas: 1 }, { pods: [crashing(3)] });
  assert.deepEqual(failed, { state: 'failed', text: 'pod web-1: main ended with code 3, restarted 3 times' });
});

test('pods of the old digest are not the new one’s fault', () => {
  const old = { ...crashing(9), spec: { containers: [{ name: 'main', image: oldImage }] } };
  assert.equal(judge('StatefulSet', { updatedReplicas: 1 }, { pods: [old] }).state, 'going');
});

test('a registry may be away for a minute; what it does not have it will not have', () => {
  const status = { updatedReplicas: 1, availableReplicas: 1 };
  assert.equal(judge('StatefulSet', status, { pods: [pulling('connection refused')] }).state, 'going');
  assert.equal(
    judge('StatefulSet', status, { pods: [pulling('connection refused', '2026-11-27T11:58:00Z')] }).state,
    'failed',
  );
  assert.equal(
    judge('StatefulSet', status, { pods: [pulling('manifest unknown: not found')] }).state,
    'failed',
  );
});

test('who changes the images, pauses or deletes it meanwhile has taken over', () => {
  const other = settled('Deployment', 'web', {
    image: `${newImage.slice(0, -1)}3`,
    metadata: { generation: 3 },
  });
  assert.equal(
    judgeDeployment({ object: other, pods: [], jobs: [], warnings: [] }, target).state,
    'overtaken',
  );
  assert.equal(judge('Deployment', { updatedReplicas: 1 }, { spec: { paused: true } }).state, 'overtaken');
  const going = seen('StatefulSet', {});
  going.object.metadata.deletionTimestamp = '2026-11-27T12:00:00Z';
  assert.equal(judgeStatefulSet(going, target).state, 'overtaken');
});

test('on the way back pods are given their time, and only those of the bad digest that are not ready are in the way', () => {
  const object = settled('StatefulSet', 'web', {
    metadata: { generation: 3 },
    status: { observedGeneration: 3, updatedReplicas: 1, availableReplicas: 1 },
  });
  const ready = podFor(owner, 'web-0', newImage);
  const view: Seen = {
    object,
    pods: [crashing(9), ready, podFor(owner, 'web-2', oldImage, { ready: false })],
    jobs: [],
    warnings: ['x denied the request: y'],
  };
  assert.equal(judgeStatefulSet(view, { ...back, generation: 3 }).state, 'going');
  assert.deepEqual(
    podsInTheWay(view, { ...back, generation: 3 }, newDigest).map(({ metadata }) => metadata.name),
    ['web-1'],
  );
  const unanswered = { ...view, object: { ...object, status: { observedGeneration: 2 } } };
  assert.deepEqual(podsInTheWay(unanswered, { ...back, generation: 3 }, newDigest), []);
});

function job(type: string | undefined, image = newImage): KubeObject {
  const template = { spec: { containers: [{ name: 'main', image }] } };
  const conditions = type === undefined ? [] : [{ type, status: 'True', message: 'backoff limit' }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web-1', namespace: 'shop', uid: 'j' },
    spec: { template },
    status: { conditions },
  };
}

test('a CronJob is proven or refuted by a Job of the new digest, never by one of the old', () => {
  assert.equal(judge('CronJob', {}, { jobs: [job('Complete')] }).state, 'done');
  assert.equal(judge('CronJob', {}, { jobs: [job(undefined)] }).state, 'going');
  assert.equal(
    judge('CronJob', {}, { jobs: [job('Complete', oldImage), job('Failed', oldImage)] }).state,
    'going',
  );
  const ended = podFor({ kind: 'Job', name: 'web-1', uid: 'j' }, 'web-1-x', newImage, {
    ready: false,
    state: { terminated: { exitCode: 3, reason: 'OOMKilled' } },
  });
  assert.deepEqual(judge('CronJob', {}, { jobs: [job('Failed')], pods: [ended] }), {
    state: 'failed',
    text: 'Job web-1 failed: backoff limit; pod web-1-x: main ended with code 3 (OOMKilled)',
  });
});
