// Tests of records and kept verdicts: what runs is remembered by workload, and both outlive the process.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fixedClock } from '../../core/index.ts';
import { makeImage } from '../../testing/images.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memorycluster.ts';
import { deploymentOf } from '../../testing/reviews.ts';
import { newKey, openYard, policyWith } from '../../testing/yard.ts';
import { VerdictCache } from '../../trust/index.ts';
import { type KubeObject, resources } from '../kube/index.ts';
import { Records, runningImages } from './records.ts';
import { VerdictStore } from './verdictstore.ts';

const namespace = 'seaworthy-system';
const digestA = `sha256:${'a'.repeat(64)}`;
const digestB = `sha256:${'b'.repeat(64)}`;
const clock = fixedClock('2026-11-27T12:00:00Z');

function podRunning(
  imageID: string,
  more: { image?: string; created?: string; state?: object } = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'uid-pod',
      creationTimestamp: more.created ?? '2026-11-27T11:00:00Z',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true },
      ],
    },
    spec: { containers: [{ name: 'web', image: more.image ?? 'x.example.com/app:1' }] },
    status: { containerStatuses: [{ name: 'web', imageID, state: more.state ?? { running: {} } }] },
  };
}

function recordsOn(cluster: MemoryCluster, owners: readonly KubeObject[]) {
  const judged: string[] = [];
  const records = new Records({
    cluster,
    namespace,
    clock,
    find: async ({ uid }) => owners.find(({ metadata }) => metadata.uid === uid),
    judge: async (_pod, images) => {
      judged.push(...images);
      return new Map(images.map((image) => [image, { decision: 'deny', reason: 'signed: no signature' }]));
    },
    problem: (fault) => assert.fail(fault.message),
  });
  return { records, judged };
}

test('the digest a container runs is its name’s own, else what the kubelet says; what never ran is none', () => {
  const digests = (pod: KubeObject) => runningImages(pod).map(({ digest }) => digest);
  assert.deepEqual(digests(podRunning(`x.example.com/app@${digestA}`)), [digestA]);
  assert.deepEqual(digests(podRunning(digestB, { image: `x.example.com/app:1@${digestA}` })), [digestA]);
  assert.deepEqual(digests(podRunning(digestB)), [], 'an image id is no digest of a manifest');
  assert.deepEqual(
    digests(podRunning(`x@${digestA}`, { state: { waiting: { reason: 'ImagePullBackOff' } } })),
    [],
  );
});

test('what a workload runs is recorded once, judged once, and read by the other replica', async (context) => {
  const cluster = createMemoryCluster();
  const owners = [deploymentOf('x.example.com/app:1')];
  const { records, judged } = recordsOn(cluster, owners);
  await records.see(podRunning(`x.example.com/app@${digestA}`));
  await records.see(podRunning(`x.example.com/app@${digestA}`));
  assert.deepEqual(judged, [`x.example.com/app:1@${digestA}`]);
  assert.equal(cluster.writes.length, 1);
  const [stored] = await cluster.list(resources.workloadImages, { namespace });
  assert.deepEqual(stored?.spec, {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'uid-web',
    decision: 'deny',
    reason: 'signed: no signature',
    containers: [
      {
        use: 'container/web',
        image: 'x.example.com/app:1',
        digest: digestA,
        decision: 'deny',
        reason: 'signed: no signature',
        since: '2026-11-27T11:00:00Z',
      },
    ],
  });
  const other = recordsOn(cluster, owners).records;
  await following(context, other);
  assert.equal(other.ran('uid-web')[0]?.digest, digestA);
});

test('a newer pod replaces what was recorded, an older one that still runs does not', async () => {
  const cluster = createMemoryCluster();
  const { records } = recordsOn(cluster, [deploymentOf('x.example.com/app:1')]);
  await records.see(podRunning(`x@${digestA}`, { created: '2026-11-27T11:00:00Z' }));
  await records.see(podRunning(`x@${digestB}`, { created: '2026-11-27T11:30:00Z' }));
  await records.see(podRunning(`x@${digestA}`, { created: '2026-11-27T11:00:00Z' }));
  assert.equal(records.ran('uid-web')[0]?.digest, digestB);
});

test('a workload that is gone is forgotten', async () => {
  const cluster = createMemoryCluster();
  const owners = [deploymentOf('x.example.com/app:1')];
  const { records } = recordsOn(cluster, owners);
  await records.see(podRunning(`x@${digestA}`));
  await records.sweep();
  assert.equal((await cluster.list(resources.workloadImages, { namespace })).length, 1);
  owners.length = 0;
  await records.sweep();
  assert.equal((await cluster.list(resources.workloadImages, { namespace })).length, 0);
});

test('an allow outlives the process and an outage of the registry, for its time and not past its own end', async (context) => {
  const key = newKey();
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  const policy = await policyWith(
    { build: key },
    { rules: [{ name: 'signed', signature: { by: ['build'] } }] },
  );
  const cluster = createMemoryCluster();
  const held = 86_400_000;
  const store = new VerdictStore({
    cluster,
    namespace,
    clock,
    held,
    problem: (fault) => assert.fail(fault.message),
  });
  const cache = new VerdictCache({ held, onKept: (kept) => store.keep(kept) });
  const at = (hours: number) => ({ now: () => new Date(Date.now() + hours * 3_600_000) });
  const reference = `${yard.host}/team/app@${image.digest}`;
  await yard.checker({ cache, clock: at(0) }).check({ reference, policy });
  await store.settled();

  yard.meddle((_request, reply) => reply.code(503).send());
  const reborn = new VerdictCache({ held });
  const again = new VerdictStore({
    cluster,
    namespace,
    clock,
    held,
    problem: (fault) => assert.fail(fault.message),
  });
  await new Promise<void>((resolve) => {
    const aborter = new AbortController();
    const done = again.follow(reborn, resolve, aborter.signal);
    context.after(async () => {
      aborter.abort();
      await done;
    });
  });
  const check = (hours: number) =>
    yard.checker({ cache: reborn, clock: at(hours) }).check({ reference, policy });
  assert.equal((await check(0)).verdict.decision, 'allow', 'at once');
  const late = await check(23);
  assert.equal(late.verdict.decision, 'allow', 'within the time');
  assert.match(late.stale.join(), /its last verdict counts/);
  await assert.rejects(check(25), /503/, 'past it nobody knows');
});

test('a stored verdict that is not what its name says, or no allow, is none', async () => {
  const cluster = createMemoryCluster();
  const store = new VerdictStore({ cluster, namespace, clock, held: 1000, problem: () => {} });
  const verdict = JSON.stringify({ decision: 'allow' });
  const spec = { key: '["x"]', verdict, evidence: '', keptAt: '2026-11-27T12:00:00Z' };
  for (const [name, more] of Object.entries({
    a: {},
    b: { verdict: '{' },
    c: { keptAt: 'x' },
    d: { key: 7 },
  }))
    await cluster.create(resources.imageVerdicts, {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImageVerdict',
      metadata: { name, namespace },
      spec: { ...spec, ...more },
    });
  const restored: string[] = [];
  const cache = new VerdictCache();
  cache.restore = ({ key }) => void restored.push(key);
  const aborter = new AbortController();
  await new Promise<void>((resolve) => void store.follow(cache, resolve, aborter.signal));
  aborter.abort();
  assert.deepEqual(restored, []);
});

async function following(context: TestContext, records: Records): Promise<void> {
  const aborter = new AbortController();
  await new Promise<void>((resolve) => {
    const done = records.follow(resolve, aborter.signal);
    context.after(async () => {
      aborter.abort();
      await done;
    });
  });
}
