import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster } from '../../testing/memorycluster.ts';
import { KubeFault, type KubeObject, resources } from '../kube/index.ts';
import type { Pair } from './certificate.ts';
import { stateIn } from './certificatesecret.ts';
import { settling } from './rotate.ts';
import { createRotator, type RotatorNames } from './rotator.ts';

const names: RotatorNames = {
  namespace: 'seaworthy-system',
  secret: 'seaworthy-agent-tls',
  hosts: ['seaworthy-agent.seaworthy-system.svc'],
  validating: ['seaworthy-agent'],
  mutating: ['seaworthy-agent'],
};
const day = 86_400_000;

function webhooks(): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'seaworthy-agent' },
    webhooks: ['enforce', 'audit'].map((name) => ({
      name,
      clientConfig: { service: { name: 'seaworthy-agent' } },
      namespaceSelector: { matchLabels: { a: 'b' } },
    })),
  };
}

async function scene() {
  const cluster = createMemoryCluster();
  await cluster.create(resources.validatingWebhooks, webhooks());
  cluster.writes.length = 0;
  const time = { now: Date.parse('2026-11-27T10:00:00Z') };
  const served: Pair[] = [];
  const said: string[] = [];
  const replica = () =>
    createRotator({
      cluster,
      clock: { now: () => new Date(time.now) },
      names,
      onCertificate: (pair) => served.push(pair),
      onEvent: ({ text }) => said.push(text),
    });
  const bundles = async () => {
    const found = await cluster.get(resources.validatingWebhooks, 'seaworthy-agent');
    return (found as unknown as { webhooks: { clientConfig: { caBundle?: string } }[] }).webhooks.map(
      (item) => Buffer.from(item.clientConfig.caBundle ?? '', 'base64').toString(),
    );
  };
  const state = async () => stateIn(await cluster.get(resources.secrets, names.secret, names.namespace))!;
  return { cluster, time, served, said, replica, bundles, state };
}

describe('the rotator', () => {
  it('makes the Secret, fills every bundle and leaves the selectors alone', async () => {
    const { cluster, replica, bundles, state, served, said, time } = await scene();
    const rotator = replica();
    assert.equal(rotator.expiry(), undefined);
    assert.equal(await rotator.ensure(), time.now + 60 * day);
    const { authority, leaf } = await state();
    assert.deepEqual(await bundles(), [authority.cert, authority.cert]);
    assert.deepEqual(served, [leaf]);
    assert.deepEqual(rotator.expiry(), { leaf: time.now + 90 * day, authority: time.now + 365 * day });
    assert.deepEqual(said, ['certificates: made: there is none']);
    const found = await cluster.get(resources.validatingWebhooks, 'seaworthy-agent');
    assert.deepEqual(
      (found as unknown as { webhooks: { namespaceSelector: unknown }[] }).webhooks[0]?.namespaceSelector,
      {
        matchLabels: { a: 'b' },
      },
    );
    assert.deepEqual(cluster.writes, [
      'create secrets/seaworthy-agent-tls',
      'patch validatingwebhookconfigurations/seaworthy-agent',
    ]);
  });

  it('writes nothing and serves nothing anew while all is as it has to be', async () => {
    const { cluster, replica, served } = await scene();
    const rotator = replica();
    await rotator.ensure();
    cluster.writes.length = 0;
    await rotator.ensure();
    assert.deepEqual(cluster.writes, []);
    assert.equal(served.length, 1);
  });

  it('two replicas that start at once end with one and the same certificate', async () => {
    const { replica, served, state } = await scene();
    await Promise.all([replica().ensure(), replica().ensure(), replica().ensure()]);
    const { leaf } = await state();
    assert.deepEqual(served, [leaf, leaf, leaf]);
  });

  it('takes its Secret as it is when another replica wrote first', async () => {
    const { cluster, replica, served, state } = await scene();
    const [one, two] = [replica(), replica()];
    await one.ensure();
    await two.ensure();
    let raced = false;
    cluster.beforeWrite = (verb, { plural }) => {
      if (verb !== 'replace' || plural !== 'secrets' || raced) return;
      raced = true;
      throw new KubeFault('conflict', 'somebody was faster');
    };
    const before = await state();
    const secret = (await cluster.get(resources.secrets, names.secret, names.namespace))!;
    await cluster.delete(resources.secrets, names.secret, names.namespace);
    await cluster.create(resources.secrets, { ...secret, data: { 'tls.crt': 'AAAA' } });
    await one.ensure();
    assert.equal(raced, true);
    assert.match((await state()).authority.cert, /BEGIN CERTIFICATE/, 'what it publishes is in the Secret');
    await two.ensure();
    const after = await state();
    assert.notEqual(after.authority.cert, before.authority.cert);
    assert.deepEqual(served, [before.leaf, before.leaf], 'what is served stays until another is published');
  });

  it('writes a bundle that somebody emptied again', async () => {
    const { cluster, replica, bundles, state } = await scene();
    const rotator = replica();
    await rotator.ensure();
    await cluster.apply(resources.validatingWebhooks, webhooks());
    await rotator.ensure();
    const { authority } = await state();
    assert.deepEqual(await bundles(), [authority.cert, authority.cert]);
  });

  it('changes the authority without a moment at which a replica serves what no bundle holds', async () => {
    const { time, replica, bundles, served, state } = await scene();
    const [one, two] = [replica(), replica()];
    const check = async () => {
      const held = (await bundles())[0]!;
      const { previous, authority } = await state();
      for (const pem of [authority.cert, ...previous]) assert.ok(held.includes(pem));
    };
    await one.ensure();
    await two.ensure();
    for (let d = 0; d < 250; d += 10) {
      time.now += 10 * day;
      await one.ensure();
      await check();
      await two.ensure();
    }
    const { authority, previous, leaf } = await state();
    assert.equal(previous.length, 1, 'the authority changed');
    time.now += settling;
    await two.ensure();
    await one.ensure();
    const after = await state();
    assert.equal(after.authority.cert, authority.cert);
    assert.notEqual(after.leaf.cert, leaf.cert);
    assert.deepEqual(served.slice(-2), [after.leaf, after.leaf]);
  });

  it('serves what it has while the webhook configurations cannot be written, and says so', async () => {
    const { cluster, replica, served, state } = await scene();
    await replica().ensure();
    await cluster.apply(resources.validatingWebhooks, webhooks());
    cluster.beforeWrite = (verb) => {
      if (verb === 'patch') throw new KubeFault('forbidden', 'no such right');
    };
    served.length = 0;
    await assert.rejects(replica().ensure(), { code: 'forbidden' });
    assert.deepEqual(served, [(await state()).leaf]);
  });

  it('a Secret that is deleted is made anew beside what is served, and taken over once that is published', async () => {
    const { cluster, time, replica, bundles, served, state } = await scene();
    const [one, two] = [replica(), replica()];
    await one.ensure();
    await two.ensure();
    const before = await state();
    await cluster.delete(resources.secrets, names.secret, names.namespace);
    await Promise.all([one.ensure(), two.ensure()]);
    const beside = await state();
    assert.deepEqual(beside.leaf, before.leaf);
    assert.deepEqual(beside.previous, [before.authority.cert]);
    assert.equal((await bundles())[0], beside.authority.cert + before.authority.cert);
    assert.equal(served.length, 2);
    time.now += settling;
    await one.ensure();
    await two.ensure();
    const after = await state();
    assert.notEqual(after.leaf.cert, before.leaf.cert);
    assert.deepEqual(served.slice(2), [after.leaf, after.leaf]);
  });

  it('follows its Secret and the configurations until it is stopped', async () => {
    const { cluster, said, state, served } = await scene();
    const stop = new AbortController();
    let heard: (() => void) | undefined;
    const next = () => new Promise<void>((resolve) => (heard = resolve));
    const rotator = createRotator({
      cluster,
      clock: { now: () => new Date() },
      names,
      onCertificate: (pair) => served.push(pair),
      onEvent: ({ text }) => {
        said.push(text);
        heard?.();
      },
    });
    const first = next();
    const running = rotator.run(stop.signal);
    await first;
    const before = await state();
    const second = next();
    await cluster.delete(resources.secrets, names.secret, names.namespace);
    await second;
    assert.notEqual((await state()).authority.cert, before.authority.cert);
    stop.abort();
    await running;
    assert.equal(served.length, 1);
    assert.deepEqual(said, [
      'certificates: made: there is none',
      'certificates: made anew beside the one that is served: there is none',
    ]);
  });
});
