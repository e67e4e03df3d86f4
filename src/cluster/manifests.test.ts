import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import type { KubeObject } from './kube/index.ts';
import { argsOf } from './manifestagent.ts';
import { clusterRules, ownRules } from './manifestrights.ts';
import { type ManifestOptions, manifestsFor } from './manifests.ts';

const plain: ManifestOptions = {
  image: 'registry.example.com/seaworthy:1',
  replicas: 2,
  policyName: 'default',
  mutate: false,
  pullSecrets: [],
  plainHttp: false,
  tokenRealms: [],
};

async function all(more: Partial<ManifestOptions> = {}): Promise<KubeObject[]> {
  const { before, asks } = await manifestsFor({ ...plain, ...more });
  return [...before, ...asks];
}

async function one<Spec>(kind: string, name: string, more: Partial<ManifestOptions> = {}): Promise<Spec> {
  const found = (await all(more)).find((item) => item.kind === kind && item.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found as unknown as Spec;
}

interface Webhooks {
  webhooks: {
    name: string;
    failurePolicy: string;
    timeoutSeconds: number;
    namespaceSelector: {
      matchLabels?: unknown;
      matchExpressions: { key: string; operator: string; values: string[] }[];
    };
    clientConfig: { caBundle?: string; service: { path: string } };
  }[];
}

interface Workload {
  spec: {
    replicas: number;
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        hostNetwork?: boolean;
        securityContext: Record<string, unknown>;
        topologySpreadConstraints?: unknown;
        containers: {
          securityContext: Record<string, unknown>;
          env: { name: string }[];
          args: string[];
          resources: { limits: { memory: string } };
        }[];
        volumes: { name: string }[];
      };
    };
  };
}

describe('what is installed', () => {
  it('fails nobody outside of the namespaces that enforce, and never the cluster’s own or ours', async () => {
    const { webhooks } = await one<Webhooks>('ValidatingWebhookConfiguration', 'seaworthy-agent');
    const exempt = {
      key: 'kubernetes.io/metadata.name',
      operator: 'NotIn',
      values: ['seaworthy-system', 'kube-system'],
    };
    for (const { failurePolicy, namespaceSelector, timeoutSeconds, clientConfig } of webhooks) {
      assert.deepEqual(namespaceSelector.matchExpressions.at(-1), exempt);
      assert.equal(timeoutSeconds, 10);
      assert.equal(
        clientConfig.caBundle,
        undefined,
        'the agent writes it; installing again must not take it away',
      );
      if (failurePolicy === 'Fail')
        assert.deepEqual(namespaceSelector.matchLabels, { 'seaworthy.dev/enforce': 'true' });
    }
    assert.deepEqual(
      webhooks.map(({ name, failurePolicy, clientConfig }) => [
        name,
        failurePolicy,
        clientConfig.service.path,
      ]),
      [
        ['enforce.admit.seaworthy.dev', 'Fail', '/admit/enforce'],
        ['audit.admit.seaworthy.dev', 'Ignore', '/admit/audit'],
      ],
    );
    assert.ok(!(await all()).some(({ kind }) => kind === 'MutatingWebhookConfiguration'));
    const mutating = await one<Webhooks>('MutatingWebhookConfiguration', 'seaworthy-agent', { mutate: true });
    assert.equal(mutating.webhooks[0]?.failurePolicy, 'Ignore');
    assert.deepEqual(mutating.webhooks[0]?.namespaceSelector.matchLabels, {
      'seaworthy.dev/enforce': 'true',
    });
  });

  it('asks the agent last, after everything that it needs', async () => {
    const kinds = (
      await all({
        mutate: true,
        policy: {
          apiVersion: 'seaworthy.dev/v1alpha1',
          kind: 'ImagePolicy',
          metadata: { name: 'x' },
          spec: {},
        },
      })
    ).map(({ kind }) => kind);
    const at = (kind: string) => kinds.indexOf(kind);
    assert.equal(at('Namespace'), 0);
    const order = [
      'CustomResourceDefinition',
      'ValidatingAdmissionPolicy',
      'ServiceAccount',
      'Deployment',
      'ImagePolicy',
      'ValidatingWebhookConfiguration',
      'MutatingWebhookConfiguration',
    ];
    assert.deepEqual(
      [...order].sort((a, b) => at(a) - at(b)),
      order,
    );
    assert.ok(order.every((kind) => at(kind) >= 0));
  });

  it('gives the agent no right by wildcard, and writes only by name', () => {
    for (const { apiGroups, resources, verbs, resourceNames } of [...ownRules, ...clusterRules()]) {
      for (const word of [...apiGroups, ...resources, ...verbs]) assert.notEqual(word, '*');
      const writes = verbs.filter((verb) => !['get', 'list', 'watch'].includes(verb));
      const isOwn = apiGroups.every((group) => group === 'seaworthy.dev');
      const isMaking = verbs.length === 1 && verbs[0] === 'create';
      if (writes.length > 0 && !isOwn && !isMaking) assert.ok(resourceNames, `${resources}: ${verbs}`);
    }
    const secrets = [...ownRules, ...clusterRules()].filter(({ resources }) => resources.includes('secrets'));
    for (const { verbs, resourceNames } of secrets)
      if (verbs.includes('get')) assert.deepEqual(resourceNames, ['seaworthy-agent-tls']);
    assert.ok(
      !clusterRules().some(({ resources }) =>
        resources.some((name) => ['secrets', 'configmaps'].includes(name)),
      ),
    );
  });

  it('fits the restricted pod security standard with a read-only root file system', async () => {
    const { spec } = await one<Workload>('Deployment', 'seaworthy-agent');
    const pod = spec.template.spec;
    assert.equal(pod.hostNetwork, undefined);
    assert.equal(pod.securityContext['runAsNonRoot'], true);
    assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
    assert.deepEqual(pod.containers[0]?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.equal(pod.containers[0]?.resources.limits.memory, '768Mi');
  });

  it('has a budget and is spread where there are two, and neither where there is one', async () => {
    assert.ok((await all()).some(({ kind }) => kind === 'PodDisruptionBudget'));
    assert.ok(
      (await one<Workload>('Deployment', 'seaworthy-agent')).spec.template.spec.topologySpreadConstraints,
    );
    assert.ok(!(await all({ replicas: 1 })).some(({ kind }) => kind === 'PodDisruptionBudget'));
    const alone = await one<Workload>('Deployment', 'seaworthy-agent', { replicas: 1 });
    assert.equal(alone.spec.template.spec.topologySpreadConstraints, undefined);
  });

  it('mounts the registry’s authorities and credentials where they are named, and nothing else', async () => {
    const names = (await one<Workload>('Deployment', 'seaworthy-agent')).spec.template.spec.volumes.map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['home']);
    const { spec } = await one<Workload>('Deployment', 'seaworthy-agent', {
      registryCa: 'PEM',
      registrySecret: 'pull',
    });
    assert.deepEqual(
      spec.template.spec.volumes.map(({ name }) => name),
      ['home', 'registry-ca', 'registry'],
    );
    assert.ok(spec.template.spec.containers[0]?.env.some(({ name }) => name === 'DOCKER_CONFIG'));
    assert.equal(spec.template.spec.containers[0]?.args[0], '--ca-file');
    assert.match(JSON.stringify(spec), /"imagePullSecrets":\[\{"name":"pull"\}\]/);
  });

  it('reads pull secrets by a role in the named namespaces only', async () => {
    const roles = (await all({ pullSecrets: ['shop'] })).filter(
      ({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'shop',
    );
    assert.deepEqual(
      roles.map((role) => (role as unknown as { rules: unknown }).rules),
      [[{ apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] }]],
    );
    assert.ok(!(await all()).some(({ metadata }) => metadata.namespace === 'shop'));
  });

  it('uses Azure’s workload identity where a client is named', async () => {
    const { spec } = await one<Workload>('Deployment', 'seaworthy-agent', { azureClientId: 'id' });
    assert.equal(spec.template.metadata.labels['azure.workload.identity/use'], 'true');
    const account = await one<KubeObject>('ServiceAccount', 'seaworthy-agent', { azureClientId: 'id' });
    assert.deepEqual(account.metadata.annotations, { 'azure.workload.identity/client-id': 'id' });
  });

  it('puts every option into the agent’s arguments', () => {
    assert.deepEqual(
      argsOf({
        ...plain,
        registryCa: 'x',
        mutate: true,
        plainHttp: true,
        tokenRealms: ['h'],
        pullSecrets: ['a', 'b'],
      }),
      [
        '--ca-file',
        '/etc/seaworthy/registry-ca/ca.crt',
        'agent',
        '--in-cluster',
        '--policy-name',
        'default',
        '--mutate',
        '--plain-http',
        '--token-realm',
        'h',
        '--pull-secrets',
        'a',
        '--pull-secrets',
        'b',
      ],
    );
  });

  it('carries our label on every object, by which uninstall finds it', async () => {
    for (const { kind, metadata } of await all({ pullSecrets: ['shop'], mutate: true, registryCa: 'x' }))
      assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'seaworthy', `${kind} ${metadata.name}`);
    assert.ok(stringify(await all()).length > 10_000);
  });
});
