// A preview of a policy: what it would refuse of what runs, and where it differs from the one in force.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../core/index.ts';
import { makeImage } from '../testing/images.ts';
import { createMemoryCluster } from '../testing/memorycluster.ts';
import { nodeOf, podOf } from '../testing/pods.ts';
import { admissionFor, requestOf, podOf as reviewedPod } from '../testing/reviews.ts';
import { newKey, openYard, policyWith, type Yard } from '../testing/yard.ts';
import type { ImagePolicy } from '../trust/index.ts';
import { type Cluster, enforceLabel, resources } from './kube/index.ts';
import { isRefused, type PreviewOptions, previewNamespace, previewPolicy } from './preview.ts';
import { previewJson } from './previewjson.ts';
import { formatPreview } from './previewtable.ts';
import { policyOfFile } from './statuspolicy.ts';
import { workloadKinds } from './workload/index.ts';

const key = newKey();

async function setting(context: TestContext) {
  const yard = await openYard(context);
  const signed = await yard.push('team/signed', [makeImage()]);
  const unsigned = await yard.push('team/unsigned', [makeImage({ labels: { x: 'y' } })]);
  await yard.sign(signed, key);
  const cluster = createMemoryCluster();
  await cluster.create(resources.nodes, nodeOf('node1'));
  for (const [name, labels] of [
    ['shop', { [enforceLabel]: 'true', tier: 'gold' }],
    ['lab', {}],
  ] as const)
    await cluster.create(resources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  for (const namespace of ['shop', 'lab'])
    for (const [name, { digest }] of Object.entries({ signed, unsigned })) {
      const image = `${yard.host}/team/${name}`;
      const pod = podOf(name, {
        namespace,
        containers: [{ image: `${image}:v1`, imageID: `${image}@${digest}` }],
      });
      await cluster.create(workloadKinds.Pod, pod);
    }
  return { yard, cluster };
}

const policies = {
  open: (yard: Yard) => policyWith({}, { rules: [{ name: 'ours', registries: [`${yard.host}/**`] }] }),
  signed: () => policyWith({ build: key }, { rules: [{ name: 'signed', signature: { by: ['build'] } }] }),
  gold: () =>
    policyWith(
      { build: key },
      { rules: [{ name: 'signed', signature: { by: ['build'] }, labels: { tier: 'gold' } }] },
    ),
};

function preview(
  yard: Yard,
  cluster: Cluster,
  policy: ImagePolicy,
  before?: ImagePolicy,
  more: Partial<PreviewOptions> = {},
) {
  return previewPolicy(cluster, {
    home: yard.home,
    http: yard.http,
    clock: systemClock,
    env: {},
    policy: { policy, from: 'policy.yaml' },
    ...(before === undefined ? {} : { before: { policy: before, from: 'imagepolicy/production' } }),
    ...more,
  });
}

test('every workload that a policy would refuse, newly or as before, and where it is enforced', async (context) => {
  const { yard, cluster } = await setting(context);
  const found = await preview(yard, cluster, await policies.signed(), await policies.open(yard));
  assert.deepEqual(
    found.rows.map(({ namespace, workload, enforced, verdict, before }) => [
      namespace,
      workload.name,
      enforced,
      isRefused(before),
      isRefused(verdict),
    ]),
    [
      ['lab', 'signed', false, false, false],
      ['lab', 'unsigned', false, false, true],
      ['shop', 'signed', true, false, false],
      ['shop', 'unsigned', true, false, true],
    ],
  );
  assert.deepEqual(found.enforcing, ['shop']);
  const text = formatPreview(found, { columns: 100, colour: false });
  assert.match(text, /would refuse 2 containers of 4, 1 of them where it is enforced/);
  assert.match(text, /2 newly refused, 0 newly admitted/);
  assert.match(text, /\n {4}shop\/Pod\/unsigned main\n[\s\S]*\n {4}not enforced: lab\/Pod\/unsigned main\n/);
  assert.match(text, /✗ signed: no signature/);
  assert.ok(
    text.split('\n').every((line) => line.length <= 100),
    text,
  );
  const back = await preview(yard, cluster, await policies.open(yard), await policies.signed());
  assert.match(formatPreview(back, { columns: 100, colour: false }), /0 newly refused, 2 newly admitted/);
  const document = JSON.parse(previewJson(back));
  assert.deepEqual(
    document.workloads.map((row: { refused: boolean; refusedBefore: boolean }) => [
      row.refused,
      row.refusedBefore,
    ]),
    [
      [false, false],
      [false, true],
      [false, false],
      [false, true],
    ],
  );
});

test('one namespace is previewed alone, with its own labels', async (context) => {
  const { yard, cluster } = await setting(context);
  const policy = { policy: await policies.gold(), from: 'imagepolicy/production' };
  const options = { home: yard.home, http: yard.http, clock: systemClock, env: {}, policy };
  const says = async (namespace: string) =>
    (await previewNamespace(cluster, namespace, options)).rows.map(
      ({ workload, verdict }) => `${workload.name} ${verdict.decision}`,
    );
  assert.deepEqual(await says('shop'), ['signed allow', 'unsigned deny']);
  assert.deepEqual(await says('lab'), ['signed undecided', 'unsigned undecided'], 'no rule is for it');
});

test('a registry that is away leaves its images refused and named', async (context) => {
  const { yard, cluster } = await setting(context);
  yard.meddle((_request, reply) => reply.code(500).send());
  const found = await preview(yard, cluster, await policies.signed());
  assert.ok(found.rows.every(({ verdict }) => verdict.problem?.code === 'registry-failed'));
  assert.match(formatPreview(found, { columns: 100, colour: false }), /would refuse 4 containers of 4/);
});

test('the same question is asked once, for any number of pods', async (context) => {
  const { yard, cluster } = await setting(context);
  const policy = await policies.signed();
  yard.requests.length = 0;
  await preview(yard, cluster, policy);
  const few = yard.requests.length;
  const pods = await cluster.list(workloadKinds.Pod);
  for (let at = 0; at < 50; at++)
    for (const pod of pods)
      await cluster.create(workloadKinds.Pod, {
        ...pod,
        metadata: { ...pod.metadata, name: `${pod.metadata.name}-${at}` },
      });
  yard.requests.length = 0;
  const found = await preview(yard, cluster, policy);
  assert.equal(found.rows.length, 204);
  assert.equal(yard.requests.length, few);
});

test('a tag is refused where no digest is put in, as the agent refuses it', async (context) => {
  const { yard, cluster } = await setting(context);
  const policy = await policies.signed();
  const says = async () =>
    (await preview(yard, cluster, policy, undefined, { namespaces: ['shop'] })).rows.map(({ verdict }) =>
      verdict.failing.map(({ code }) => code).join(),
    );
  assert.deepEqual(await says(), ['', 'signature-missing']);
  await cluster.create(resources.validatingWebhooks, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'seaworthy-agent' },
  });
  assert.deepEqual(await says(), ['tag-given', 'signature-missing,tag-given']);
});

test('a policy from a file counts with the exceptions that are in the cluster', async (context) => {
  const { yard, cluster } = await setting(context);
  const exception = {
    rule: 'signed',
    images: [`${yard.host}/team/unsigned`],
    reason: 'r',
    author: 'ops',
    expires: '2999-12-31',
  };
  await cluster.create(resources.imageExceptions, {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageException',
    metadata: { name: 'migration', namespace: 'seaworthy-system' },
    spec: exception,
  });
  await cluster.create(resources.imageExceptions, {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageException',
    metadata: { name: 'other', namespace: 'seaworthy-system' },
    spec: { ...exception, rule: 'no-such-rule' },
  });
  const text = JSON.stringify({
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'production' },
    spec: {
      authorities: [{ name: 'build', key: { keys: [{ file: 'build.pub' }] } }],
      rules: [{ name: 'signed', signature: { by: ['build'] } }],
    },
  });
  const { createPublicKey } = await import('node:crypto');
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const { policy, notes } = await policyOfFile(cluster, text, 'policy.yaml', () => pem);
  const found = await preview(yard, cluster, policy);
  assert.deepEqual(
    found.rows.map(({ verdict }) => verdict.decision),
    ['allow', 'allow', 'allow', 'allow'],
  );
  assert.match(notes.join(), /exception other does not count: .*no-such-rule/);
});

test('a preview and the agent’s own admission agree on every policy, image and way of naming it', async (context) => {
  const yard = await openYard(context);
  const cluster = createMemoryCluster();
  await cluster.create(resources.nodes, nodeOf('node1'));
  const labels = { tier: 'gold' };
  await cluster.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels },
  });
  // the agent is there, and puts no digests in
  await cluster.create(resources.validatingWebhooks, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'seaworthy-agent' },
  });
  const names: Record<string, string> = {};
  for (const [name, signs] of [
    ['signed', key],
    ['stranger', newKey()],
    ['unsigned', undefined],
  ] as const) {
    const image = await yard.push(`team/${name}`, [makeImage({ labels: { name } })]);
    if (signs !== undefined) await yard.sign(image, signs);
    const tag = `${yard.host}/team/${name}:v1`;
    for (const [way, text] of [
      ['tag', tag],
      ['digest', `${tag}@${image.digest}`],
    ] as const) {
      names[`${name}-${way}`] = text;
      const imageID = `${yard.host}/team/${name}@${image.digest}`;
      await cluster.create(
        workloadKinds.Pod,
        podOf(`${name}-${way}`, { containers: [{ image: text, imageID }] }),
      );
    }
  }
  const rule = (more: object) => ({ name: 'r', ...more });
  const signature = { by: ['build'] };
  const exception = {
    rule: 'r',
    images: [`${yard.host}/team/unsigned`],
    reason: 'r',
    author: 'a',
    expires: '2999-01-01',
  };
  const specs: object[] = [
    {},
    { rules: [rule({ registries: [`${yard.host}/**`] })] },
    { rules: [rule({ registries: ['registry.example.com/**'] })] },
    { rules: [rule({ registries: ['registry.example.com/**'], mode: 'warn' })] },
    { rules: [rule({ signature })] },
    { rules: [rule({ signature, mode: 'audit' })] },
    { rules: [rule({ signature, labels: { tier: 'gold' } })] },
    { rules: [rule({ signature, labels: { tier: 'lead' } })] },
    { rules: [rule({ signature, images: [`${yard.host}/team/signed`] })] },
    { rules: [rule({ signature })], exceptions: [exception] },
    { rules: [rule({ digest: 'required' })] },
    { registries: ['registry.example.com/**'], rules: [rule({ signature })] },
    { rules: [rule({ attestation: { type: 'slsaprovenance', by: ['build'] } })] },
    { rules: [rule({ age: { max: '7d' } })] },
  ];
  let refusals = 0;
  for (const spec of specs) {
    const policy = await policyWith({ build: key }, spec as Record<string, unknown>);
    const admission = admissionFor(yard, policy, { labels });
    const found = await preview(yard, cluster, policy);
    for (const { workload, verdict } of found.rows) {
      const request = requestOf(reviewedPod(names[workload.name]!));
      const { allowed, message } = await admission.review(request, true, AbortSignal.timeout(10_000));
      assert.equal(isRefused(verdict), !allowed, `${JSON.stringify(spec)} ${workload.name}: ${message}`);
      if (!allowed) refusals++;
    }
  }
  assert.ok(refusals > 20 && refusals < specs.length * 6 - 20, `${refusals} refusals`);
});
