import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { customResources } from '../src/cluster/admission/crd.ts';
import { guardPolicies } from '../src/cluster/admission/guards.ts';
import { uninstall } from './agent.ts';
import { eventually, kubectl } from './kubectl.ts';

const home = mkdtempSync(join(tmpdir(), 'seaworthy-guards-'));
const space = 'install-guards';
const system = 'seaworthy-system';
const agent = `system:serviceaccount:${system}:seaworthy-agent`;
const digest = `sha256:${'a'.repeat(64)}`;

function role(name: string, rules: unknown[], users: readonly string[]) {
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `${space}-${name}` },
      rules,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `${space}-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `${space}-${name}` },
      subjects: users.map((user) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user })),
    },
  ];
}

const rolesOfTest = [
  // What the admin of a namespace's life has, and more: all rights on namespaces and on our resources.
  ...role(
    'edit',
    [
      {
        apiGroups: [''],
        resources: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
        verbs: ['*'],
      },
      {
        apiGroups: ['seaworthy.dev'],
        resources: [
          'imagepolicies',
          'imageexceptions',
          'imageverdicts',
          'workloadimages',
          'keptpolicies',
          'imagepolicies/status',
          'imageexceptions/status',
        ],
        verbs: ['*'],
      },
    ],
    ['alice', 'bob', agent],
  ),
  ...role(
    'enforce',
    [
      {
        apiGroups: ['seaworthy.dev'],
        resources: ['namespaces/enforce'],
        resourceNames: [space],
        verbs: ['update'],
      },
    ],
    ['bob'],
  ),
];

function exception(more: Record<string, unknown> = {}, name = 'probe', namespace = system) {
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageException',
    metadata: { name, namespace },
    spec: {
      rule: 'signed',
      images: ['registry.example.com/app'],
      reason: 'r',
      author: 'alice',
      expires: '2026-12-31',
      ...more,
    },
  };
}

const as = (user: string) => ['--as', user];

describe('the guards on a real API server', () => {
  before(async () => {
    const objects = [...(await customResources()), ...guardPolicies(), ...rolesOfTest];
    kubectl(['create', 'namespace', system]);
    for (const object of objects) {
      const applied = kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], object);
      assert.ok(applied.ok, applied.text);
    }
    kubectl(['create', 'namespace', space]);
    await eventually(
      'the guards hold',
      () =>
        !kubectl(['label', 'ns', space, 'seaworthy.dev/enforce=x', ...as('alice'), '--dry-run=server']).ok,
    );
    await eventually(
      'the kinds are there',
      () =>
        kubectl([
          'get',
          'imageexceptions,imageverdicts,workloadimages,keptpolicies,imagepolicies',
          '-n',
          system,
        ]).ok,
    );
  });
  after(() => {
    for (const kind of ['imageexception', 'imagepolicy', 'imageverdict'])
      kubectl(['delete', kind, 'probe', '-n', system, '--ignore-not-found']);
    kubectl(['delete', 'namespace', space, '--wait=false']);
    uninstall(home);
    rmSync(home, { recursive: true, force: true });
    for (const object of rolesOfTest) kubectl(['delete', '-f', '-'], object);
  });

  it('only who may update namespaces/enforce adds, changes or removes the label', () => {
    const label = (user: string, text: string, more: string[] = []) =>
      kubectl(['label', '--overwrite', 'ns', space, text, ...as(user), ...more]);
    const refused = label('alice', 'seaworthy.dev/enforce=true');
    assert.match(
      refused.text,
      /alice may not change the label seaworthy.dev\/enforce of the namespace install-guards: it takes the right to update namespaces\/enforce/,
    );
    assert.ok(label('alice', 'other=true').ok, 'other labels are nobody’s business');
    assert.ok(label('bob', 'seaworthy.dev/enforce=true').ok);
    assert.ok(!label('alice', 'seaworthy.dev/enforce-').ok);
    assert.ok(!label('alice', 'seaworthy.dev/enforce=false').ok);
    assert.ok(label('alice', 'other=false').ok, 'an update that leaves it');
    for (const subresource of ['status'])
      assert.match(
        kubectl([
          'patch',
          'ns',
          space,
          '--subresource',
          subresource,
          '--type=merge',
          '-p',
          '{"metadata":{"labels":{"seaworthy.dev/enforce":null}}}',
          ...as('alice'),
        ]).text,
        /may not change the label/,
      );
    const named = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `${space}-2`, labels: { 'seaworthy.dev/enforce': 'true' } },
    };
    assert.match(
      kubectl(['create', '--dry-run=server', '-f', '-', ...as('alice')], named).text,
      /may not change/,
    );
    assert.match(
      kubectl(['create', '--dry-run=server', '-f', '-', ...as('bob')], named).text,
      /may not change/,
      'bob may for one namespace',
    );
    assert.ok(kubectl(['create', '--dry-run=server', '-f', '-'], named).ok, 'an administrator may');
    assert.ok(
      kubectl(['delete', 'ns', space, '--dry-run=server', ...as('alice')]).ok,
      'deleting a namespace is fine',
    );
    for (const name of ['control-plane', 'kubernetes.azure.com/managedby']) {
      assert.match(
        label('alice', `${name}=aks`).text,
        /AKS asks no webhook/,
        'it would take the namespace out of our sight',
      );
      assert.ok(label('bob', `${name}=aks`).ok);
      assert.match(label('alice', `${name}-`).text, /AKS asks no webhook/);
      assert.ok(label('bob', `${name}-`).ok);
    }
    assert.ok(label('bob', 'seaworthy.dev/enforce-').ok);
    assert.ok(label('alice', 'control-plane=x').ok, 'where nothing is enforced it is nobody’s business');
    label('alice', 'control-plane-');
  });

  it('an exception names who made it, stays as it was, and another person approves it', () => {
    const create = (user: string, more: Record<string, unknown>) =>
      kubectl(['create', '-f', '-', ...as(user)], exception(more));
    assert.match(create('bob', {}).text, /spec.author must be bob, who creates the exception, got alice/);
    assert.match(
      create('alice', { approver: 'alice' }).text,
      /spec.approver must be the name of who sets it/,
    );
    assert.match(create('alice', { approver: 'bob' }).text, /spec.approver must be the name of who sets it/);
    assert.match(create('alice', { expires: undefined }).text, /spec.expires: Required value/);
    assert.match(create('alice', { expires: 'never' }).text, /spec.expires/);
    assert.match(create('alice', { undecided: 'no-feed' }).text, /expected rule or undecided, one of them/);
    assert.match(create('alice', { rule: undefined }).text, /expected rule or undecided, one of them/);
    assert.ok(create('alice', {}).ok);
    const patch = (user: string, spec: unknown) =>
      kubectl([
        'patch',
        'imageexception',
        'probe',
        '-n',
        system,
        '--type=merge',
        '-p',
        JSON.stringify({ spec }),
        ...as(user),
      ]);
    for (const change of [
      { images: ['registry.example.com/**'] },
      { expires: '2029-12-31' },
      { rule: 'other' },
      { reason: 'x' },
      { author: 'bob' },
      { labels: { a: 'b' } },
      { rule: null, undecided: 'no-feed' },
    ])
      for (const user of ['alice', 'bob'])
        assert.match(
          patch(user, change).text,
          /stays as it was written|spec.approver/,
          JSON.stringify(change),
        );
    assert.match(patch('alice', { approver: 'alice' }).text, /another person/);
    assert.match(patch('alice', { approver: 'bob' }).text, /another person/);
    assert.ok(patch('bob', { approver: 'bob' }).ok);
    assert.match(patch('alice', { approver: 'carol' }).text, /another person/);
    assert.ok(patch('alice', { approver: null }).ok, 'taking it back only narrows');
    assert.ok(kubectl(['annotate', 'imageexception', 'probe', '-n', system, 'a=b', ...as('bob')]).ok);
    assert.ok(kubectl(['delete', 'imageexception', 'probe', '-n', system, ...as('bob')]).ok);
  });

  it('only the agent writes what admission leans on', () => {
    const verdict = {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImageVerdict',
      metadata: { name: 'probe', namespace: system },
      spec: { digest, decision: 'allow', key: 'k', verdict: '{}', keptAt: 'now' },
    };
    const workload = {
      ...verdict,
      kind: 'WorkloadImages',
      spec: { kind: 'Deployment', namespace: 'a', name: 'b', uid: 'c', containers: [] },
    };
    const policy = { ...verdict, kind: 'KeptPolicy', spec: { document: '{}', hash: 'h' } };
    for (const object of [verdict, workload, policy]) {
      for (const user of [['--as', 'alice'], []])
        assert.match(
          kubectl(['create', '--dry-run=server', '-f', '-', ...user], object).text,
          /only its agent/,
          object.kind,
        );
      const made = kubectl(['create', '--dry-run=server', '-f', '-', ...as(agent)], object);
      assert.ok(made.ok, made.text);
    }
    assert.ok(kubectl(['create', '-f', '-', ...as(agent)], verdict).ok);
    assert.match(
      kubectl([
        'patch',
        'imageverdict',
        'probe',
        '-n',
        system,
        '--type=merge',
        '-p',
        '{"spec":{"decision":"allow"},"metadata":{"labels":{"a":"b"}}}',
        ...as('alice'),
      ]).text,
      /only its agent/,
    );
    assert.ok(kubectl(['delete', 'imageverdict', 'probe', '-n', system]).ok, 'forgetting it is fine');
  });

  it('the status of a policy is the agent’s, its spec is a person’s', () => {
    const policy = {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'probe', namespace: system },
      spec: { registries: ['registry.example.com/**'] },
    };
    assert.ok(kubectl(['create', '-f', '-', ...as('alice')], policy).ok);
    const status = (user: string) =>
      kubectl([
        'patch',
        'imagepolicy',
        'probe',
        '-n',
        system,
        '--subresource=status',
        '--type=merge',
        '-p',
        '{"status":{"conditions":[{"type":"Ready","status":"True","reason":"InForce","message":"m"}]}}',
        ...as(user),
      ]);
    assert.match(status('alice').text, /only its agent/);
    assert.ok(status(agent).ok);
    assert.match(
      kubectl(['get', 'imagepolicies', '-n', system]).text,
      /NAME +READY +REASON +AGE\nprobe +True +InForce/,
    );
    assert.ok(kubectl(['delete', 'imagepolicy', 'probe', '-n', system]).ok);
  });

  it('our resources are refused outside of our namespace, with where they belong', () => {
    assert.match(
      kubectl(['create', '-f', '-', ...as('alice')], exception({}, 'probe', space)).text,
      /count in the namespace seaworthy-system only/,
    );
  });

  it('kubectl explains every field of what people write', () => {
    for (const kind of ['imagepolicy', 'imageexception']) {
      const { text } = kubectl(['explain', kind, '--recursive']);
      assert.match(text, /rules|approver/);
    }
    assert.match(
      kubectl(['explain', 'imagepolicy.spec.rules.vulnerabilities.grace']).text,
      /known to have for longer/,
    );
  });
});
