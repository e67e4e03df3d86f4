// Tests of rollouts from the first patch to the end: success, the way back, kills at each step, two at once.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../core/index.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memorycluster.ts';
import {
  controlDeployments,
  digestChange,
  newDigest,
  newImage,
  oldDigest,
  oldImage,
  settled,
} from '../../testing/rolloutobjects.ts';
import { KubeFault, type KubeObject } from '../kube/index.ts';
import { imagesOf, workloadKinds } from '../workload/index.ts';
import { holdsOf } from './hold.ts';
import type { Outcome } from './move.ts';
import { planResume, planRollout } from './plan.ts';
import { recordOf } from './record.ts';
import { listHolds, releaseDigest } from './release.ts';
import { type RunOptions, runRollout } from './run.ts';

const kind = workloadKinds.Deployment;
/** News wake the rollout; nothing in these tests waits for time. */
const never = (_: number, signal: AbortSignal) =>
  new Promise<void>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );

async function yardOf(
  t: TestContext,
  names: readonly string[],
  isBad: (image: string) => boolean = () => false,
) {
  const cluster = createMemoryCluster();
  for (const name of names) await cluster.create(kind, settled('Deployment', name));
  const stop = new AbortController();
  const controller = controlDeployments(cluster, isBad, stop.signal);
  t.after(async () => {
    stop.abort();
    await controller;
  });
  cluster.writes.length = 0;
  return cluster;
}

async function run(cluster: MemoryCluster, options: Partial<RunOptions> = {}, clock: Clock = systemClock) {
  const plan = await planRollout(cluster, digestChange, { clock });
  return runRollout(plan, { by: 'ana', sleep: never, settle: 0, clock, ...options });
}

const told = (outcomes: readonly Outcome[]) => outcomes.map(({ name, state }) => `${name} ${state}`);
const get = async (cluster: MemoryCluster, name = 'a') => (await cluster.get(kind, name, 'shop'))!;
const imageOf = (object: KubeObject) => imagesOf(object, kind).images[0]?.image;
/** Writes of ours: the controller replaces. */
const patches = (cluster: MemoryCluster) => cluster.writes.filter((write) => write.startsWith('patch'));

test('a workload that comes up with the new digest has moved, in two patches', async (t) => {
  const cluster = await yardOf(t, ['a']);
  const { outcomes } = await run(cluster, { cause: 'CVE-2026-1' });
  assert.deepEqual(told(outcomes), ['a moved']);
  const object = await get(cluster);
  assert.equal(imageOf(object), newImage);
  assert.equal(recordOf(object)?.state, 'moved');
  assert.match(object.metadata.annotations?.['kubernetes.io/change-cause'] ?? '', /CVE-2026-1/);
  assert.deepEqual(patches(cluster), ['patch deployments/a', 'patch deployments/a']);
});

test('replicas are never written: an autoscaler keeps them', async (t) => {
  const cluster = await yardOf(t, ['a']);
  const bodies: string[] = [];
  const { patch } = cluster;
  cluster.patch = (resource, name, namespace, body, options) => {
    bodies.push(...(body.body as { path: string }[]).map(({ path }) => path));
    return patch(resource, name, namespace, body, options);
  };
  await run(cluster);
  const changed = new Set(bodies.map((path) => path.split('/').slice(0, 3).join('/')));
  assert.deepEqual([...changed].sort(), [
    '/metadata/annotations',
    '/metadata/resourceVersion',
    '/spec/template',
  ]);
});

test('one that fails goes back to its last good digest, and the new one is on hold', async (t) => {
  const cluster = await yardOf(t, ['a'], (image) => image === newImage);
  const { outcomes } = await run(cluster);
  assert.deepEqual(told(outcomes), ['a returned']);
  assert.match(outcomes[0]?.reason ?? '', /deadline/);
  const object = await get(cluster);
  assert.equal(imageOf(object), oldImage);
  assert.deepEqual(
    holdsOf(object).map(({ digest, by }) => [digest, by]),
    [[newDigest, 'ana']],
  );
  const again = await planRollout(cluster, digestChange, { clock: systemClock });
  assert.deepEqual(again.moves, []);
});

test('a released digest may be tried again, and the release is remembered', async (t) => {
  let isBroken = true;
  const cluster = await yardOf(t, ['a'], (image) => isBroken && image === newImage);
  await run(cluster);
  assert.equal((await listHolds(cluster, { clock: systemClock })).held.length, 1);
  const done = await releaseDigest(cluster, newDigest, { by: 'bo', reason: 'mended', clock: systemClock });
  assert.deepEqual(
    done.held.map(({ name }) => name),
    ['a'],
  );
  assert.equal(holdsOf(await get(cluster))[0]?.release?.reason, 'mended');
  isBroken = false;
  assert.deepEqual(told((await run(cluster)).outcomes), ['a moved']);
  assert.deepEqual((await listHolds(cluster, { clock: systemClock })).held, []);
});

test('the first failure stops what has not begun; what had moved stays moved', async (t) => {
  const cluster = await yardOf(t, ['a', 'b', 'c']);
  const { outcomes, stopped } = await run(cluster, {
    onOutcome() {
      // from the second on, an admission refuses
      cluster.beforeWrite = (verb, _, object) => {
        if (verb === 'patch' && object?.metadata.name === 'b')
          throw new KubeFault('refused', 'admission webhook "x" denied the request: not signed');
      };
    },
  });
  assert.deepEqual(told(outcomes), ['a moved', 'b refused']);
  assert.deepEqual(
    stopped.map(({ name }) => name),
    ['c'],
  );
  assert.match(outcomes[1]?.reason ?? '', /not signed/);
  assert.equal(imageOf(await get(cluster, 'b')), oldImage);
});

test('all or nothing: one failure returns those that had moved, which are not the ones to blame', async (t) => {
  let broken = '';
  const cluster = await yardOf(t, ['a', 'b'], (image) => image === newImage && broken === 'b');
  const { outcomes } = await run(cluster, { together: true, onOutcome: () => (broken = 'b') });
  assert.deepEqual(told(outcomes), ['a returned', 'b returned']);
  assert.equal(imageOf(await get(cluster, 'a')), oldImage);
  assert.deepEqual(holdsOf(await get(cluster, 'a')), []);
  assert.equal(holdsOf(await get(cluster, 'b')).length, 1);
});

/** Every process is killed right before, or right after, its n-th write; others go on until nothing is begun. */
async function killedAt(
  t: TestContext,
  at: number,
  where: 'before' | 'after',
  isBad: boolean,
  together = false,
) {
  const cluster = await yardOf(t, ['a', 'b'], (image) => isBad && image === newImage);
  const { patch } = cluster;
  let count = 0;
  const stop = new AbortController();
  cluster.patch = async (resource, name, namespace, body, options) => {
    count++;
    if (count === at && where === 'before') throw new Error('killed');
    const done = await patch(resource, name, namespace, body, options);
    if (count === at) throw new Error('killed');
    return done;
  };
  await run(cluster, { together, signal: stop.signal }).catch((error: Error) =>
    assert.equal(error.message, 'killed'),
  );
  cluster.patch = patch;
  const isKilled = count >= at;
  if (isKilled) {
    for (const plan of await planResume(cluster, { clock: systemClock }))
      await runRollout(plan, { by: 'bo', sleep: never, settle: 0 });
    await run(cluster, { together });
  }
  return { cluster, isKilled };
}

for (const where of ['before', 'after'] as const)
  test(`killed ${where} each write of a rollout that works, another process finishes it and moves nothing twice`, async (t) => {
    let at = 1;
    for (; ; at++) {
      const { cluster, isKilled } = await killedAt(t, at, where, false);
      for (const name of ['a', 'b']) {
        const object = await get(cluster, name);
        assert.deepEqual(
          [imageOf(object), recordOf(object)?.state, object.metadata.generation],
          [newImage, 'moved', 2],
          `${name} at ${at}`,
        );
      }
      if (!isKilled) break;
    }
    assert.equal(at, 5);
  });

for (const where of ['before', 'after'] as const)
  test(`killed ${where} each write of a rollout that fails, another process brings it back, once`, async (t) => {
    let at = 1;
    for (; ; at++) {
      const { cluster, isKilled } = await killedAt(t, at, where, true);
      const object = await get(cluster);
      assert.deepEqual(
        [imageOf(object), recordOf(object)?.state, object.metadata.generation],
        [oldImage, 'returned', 3],
        `at ${at}`,
      );
      assert.equal(holdsOf(object).length, 1);
      assert.equal(imageOf(await get(cluster, 'b')), oldImage);
      if (!isKilled) break;
    }
    assert.equal(at, 4);
  });

test('killed while all go back, another process brings back the rest', async (t) => {
  let broken = false;
  const cluster = await yardOf(t, ['a', 'b'], (image) => image === newImage && broken);
  const { patch } = cluster;
  const killed = run(cluster, {
    together: true,
    onOutcome(outcome) {
      broken = true;
      if (outcome.name === 'b') throw new Error('killed');
    },
  });
  await assert.rejects(killed, /killed/);
  cluster.patch = patch;
  assert.equal(imageOf(await get(cluster, 'a')), newImage);
  const { outcomes } = await run(cluster, { together: true });
  assert.deepEqual(told(outcomes), ['a returned']);
  assert.equal(imageOf(await get(cluster, 'a')), oldImage);
});

test('two at once move each workload once, and both see its end', async (t) => {
  for (const isBad of [false, true]) {
    const cluster = await yardOf(t, ['a'], (image) => isBad && image === newImage);
    const both = await Promise.all([run(cluster), run(cluster)]);
    const state = isBad ? 'returned' : 'moved';
    assert.deepEqual(
      both.map(({ outcomes }) => told(outcomes)),
      [[`a ${state}`], [`a ${state}`]],
    );
    assert.equal((await get(cluster)).metadata.generation, isBad ? 3 : 2);
    assert.equal(patches(cluster).length, isBad ? 3 : 2);
  }
});

test('who changes the image meanwhile is not overwritten', async (t) => {
  const cluster = await yardOf(t, ['a'], (image) => image === newImage);
  const mine = `${oldImage.slice(0, -1)}9`;
  const { outcomes } = await run(cluster, {
    async onStep({ step }) {
      if (step !== 'begun') return;
      await cluster.patch(kind, 'a', 'shop', {
        type: 'json',
        body: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: mine }],
      });
    },
  });
  assert.deepEqual(told(outcomes), ['a overtaken']);
  assert.equal(imageOf(await get(cluster)), mine);
});

test('a workload that was changed, paused or removed since the plan is left', async (t) => {
  const cluster = await yardOf(t, ['a', 'b', 'c']);
  const plan = await planRollout(cluster, digestChange, { clock: systemClock });
  const set = (name: string, path: string, value: unknown) =>
    cluster.patch(kind, name, 'shop', { type: 'json', body: [{ op: 'add', path, value }] });
  await cluster.delete(kind, 'a', 'shop');
  await set('b', '/spec/paused', true);
  await set('c', '/spec/template/spec/containers/0/image', 'nginx');
  const { outcomes } = await runRollout(plan, { by: 'ana', sleep: never, settle: 0 });
  assert.deepEqual(told(outcomes), ['a missing', 'b left', 'c left']);
});

test('taken up again, a run tells what it had ended before, and does not begin it again after a release', async (t) => {
  const cluster = await yardOf(t, ['a'], (image) => image === newImage);
  const once = async () => {
    const plan = await planRollout(cluster, digestChange, { clock: systemClock, id: 'one' });
    return runRollout(plan, { by: 'ana', id: 'one', sleep: never, settle: 0 });
  };
  const first = await once();
  assert.deepEqual(told(first.outcomes), ['a returned']);
  await releaseDigest(cluster, newDigest, { by: 'ana', reason: 'mended', clock: systemClock });
  const writes = cluster.writes.length;
  assert.deepEqual(await once(), first);
  assert.deepEqual(cluster.writes.slice(writes), []);
});

test('no progress in time is a failure; each progress gives it its time anew', async (t) => {
  const cluster = createMemoryCluster();
  t.after(() => cluster.close());
  await cluster.create(workloadKinds.StatefulSet, settled('StatefulSet', 'db'));
  let now = Date.parse('2026-11-27T12:00:00Z');
  const clock: Clock = { now: () => new Date(now) };
  const status = async (patch: object) => {
    const object = (await cluster.get(workloadKinds.StatefulSet, 'db', 'shop'))!;
    const { generation: observedGeneration } = object.metadata;
    await cluster.replace(workloadKinds.StatefulSet, {
      ...object,
      status: { ...(object.status as object), observedGeneration, ...patch },
    });
  };
  const going = [
    { updatedReplicas: 0, availableReplicas: 1, updateRevision: 'b' },
    { updatedReplicas: 1, availableReplicas: 1, updateRevision: 'b' },
  ];
  const plan = await planRollout(cluster, digestChange, { clock });
  const { outcomes } = await runRollout(plan, {
    by: 'ana',
    clock,
    patience: 10_000,
    async sleep(ms, signal) {
      // what was told before comes first: only a pause that nothing ends lets time pass
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      const object = (await cluster.get(workloadKinds.StatefulSet, 'db', 'shop'))!;
      if (recordOf(object)?.state === 'returning')
        await status({ updatedReplicas: 2, availableReplicas: 2, updateRevision: 'a' });
      else {
        const next = going.shift();
        if (next !== undefined) await status(next);
        now += ms;
      }
    },
  });
  assert.deepEqual(told(outcomes), ['db returned']);
  assert.match(outcomes[0]?.reason ?? '', /no progress in time: 1 of 2 updated, 1 available/);
  const { started, deadline } = recordOf((await cluster.get(workloadKinds.StatefulSet, 'db', 'shop'))!)!;
  // the first deadline, moved on by the progress; then as much for the way back
  assert.ok(Date.parse(deadline) - Date.parse(started) > 20_000, deadline);
});

test('a CronJob without a Job in time is unproven, not failed', async () => {
  const cluster = createMemoryCluster();
  await cluster.create(workloadKinds.CronJob, settled('CronJob', 'night'));
  let now = Date.parse('2026-11-27T12:00:00Z');
  const clock: Clock = { now: () => new Date(now) };
  const plan = await planRollout(cluster, digestChange, { clock });
  const { outcomes } = await runRollout(plan, {
    by: 'ana',
    clock,
    patience: 1000,
    async sleep(ms) {
      now += ms;
    },
  });
  assert.deepEqual(told(outcomes), ['night unproven']);
  assert.equal(holdsOf((await cluster.get(workloadKinds.CronJob, 'night', 'shop'))!).length, 0);
});

test('a test Job proves a CronJob, belongs to nobody, and is gone afterwards', async (t) => {
  const cluster = createMemoryCluster();
  await cluster.create(workloadKinds.CronJob, settled('CronJob', 'night'));
  const stop = new AbortController();
  t.after(() => stop.abort());
  const jobs: KubeObject[] = [];
  void (async () => {
    for await (const event of cluster.watch(workloadKinds.Job, {}, stop.signal)) {
      if (event.type !== 'added') continue;
      jobs.push(event.object);
      const status = { conditions: [{ type: 'Complete', status: 'True' }] };
      await cluster.replace(workloadKinds.Job, { ...event.object, status });
    }
  })();
  const plan = await planRollout(cluster, digestChange, { clock: systemClock });
  const { outcomes } = await runRollout(plan, { by: 'ana', sleep: never, testJob: true });
  assert.deepEqual(told(outcomes), ['night moved']);
  assert.equal(jobs.length, 1);
  assert.equal(jobs[0]?.metadata.ownerReferences, undefined);
  assert.equal(imagesOf(jobs[0], workloadKinds.Job).images[0]?.image, newImage);
  assert.deepEqual(await cluster.list(workloadKinds.Job), []);
});

test('an API server that is away at the deadline decides nothing', async (t) => {
  const cluster = await yardOf(t, ['a']);
  let now = Date.parse('2026-11-27T12:00:00Z');
  const clock: Clock = { now: () => new Date(now) };
  const away = new KubeFault('api-server-failed', 'away');
  cluster.watch = (_, options, signal) =>
    (async function* () {
      options.problem?.(away);
      await never(0, signal).catch(() => {});
      yield* [];
    })();
  const plan = await planRollout(cluster, digestChange, { clock });
  const going = runRollout(plan, {
    by: 'ana',
    clock,
    patience: 1000,
    async sleep(ms) {
      now += ms;
    },
  });
  await assert.rejects(going, { code: 'api-server-failed' });
  const object = await get(cluster);
  assert.deepEqual(
    [imageOf(object), recordOf(object)?.state, recordOf(object)?.from],
    [newImage, 'moving', oldDigest],
  );
});
