// Tests of the admission: each way an image comes in, each reason it is refused for, and what stays admitted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeImage } from '../../testing/images.ts';
import { type AdmissionAround, admissionFor, deploymentOf, podOf, requestOf } from '../../testing/reviews.ts';
import { newKey, openYard, policyWith } from '../../testing/yard.ts';
import type { Decision } from './admission.ts';

const key = newKey();
const signed = { rules: [{ name: 'signed', signature: { by: ['build'] } }] };
const long = () => AbortSignal.timeout(30_000);
const replicaSetController = 'system:serviceaccount:kube-system:replicaset-controller';

async function yardWith(context: Parameters<typeof openYard>[0], spec: Record<string, unknown> = signed) {
  const yard = await openYard(context);
  const policy = await policyWith({ build: key }, { registries: [`${yard.host}/team/**`], ...spec });
  const good = await yard.push('team/good', [makeImage({ labels: { a: 'good' } })]);
  await yard.sign(good, key);
  const bad = await yard.push('team/bad', [makeImage({ labels: { a: 'bad' } })]);
  const names = {
    good: `${yard.host}/team/good:v1@${good.digest}`,
    bad: `${yard.host}/team/bad:v1@${bad.digest}`,
    goodTag: `${yard.host}/team/good:v1`,
  };
  const admit = (around: AdmissionAround = {}) => admissionFor(yard, policy, around);
  return { yard, policy, good, bad, names, admit };
}

function said({ allowed, message = '' }: Decision): string {
  return allowed ? 'admitted' : message;
}

test('a pod with a signed image is admitted; one unsigned, foreign, or both is refused, each for its own reason', async (context) => {
  const { names, admit } = await yardWith(context);
  const admission = admit();
  const review = async (image: string) => said(await admission.review(requestOf(podOf(image)), true, long()));
  assert.equal(await review(names.good), 'admitted');
  assert.match(await review(names.bad), /signed: no signature/);
  assert.match(await review('docker.io/library/nginx:1'), /spec.registries: docker.io\/library\/nginx/);
  assert.match(await review('169.254.169.254/latest/meta-data:1'), /spec.registries/);
});

test('every place of every kind is judged: one bad image anywhere refuses the whole', async (context) => {
  const { names, admit } = await yardWith(context);
  const admission = admit();
  const good = { name: 'web', image: names.good };
  const places: Record<string, unknown>[] = [
    { containers: [good, { name: 'x', image: names.bad }] },
    { containers: [good], initContainers: [{ name: 'x', image: names.bad }] },
    { containers: [good], initContainers: [{ name: 'x', image: names.bad, restartPolicy: 'Always' }] },
    { containers: [good], ephemeralContainers: [{ name: 'x', image: names.bad }] },
    { containers: [good], volumes: [{ name: 'x', image: { reference: names.bad } }] },
  ];
  const template = (spec: unknown) => ({ spec: { template: { spec } } });
  const kinds: [string, string, (spec: unknown) => object][] = [
    ['v1', 'Pod', (spec) => ({ spec })],
    ['v1', 'ReplicationController', template],
    ['v1', 'PodTemplate', (spec) => ({ template: { spec } })],
    ['apps/v1', 'ReplicaSet', template],
    ['apps/v1', 'Deployment', template],
    ['apps/v1', 'StatefulSet', template],
    ['apps/v1', 'DaemonSet', template],
    ['batch/v1', 'Job', template],
    ['batch/v1', 'CronJob', (spec) => ({ spec: { jobTemplate: { spec: { template: { spec } } } } })],
  ];
  for (const [apiVersion, kind, shape] of kinds)
    for (const spec of places) {
      const object = { apiVersion, kind, metadata: { name: 'x' }, ...shape(spec) };
      const refused = await admission.review(requestOf(object), true, long());
      assert.match(said(refused), /refuses 1 of 2 images/, `${kind} ${JSON.stringify(spec)}`);
      const fine = { apiVersion, kind, metadata: { name: 'x' }, ...shape({ containers: [good] }) };
      assert.equal(said(await admission.review(requestOf(fine), true, long())), 'admitted', kind);
    }
});

test('an update answers for the images it brings, whatever else it does and whatever else is there', async (context) => {
  const { names, admit } = await yardWith(context);
  const admission = admit();
  const old = deploymentOf(names.bad);
  const review = async (object: Record<string, unknown>, before: unknown) =>
    said(await admission.review(requestOf(object, { old: before }), true, long()));
  assert.equal(
    await review({ ...old, spec: { ...(old.spec as object), replicas: 5 } }, old),
    'admitted',
    'scaled',
  );
  assert.match(await review(deploymentOf(names.bad), deploymentOf(names.good)), /no signature/);
  const dying = deploymentOf(names.bad, { deletionTimestamp: '2026-11-27T00:00:00Z' });
  assert.match(await review(dying, deploymentOf(names.good)), /no signature/, 'CVE-2023-34091');
  assert.match(await review(deploymentOf(names.bad), null), /no signature/, 'without what it was before');
});

test('an ephemeral container is judged when it is added to a pod that runs', async (context) => {
  const { names, admit } = await yardWith(context);
  const old = podOf(names.good);
  const debug = podOf(names.good, { ephemeralContainers: [{ name: 'debugger', image: names.bad }] });
  const asked = { old, subResource: 'ephemeralcontainers' };
  const decision = await admit().review(requestOf(debug, asked), true, long());
  assert.match(said(decision), /ephemeral debugger/);
});

test('a mirror pod is only told of, but for a kubelet alone: its annotation in other hands proves nothing', async (context) => {
  const { names, admit } = await yardWith(context);
  const mirror = podOf(names.bad, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } });
  const kubelet = { user: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const admission = admit();
  const told = await admission.review(requestOf(mirror, kubelet), true, long());
  assert.deepEqual([told.allowed, told.outcome], [true, 'audit']);
  assert.match(told.annotations['images'] ?? '', /deny .*no signature/);
  for (const asked of [{}, { user: 'system:node:n1' }, { groups: ['system:nodes'] }])
    assert.equal(
      (await admission.review(requestOf(mirror, asked), true, long())).allowed,
      false,
      JSON.stringify(asked),
    );
  const plain = await admission.review(requestOf(podOf(names.bad), kubelet), true, long());
  assert.equal(plain.allowed, false, 'a kubelet makes no other pods');
});

test('in a namespace that does not enforce everything is let through and told', async (context) => {
  const { names, admit } = await yardWith(context);
  const decision = await admit().review(requestOf(podOf(names.bad)), false, long());
  assert.deepEqual([decision.allowed, decision.warnings], [true, []]);
  assert.match(decision.annotations['images'] ?? '', /no signature/);
});

test('without a policy nothing is allowed where one is enforced', async (context) => {
  const yard = await openYard(context);
  const admission = admissionFor(yard, undefined);
  const request = requestOf(podOf('x.example.com/a:1'));
  assert.match(said(await admission.review(request, true, long())), /no policy is in force/);
  assert.equal((await admission.review(request, false, long())).allowed, true);
});

test('where evidence is enforced a pod named by a tag is refused with the digest to write', async (context) => {
  const { names, admit, good } = await yardWith(context);
  const decision = await admit().review(requestOf(podOf(names.goodTag)), true, long());
  assert.match(said(decision).replace(/\s+/g, ''), new RegExp(`write.*${good.digest}`));
});

test('with mutation a pod gets the digest put in, a template does not and its tag is judged and let through', async (context) => {
  const { names, admit, good } = await yardWith(context);
  const admission = admit({ mutation: true });
  const pod = await admission.mutate(requestOf(podOf(names.goodTag)), long());
  assert.deepEqual(pod.patch, [
    { op: 'test', path: '/spec/containers/0/image', value: names.goodTag },
    { op: 'replace', path: '/spec/containers/0/image', value: `${names.goodTag}@${good.digest}` },
  ]);
  const template = requestOf(deploymentOf(names.goodTag));
  assert.equal((await admission.mutate(template, long())).patch, undefined);
  const decision = await admission.review(template, true, long());
  assert.equal(decision.allowed, true);
  assert.match(decision.warnings.join('\n'), /is a tag, now sha256:/);
});

test('with mutation a tag that cannot be resolved stays, and a warning says why', async (context) => {
  const { yard, admit } = await yardWith(context);
  const gone = `${yard.host}/team/gone:v1`;
  const twice = podOf(gone, { containers: [gone, gone].map((image) => ({ name: 'x', image })) });
  const decision = await admit({ mutation: true }).mutate(requestOf(twice), long());
  assert.deepEqual(decision.patch, []);
  assert.equal(decision.warnings.length, 1);
  assert.match(decision.warnings[0]!, /^undecided \(image-not-found\): what \S+\/team\/gone:v1 stands for: /);
});

test('with mutation a template whose tag stands for an unsigned image is refused all the same', async (context) => {
  const { yard, admit } = await yardWith(context);
  const decision = await admit({ mutation: true }).review(
    requestOf(deploymentOf(`${yard.host}/team/bad:v1`)),
    true,
    long(),
  );
  assert.match(said(decision), /no signature/);
});

test('a tag that moves after the mutation changes nothing: the digest that was put in is what is judged', async (context) => {
  const { yard, admit, names, good } = await yardWith(context);
  const admission = admit({ mutation: true });
  const { patch } = await admission.mutate(requestOf(podOf(names.goodTag)), long());
  await yard.push('team/good', [makeImage({ labels: { a: 'evil' } })], 'v1');
  const pinned = String(patch?.at(-1)?.value);
  assert.ok(pinned.endsWith(good.digest));
  assert.equal((await admission.review(requestOf(podOf(pinned)), true, long())).allowed, true);
  const unmutated = await admission.review(requestOf(podOf(names.goodTag)), true, long());
  assert.equal(unmutated.allowed, false, 'a pod that came past the mutation');
});

test('a pod that its controller makes again for a workload that ran the digest comes back with a warning', async (context) => {
  const { names, admit, bad } = await yardWith(context);
  const owner = (kind: string, uid: string, apiVersion = 'apps/v1') => [
    { apiVersion, kind, name: 'web', uid, controller: true },
  ];
  const deployment = deploymentOf(names.bad);
  const replicaSet = {
    ...deployment,
    kind: 'ReplicaSet',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid-rs',
      ownerReferences: owner('Deployment', 'uid-web'),
    },
  };
  const ran = { 'uid-web': [{ use: 'container/web', image: names.bad, digest: bad.digest }] };
  const pod = requestOf(podOf(names.bad, { metadata: { ownerReferences: owner('ReplicaSet', 'uid-rs') } }), {
    user: replicaSetController,
  });
  const review = (around: AdmissionAround, request = pod) => admit(around).review(request, true, long());

  const back = await review({ ran, owners: [deployment, replicaSet] });
  assert.deepEqual([back.allowed, back.outcome], [true, 'kept']);
  assert.match(back.warnings.join('\n'), /would be refused today/);

  const forged = requestOf(
    podOf(names.bad, { metadata: { ownerReferences: owner('ReplicaSet', 'uid-rs') } }),
  );
  assert.equal(
    (await review({ ran, owners: [deployment, replicaSet] }, forged)).allowed,
    false,
    'by somebody else',
  );
  assert.equal((await review({ ran, owners: [deployment] })).allowed, false, 'by an owner that is not there');
  assert.equal((await review({ ran: {}, owners: [deployment, replicaSet] })).allowed, false, 'never ran');
  const other = {
    'uid-web': [{ use: 'container/web', image: names.bad, digest: `sha256:${'0'.repeat(64)}` }],
  };
  assert.equal(
    (await review({ ran: other, owners: [deployment, replicaSet] })).allowed,
    false,
    'ran another digest',
  );
  const changed = deploymentOf(names.good);
  assert.equal((await review({ ran, owners: [changed, replicaSet] })).allowed, false, 'its template changed');
  const otherContainer = { 'uid-web': [{ use: 'container/side', image: names.bad, digest: bad.digest }] };
  assert.equal((await review({ ran: otherContainer, owners: [deployment, replicaSet] })).allowed, false);
});

test('a ReplicaSet that its Deployment’s controller makes for an unchanged image comes with a warning, anybody else’s does not', async (context) => {
  const { names, admit, bad } = await yardWith(context);
  const deployment = deploymentOf(names.bad);
  const around = {
    ran: { 'uid-web': [{ use: 'container/web', image: names.bad, digest: bad.digest }] },
    owners: [deployment],
  };
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true },
  ];
  const replicaSet = { ...deploymentOf(names.bad, { ownerReferences, uid: 'uid-rs' }), kind: 'ReplicaSet' };
  const review = async (user: string, object: Record<string, unknown> = replicaSet) =>
    (await admit(around).review(requestOf(object, { user }), true, long())).allowed;
  assert.equal(await review('system:serviceaccount:kube-system:deployment-controller'), true);
  assert.equal(await review('system:kube-controller-manager'), true);
  assert.equal(await review('dev@example.com'), false);
  assert.equal(
    await review('system:serviceaccount:shop:deployment-controller'),
    false,
    'of another namespace',
  );
});

test('a revoked digest does not come back, whatever ran it', async (context) => {
  const { names, yard, bad } = await yardWith(context);
  const policy = await policyWith(
    { build: key },
    { ...signed, revocations: [{ digest: bad.digest, reason: 'stolen', author: 'sec@example.com' }] },
  );
  const deployment = deploymentOf(names.bad);
  const around = {
    ran: { 'uid-web': [{ use: 'container/web', image: names.bad, digest: bad.digest }] },
    owners: [deployment],
  };
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true },
  ];
  const request = requestOf(podOf(names.bad, { metadata: { ownerReferences } }), {
    user: replicaSetController,
  });
  const decision = await admissionFor(yard, policy, around).review(request, true, long());
  assert.match(said(decision), /revoked by sec@example.com/);
});

test('a registry that hangs is undecided within the time there is, and admitted once it answers', async (context) => {
  const { yard, names, admit } = await yardWith(context);
  const admission = admit();
  let free = () => {};
  const held = new Promise<void>((resolve) => (free = resolve));
  yard.meddle(async () => {
    await held;
  });
  const aborter = new AbortController();
  const asked = admission.review(requestOf(podOf(names.good)), true, aborter.signal);
  aborter.abort();
  const late = await asked;
  assert.deepEqual([late.allowed, late.outcome], [false, 'undecided']);
  assert.match(said(late), /not-in-time/);
  free();
  yard.meddle(undefined);
  assert.equal((await admission.review(requestOf(podOf(names.good)), true, long())).allowed, true);
});

test('a registry that is gone takes no verdict away that was made, and gives none that was not', async (context) => {
  const { yard, names, admit } = await yardWith(context);
  const admission = admit();
  assert.equal((await admission.review(requestOf(podOf(names.good)), true, long())).allowed, true);
  yard.meddle((_request, reply) => reply.code(503).send());
  assert.equal((await admission.review(requestOf(podOf(names.good)), true, long())).allowed, true);
  assert.match(
    said(await admission.review(requestOf(podOf(names.bad)), true, long())),
    /registry-failed|undecided/,
  );
});

test('a thousand containers of one image cost one verification, and the answer fits a screen', async (context) => {
  const { yard, names, admit } = await yardWith(context);
  const containers = (image: (i: number) => string) =>
    Array.from({ length: 1000 }, (_, i) => ({ name: `c${i}`, image: image(i) }));
  yard.requests.length = 0;
  const admission = admit();
  const pod = podOf(names.good, { containers: containers(() => names.good) });
  assert.equal((await admission.review(requestOf(pod), true, long())).allowed, true);
  assert.ok(yard.requests.length <= 8, yard.requests.join('\n'));
  const strangers = podOf('', {
    containers: containers((i) => `evil.example.com/${'x'.repeat(120)}/a${i}:1`),
  });
  const message = said(await admission.review(requestOf(strangers), true, long()));
  assert.match(message, /refuses 1000 of 1000 images/);
  assert.ok(message.split('\n').length <= 24, message);
  assert.ok(
    message.split('\n').every((line) => line.length <= 100),
    message,
  );
});

test('image texts of every odd shape are refused, never let through and never a bug', async (context) => {
  const { yard, admit, names } = await yardWith(context);
  const admission = admit();
  for (const image of [
    ' ',
    ':',
    '@',
    'a@b',
    `${names.good} `,
    names.good.toUpperCase(),
    `${yard.host}/team/good@sha256:short`,
    `${yard.host}/team/good:v1@sha512:${'0'.repeat(128)}`,
    `${yard.host}//team/good:v1`,
    `${yard.host}/team/../team/good:v1`,
    `https://${yard.host}/team/good:v1`,
    `evil.example.com/${names.good}`,
    `${yard.host}/team/good:v1@sha256:${'0'.repeat(64)}`,
    'x'.repeat(5000),
    '\u0000',
    'ｎｇｉｎｘ',
    '[::1]:5000/a',
  ]) {
    const decision = await admission.review(requestOf(podOf(image)), true, long());
    assert.equal(decision.allowed, false, JSON.stringify(image));
    assert.ok(!said(decision).includes('internal-error'), said(decision));
  }
});

test('an exception that lets an image past is said aloud to who asks and to the audit log', async (context) => {
  const { yard, names } = await yardWith(context);
  const exception = { rule: 'signed', images: [`${yard.host}/team/bad`], labels: { namespace: 'shop' } };
  const policy = await policyWith(
    { build: key },
    {
      ...signed,
      exceptions: [{ ...exception, reason: 'by hand', author: 'ops@example.com', expires: '2099-12-31' }],
    },
  );
  const admission = admissionFor(yard, policy);
  const decision = await admission.review(requestOf(podOf(names.bad)), true, long());
  assert.equal(said(decision), 'admitted');
  assert.match(
    decision.warnings.join('\n'),
    /signed let past by ops@example.com through 2099-12-31: by hand/,
  );
  assert.match(decision.annotations['exceptions'] ?? '', /signed for .* by ops@example.com/);
  const elsewhere = requestOf(podOf(names.bad), { namespace: 'other' });
  assert.equal((await admission.review(elsewhere, true, long())).allowed, false, 'its namespace is another');
});
