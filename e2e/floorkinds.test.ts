import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { floorPolicy } from '../src/cluster/admission/floor.ts';
import { parsePolicy } from '../src/trust/index.ts';
import { eventually, kubectl } from './kubectl.ts';

const space = 'install-floor-kinds';
const digest = `@sha256:${'0123456789abcdef'.repeat(4)}`;
const good = `registry.example.com/team/app${digest}`;
const evil = `registry.evil.example/app${digest}`;
const tagged = 'registry.example.com/team/app:1';
const sa = (name: string) => [
  '--as',
  `system:serviceaccount:kube-system:${name}`,
  '--as-group',
  'system:serviceaccounts',
  '--as-group',
  'system:authenticated',
];

/** Never scheduled: what is admitted is all there is to see. */
function podSpec(image: string, more: Record<string, unknown> = {}) {
  return {
    nodeSelector: { none: 'such' },
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'app', image }],
    ...more,
  };
}

function object(kind: string, spec: unknown, name = 'probe') {
  const labels = { app: name };
  const template = { metadata: { labels }, spec };
  const metadata = { name, namespace: space };
  const selector = { matchLabels: labels };
  switch (kind) {
    case 'Pod':
      return { apiVersion: 'v1', kind, metadata, spec };
    case 'PodTemplate':
      return { apiVersion: 'v1', kind, metadata, template };
    case 'ReplicationController':
      return { apiVersion: 'v1', kind, metadata, spec: { selector: labels, template } };
    case 'Job':
      return {
        apiVersion: 'batch/v1',
        kind,
        metadata,
        spec: { template: { spec: { ...(spec as object), restartPolicy: 'Never' } } },
      };
    case 'CronJob':
      return {
        apiVersion: 'batch/v1',
        kind,
        metadata,
        spec: {
          schedule: '0 0 1 1 *',
          jobTemplate: { spec: { template: { spec: { ...(spec as object), restartPolicy: 'Never' } } } },
        },
      };
    default:
      return {
        apiVersion: 'apps/v1',
        kind,
        metadata,
        spec: { selector, template, ...(kind === 'StatefulSet' ? { serviceName: 'x' } : {}) },
      };
  }
}

const kinds = [
  'Pod',
  'PodTemplate',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
];
const create = (what: unknown, as: readonly string[] = []) =>
  kubectl(['create', '--dry-run=server', '-f', '-', ...as], what);
const foreign = /rule spec\.registries of the policy probe asks for images from registry\.example\.com\/\*\*/;
const untagged = /named by a tag; rule digest of the policy probe asks for an image named by digest/;

async function hold(mutation: boolean): Promise<void> {
  const document = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'probe' },
    spec: {
      registries: ['registry.example.com/**'],
      rules: [{ name: 'digest', digest: 'required' }],
      exceptions: [
        {
          rule: 'digest',
          images: ['registry.example.com/old'],
          labels: { namespace: space, team: 'a*' },
          reason: 'r',
          author: 'a',
          expires: '2099-12-31',
        },
      ],
    },
  };
  const policy = await parsePolicy(JSON.stringify(document), 'probe.yaml', () => '');
  const floor = floorPolicy(policy, { mutation, now: Date.now() });
  const spec = floor.policy.spec as Record<string, unknown>;
  const apply = (what: unknown) => {
    const { ok, text } = kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], what);
    assert.ok(ok, text);
  };
  apply({ ...floor.policy, metadata: { name: space }, spec });
  apply({
    ...floor.binding,
    metadata: { name: space },
    spec: {
      policyName: space,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space } } },
    },
  });
  await eventually('the floor holds', () => {
    const held = !create(object('Deployment', podSpec(evil))).ok;
    return held && create(object('Deployment', podSpec(tagged))).ok === mutation;
  });
}

describe('the floor, kind by kind, on a real API server', () => {
  before(async () => {
    kubectl(['create', 'namespace', space]);
    kubectl(['label', 'namespace', space, 'team=alpha']);
    await eventually(
      'the namespace has its account',
      () => kubectl(['get', 'sa', 'default', '-n', space]).ok,
    );
    // Both were there before the floor: what was admitted stays admitted.
    for (const [name, image] of [
      ['early', evil],
      ['fine', good],
    ] as const) {
      const { ok, text } = kubectl(['create', '-f', '-'], object('Deployment', podSpec(image), name));
      assert.ok(ok, text);
    }
    await eventually(
      'the pods are there',
      () => kubectl(['get', 'pods', '-n', space, '-o', 'name']).text.trim().split('\n').length === 2,
    );
    await hold(false);
  });
  after(() => {
    kubectl(['delete', 'validatingadmissionpolicybinding', space]);
    kubectl(['delete', 'validatingadmissionpolicy', space]);
    kubectl(['delete', 'namespace', space, '--wait=false']);
  });

  it('refuses a foreign registry and a tag in every kind, and lets the good image through', () => {
    for (const kind of kinds) {
      assert.match(create(object(kind, podSpec(evil))).text, foreign, kind);
      assert.match(create(object(kind, podSpec(tagged))).text, untagged, kind);
      const { ok, text } = create(object(kind, podSpec(good)));
      assert.ok(ok, `${kind}: ${text}`);
    }
  });

  it('looks into init containers, image volumes and what kubectl debug adds', () => {
    const volume = { volumes: [{ name: 'v', image: { reference: evil } }] };
    const init = { initContainers: [{ name: 'i', image: evil }] };
    for (const more of [volume, init]) {
      assert.match(create(object('Pod', podSpec(good, more))).text, foreign);
      assert.match(create(object('CronJob', podSpec(good, more))).text, foreign);
    }
    const pod = kubectl(['get', 'pods', '-n', space, '-l', 'app=fine', '-o', 'name']).text.trim();
    assert.match(kubectl(['debug', '-n', space, pod, `--image=${evil}`, '--', 'sh']).text, foreign);
    assert.ok(kubectl(['debug', '-n', space, pod, `--image=${good}`, '--', 'sh']).ok);
  });

  it('lets a workload that it would refuse be scaled, restarted and labelled, but not given another bad image', () => {
    const deployment = ['-n', space, 'deployment/early'];
    assert.ok(kubectl(['scale', '--replicas=2', ...deployment]).ok);
    assert.ok(kubectl(['label', ...deployment, 'a=b']).ok);
    assert.match(
      kubectl(['set', 'image', ...deployment, `app=registry.evil.example/other${digest}`]).text,
      foreign,
    );
    assert.match(kubectl(['set', 'image', ...deployment, `app=${tagged}`]).text, untagged);
    assert.ok(kubectl(['set', 'image', ...deployment, `app=${good}`, '--dry-run=server']).ok);
    assert.ok(kubectl(['rollout', 'restart', ...deployment]).ok);
    const added = (image: string) =>
      kubectl([
        'patch',
        ...deployment,
        '--dry-run=server',
        '-p',
        JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'second', image }] } } } }),
      ]);
    assert.ok(added(good).ok, 'the bad one beside it was there before');
    assert.match(added(tagged).text, untagged);
    const pod = kubectl(['get', 'pods', '-n', space, '-l', 'app=early', '-o', 'name']).text.split('\n')[0]!;
    assert.ok(
      kubectl(['debug', '-n', space, pod, `--image=${good}`, '--', 'sh']).ok,
      'a bad pod can be looked into',
    );
  });

  it('lets the pods of such a workload come back, and its ReplicaSets', async () => {
    const names = () =>
      kubectl(['get', 'pods', '-n', space, '-l', 'app=early', '-o', 'name']).text.trim().split('\n').sort();
    await eventually(
      'the restart made a second ReplicaSet',
      () =>
        kubectl(['get', 'rs', '-n', space, '-l', 'app=early', '-o', 'name']).text.trim().split('\n')
          .length === 2,
    );
    const first = names();
    kubectl(['delete', 'pods', '-n', space, '-l', 'app=early', '--wait=false']);
    await eventually(
      'other pods are there',
      () => names().length >= 2 && names().every((name) => !first.includes(name)),
    );
  });

  it('passes what built-in controllers make, and nobody who only says so', () => {
    const passes = (kind: string, controller: string) => create(object(kind, podSpec(evil)), sa(controller));
    for (const [kind, controller] of [
      ['Pod', 'replicaset-controller'],
      ['Pod', 'statefulset-controller'],
      ['Pod', 'daemon-set-controller'],
      ['Pod', 'job-controller'],
      ['Pod', 'replication-controller'],
      ['ReplicaSet', 'deployment-controller'],
      ['Job', 'cronjob-controller'],
    ] as const) {
      const { ok, text } = passes(kind, controller);
      assert.ok(ok, `${controller}: ${text}`);
    }
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'x',
      uid: '11111111-1111-1111-1111-111111111111',
      controller: true,
    };
    const pod = object('Pod', podSpec(evil));
    assert.match(create({ ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } }).text, foreign);
    const [node = '', uid = ''] = kubectl([
      'get',
      'nodes',
      '-o',
      'jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}',
    ]).text.split(' ');
    const mirror = {
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: { 'kubernetes.io/config.mirror': 'x' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid, controller: true }],
      },
      spec: { ...podSpec(evil), nodeName: node },
    };
    const asNode = ['--as', `system:node:${node}`, '--as-group', 'system:nodes'];
    const told = create(mirror, asNode);
    assert.ok(told.ok, told.text);
    assert.match(create(mirror).text, foreign);
  });

  it('passes images under an exception, by the labels of their namespace as well', () => {
    assert.ok(create(object('Pod', podSpec('registry.example.com/old:1'))).ok);
    kubectl(['label', '--overwrite', 'namespace', space, 'team=beta']);
    assert.match(create(object('Pod', podSpec('registry.example.com/old:1'))).text, untagged);
    kubectl(['label', '--overwrite', 'namespace', space, 'team=alpha']);
  });

  it('with mutation leaves tags in templates, and wants digests in pods that people make', async () => {
    await hold(true);
    for (const kind of kinds.filter((one) => one !== 'Pod')) {
      const { ok, text } = create(object(kind, podSpec(tagged)));
      assert.ok(ok, `${kind}: ${text}`);
      assert.match(create(object(kind, podSpec(evil))).text, foreign, kind);
    }
    assert.match(create(object('Pod', podSpec(tagged))).text, untagged);
    assert.ok(create(object('Pod', podSpec(tagged)), sa('replicaset-controller')).ok);
  });
});
