// Tests of how long pods have to run before their workload counts as moved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDigest, newImage, oldImage, podFor, settled } from '../../testing/rolloutobjects.ts';
import type { KubeObject } from '../kube/index.ts';
import { judgeDaemonSet } from './daemonset.ts';
import { judgeDeployment } from './deployment.ts';
import type { Target } from './judgement.ts';
import { judgeStatefulSet } from './statefulset.ts';

const judges = { Deployment: judgeDeployment, StatefulSet: judgeStatefulSet, DaemonSet: judgeDaemonSet };
const at = (second: string) => `2026-11-27T12:00:${second}Z`;
const target: Target = {
  images: [{ role: 'container', name: 'main', before: oldImage, good: oldImage, after: newImage }],
  way: 'after',
  digest: newDigest,
  generation: 2,
  since: Date.parse(at('00')),
  unavailable: 0,
  restarts: 3,
  settle: 10_000,
  now: Date.parse(at('15')),
};

function pod(name: string, ready: string, started: string, restartCount = 0): KubeObject {
  const state = { running: { startedAt: at(started) } };
  const made = podFor({ kind: 'ReplicaSet', name: 'web-1', uid: 'u' }, name, newImage, {
    restartCount,
    state,
  });
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(ready) }];
  return { ...made, status: { ...(made.status as object), conditions } };
}

function judge(kind: keyof typeof judges, pods: KubeObject[], more: Partial<Target> = {}) {
  const object = settled(kind, 'web', {
    image: newImage,
    metadata: { generation: 2 },
    status: { observedGeneration: 2 },
  });
  return judges[kind]({ object, pods, jobs: [], warnings: [] }, { ...target, ...more });
}

const steady = [pod('a', '04', '03'), pod('b', '05', '04')];

test('a workload of each kind has moved once the last of its pods was ready for the time asked', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    assert.equal(judge(kind, steady).state, 'done');
    const early = judge(kind, steady, { now: Date.parse(at('14')) });
    assert.deepEqual([early.state, early.settles], ['going', Date.parse(at('15'))]);
    assert.match(early.text, /2 available|2 of 2 available, watched for 1 s more/);
  }
});

test('a container that was started anew begins the time again, though its pod was never seen unready', () => {
  const judged = judge('Deployment', [pod('a', '04', '03'), pod('b', '05', '12', 1)]);
  assert.deepEqual([judged.state, judged.settles], ['going', Date.parse(at('22'))]);
});

test('pods that were not told of yet, go away or tell no time are waited for', () => {
  const [first] = steady as [KubeObject];
  const going = { ...first, metadata: { ...first.metadata, deletionTimestamp: at('10') } };
  const timeless = podFor({ kind: 'ReplicaSet', name: 'web-1', uid: 'u' }, 'b', newImage);
  for (const pods of [[], [first], [first, going], [first, timeless]])
    assert.equal(judge('Deployment', pods).state, 'going');
});

test('the way back is over as soon as the last good pods are available', () => {
  const back = { way: 'good' as const, images: target.images.map((one) => ({ ...one, good: newImage })) };
  assert.equal(judge('Deployment', [], back).state, 'done');
});
