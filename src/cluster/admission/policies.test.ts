// Tests of the policy in force: resources as they change, an invalid one, a restart, exceptions and their approvers.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { fixedClock } from '../../core/index.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memorycluster.ts';
import { newKey } from '../../testing/yard.ts';
import { publicPem } from '../../trust/key/index.ts';
import { type KubeObject, resources } from '../kube/index.ts';
import type { InForce } from './admission.ts';
import { Policies } from './policies.ts';

const namespace = 'seaworthy-system';
const pem = publicPem(createPublicKey(newKey()));

function policyOf(spec: Record<string, unknown>, name = 'default'): KubeObject {
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name, namespace, generation: 1 },
    spec,
  };
}

const signed = {
  authorities: [{ name: 'build', key: { keys: [{ pem }] } }],
  rules: [
    { name: 'signed', signature: { by: ['build'] } },
    { name: 'digest', digest: 'required' },
  ],
};

function exceptionOf(name: string, spec: Record<string, unknown>): KubeObject {
  const usual = {
    rule: 'signed',
    images: ['x.example.com/a'],
    reason: 'r',
    author: 'ann',
    expires: '2099-01-01',
  };
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageException',
    metadata: { name, namespace, generation: 1 },
    spec: { ...usual, ...spec },
  };
}

function follow(
  context: TestContext,
  cluster: MemoryCluster,
  more: { mutation?: boolean; prepare?(inForce: InForce): Promise<void> } = {},
) {
  const aborter = new AbortController();
  const heard: InForce[] = [];
  const policies = new Policies({
    cluster,
    namespace,
    name: 'default',
    mutation: more.mutation ?? false,
    clock: fixedClock('2026-11-27T12:00:00Z'),
    prepare: more.prepare ?? (async () => {}),
    onChange: (inForce) => heard.push(inForce),
    problem: () => {},
  });
  const following = policies.follow(aborter.signal);
  context.after(async () => {
    aborter.abort();
    await following;
  });
  /** Until the state is of another kind than before. */
  const until = async (holds: () => boolean) => {
    for (let i = 0; !holds(); i++) {
      if (i > 1000) throw new Error(`never held: ${JSON.stringify(policies.state())}`);
      await new Promise<void>((resolve) => setImmediate(resolve));
      await policies.settled();
    }
  };
  return { policies, heard, until };
}

test('a policy comes into force, and another one after it; each is told in its status', async (context) => {
  const cluster = createMemoryCluster();
  await cluster.create(resources.imagePolicies, policyOf(signed));
  const { policies, heard, until } = follow(context, cluster);
  await until(() => policies.state()?.ready === true);
  assert.equal(policies.inForce()?.policy.rules.length, 2);
  await policies.publish();
  const [condition] = statusOf(await cluster.get(resources.imagePolicies, 'default', namespace));
  assert.deepEqual([condition?.status, condition?.reason], ['True', 'InForce']);
  await cluster.patch(resources.imagePolicies, 'default', namespace, {
    type: 'merge',
    body: { spec: { registries: ['x.example.com/**'] } },
  });
  await until(() => heard.length === 2);
  assert.deepEqual(policies.inForce()?.policy.registries, ['x.example.com/**']);
});

test('an invalid policy never replaces a valid one, and its status says what is wrong', async (context) => {
  const cluster = createMemoryCluster();
  await cluster.create(resources.imagePolicies, policyOf(signed));
  const { policies, until } = follow(context, cluster);
  await until(() => policies.state()?.ready === true);
  const hash = policies.inForce()?.policy.hash;
  await cluster.patch(resources.imagePolicies, 'default', namespace, {
    type: 'merge',
    body: { spec: { rules: [{ name: 'x', sginature: {} }] } },
  });
  await until(() => policies.state()?.reason === 'Invalid');
  assert.equal(policies.inForce()?.policy.hash, hash);
  await policies.publish();
  const [condition] = statusOf(await cluster.get(resources.imagePolicies, 'default', namespace));
  assert.match(condition?.message ?? '', /sginature.*stays in force/s);
  await cluster.delete(resources.imagePolicies, 'default', namespace);
  await until(() => policies.state()?.reason === 'Missing');
  assert.equal(policies.inForce()?.policy.hash, hash, 'nor does its absence');
});

test('after a restart with an invalid policy the last valid one is in force again', async (context) => {
  const cluster = createMemoryCluster();
  await cluster.create(resources.imagePolicies, policyOf(signed));
  const first = follow(context, cluster);
  await first.until(() => first.policies.state()?.ready === true);
  await first.policies.publish();
  await cluster.patch(resources.imagePolicies, 'default', namespace, {
    type: 'merge',
    body: { spec: { rules: 7 } },
  });
  const second = follow(context, cluster);
  await second.until(() => second.policies.state()?.reason === 'Invalid');
  assert.equal(second.policies.inForce()?.policy.hash, first.heard[0]?.policy.hash);
});

test('a policy that cannot have its trust roots is not in force, and the one before stays', async (context) => {
  const { PolicyFault } = await import('../../trust/policy/index.ts');
  const cluster = createMemoryCluster();
  await cluster.create(resources.imagePolicies, policyOf(signed));
  const prepare = async ({ policy }: InForce) => {
    if (policy.registries.length > 0) throw new PolicyFault('azure-regex-refused', 'no root');
  };
  const { policies, until } = follow(context, cluster, { prepare });
  await until(() => policies.state()?.ready === true);
  await cluster.patch(resources.imagePolicies, 'default', namespace, {
    type: 'merge',
    body: { spec: { registries: ['x.example.com/**'] } },
  });
  await until(() => policies.state()?.reason === 'TrustRootsMissing');
  assert.deepEqual(policies.inForce()?.policy.registries, []);
});

test('without mutation a policy about evidence has to ask for digests itself; names of files are refused', async (context) => {
  const rules = [{ name: 'signed', signature: { by: ['build'] } }];
  for (const mutation of [false, true]) {
    const cluster = createMemoryCluster();
    await cluster.create(resources.imagePolicies, policyOf({ ...signed, rules }));
    const { policies, until } = follow(context, cluster, { mutation });
    await until(() => policies.state() !== undefined);
    assert.equal(policies.state()?.ready, mutation);
    if (!mutation) assert.match(policies.state()?.message ?? '', /digest: required/);
  }
  const cluster = createMemoryCluster();
  await cluster.create(
    resources.imagePolicies,
    policyOf({ ...signed, authorities: [{ name: 'build', key: { keys: [{ file: 'x.pub' }] } }] }),
  );
  const { policies, until } = follow(context, cluster);
  await until(() => policies.state() !== undefined);
  assert.match(policies.state()?.message ?? '', /names no files/);
});

test('exceptions are part of the hashed policy; those without the approver that the policy asks for do not count', async (context) => {
  const cluster = createMemoryCluster();
  await cluster.create(resources.imagePolicies, policyOf({ ...signed, exceptionsNeedApprover: true }));
  const { policies, heard, until } = follow(context, cluster);
  await until(() => policies.state()?.ready === true);
  await cluster.create(resources.imageExceptions, exceptionOf('alone', {}));
  await cluster.create(resources.imageExceptions, exceptionOf('own', { approver: 'ann' }));
  await cluster.create(resources.imageExceptions, exceptionOf('norule', { rule: 'other', approver: 'bob' }));
  await until(() => policies.state()?.ignored.length === 3);
  assert.deepEqual(policies.inForce()?.policy.exceptions, []);
  await cluster.create(resources.imageExceptions, exceptionOf('approved', { approver: 'bob' }));
  await until(() => policies.state()?.counted.length === 1);
  assert.equal(policies.inForce()?.policy.exceptions[0]?.author, 'ann');
  assert.notEqual(heard.at(-1)?.policy.hash, heard[0]?.policy.hash);
  assert.equal(
    heard.at(-1)?.policy.rulesHash,
    heard[0]?.policy.rulesHash,
    'no summary of the fleet is invalidated',
  );
  await policies.publish();
  const [alone] = statusOf(await cluster.get(resources.imageExceptions, 'alone', namespace));
  assert.match(alone?.message ?? '', /another person sets spec.approver/);
  const [approved] = statusOf(await cluster.get(resources.imageExceptions, 'approved', namespace));
  assert.equal(approved?.status, 'True');
});

function statusOf(object: KubeObject | undefined): { status: string; reason: string; message: string }[] {
  return (
    (object?.status as { conditions?: { status: string; reason: string; message: string }[] } | undefined)
      ?.conditions ?? []
  );
}
