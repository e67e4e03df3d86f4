import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryCluster, type MemoryCluster } from '../testing/memorycluster.ts';
import { enforceable, enforces, protectionOf, setEnforcing } from './enforce.ts';
import { installInto } from './install.ts';
import { readinessOf } from './installready.ts';
import { KubeFault, type KubeObject, resources, systemNamespace } from './kube/index.ts';
import type { ManifestOptions } from './manifests.ts';
import { uninstallFrom } from './uninstall.ts';

const policy: KubeObject = {
  apiVersion: 'seaworthy.dev/v1alpha1',
  kind: 'ImagePolicy',
  metadata: { name: 'mine' },
  spec: { registries: ['registry.example.com/**'] },
};
const manifests: ManifestOptions = {
  image: 'registry.example.com/seaworthy:1',
  replicas: 1,
  policyName: 'default',
  mutate: true,
  pullSecrets: ['shop'],
  plainHttp: false,
  tokenRealms: [],
};

function deployment(status: Record<string, unknown>, generation = 1): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', generation },
    spec: { replicas: 1 },
    status,
  };
}

const ready = { updatedReplicas: 1, replicas: 1, availableReplicas: 1 };

/** An API server with controllers and an agent: what is applied starts, and the webhook refuses. */
function cluster(
  answer: () => KubeFault | undefined = () => new KubeFault('refused', 'admission webhook "enforce" denied'),
): MemoryCluster {
  const memory = createMemoryCluster();
  memory.beforeWrite = (verb, resource) => {
    const fault = verb === 'create' && resource.kind === 'PodTemplate' ? answer() : undefined;
    if (fault !== undefined) throw fault;
  };
  const { get } = memory;
  memory.get = async (resource, name, namespace) => {
    const found = await get(resource, name, namespace);
    if (found?.kind !== 'Deployment') return found;
    const { replicas } = found.spec as { replicas: number };
    const all = { updatedReplicas: replicas, replicas, availableReplicas: replicas };
    return { ...found, status: { ...all, observedGeneration: found.metadata.generation } };
  };
  return memory;
}

function install(memory: MemoryCluster, more: Partial<ManifestOptions> = {}, timeout = 10) {
  const said: string[] = [];
  const options = {
    cluster: memory,
    manifests: { ...manifests, ...more },
    timeout,
    signal: new AbortController().signal,
  };
  return installInto({ ...options, pause: async () => {}, say: (text) => said.push(text) }).then((done) => ({
    ...done,
    said,
  }));
}

async function probes(memory: MemoryCluster): Promise<string[]> {
  const spaces = await memory.list(resources.namespaces);
  return spaces.map(({ metadata }) => metadata.name).filter((name) => name.includes('probe'));
}

describe('installing', () => {
  it('applies all in order, asks the agent, and leaves the namespace it asked in behind to nobody', async () => {
    const memory = cluster();
    const { waitsForPolicy } = await install(memory, { policy });
    assert.equal(waitsForPolicy, false);
    assert.equal(memory.writes[0], 'apply namespaces/seaworthy-system');
    assert.ok(
      memory.writes.indexOf('apply deployments/seaworthy-agent') <
        memory.writes.indexOf('apply validatingwebhookconfigurations/seaworthy-agent'),
    );
    assert.ok(await memory.get(resources.imagePolicies, 'default', systemNamespace));
    assert.deepEqual(await probes(memory), []);
  });

  it('again with other options takes away what those would not have made', async () => {
    const memory = cluster();
    await install(memory, { policy, replicas: 2, registryCa: 'PEM', pullSecrets: ['shop', 'other'] });
    const there = async () => [
      await memory.get(resources.mutatingWebhooks, 'seaworthy-agent'),
      await memory.get(resources.podDisruptionBudgets, 'seaworthy-agent', systemNamespace),
      await memory.get(resources.configMaps, 'seaworthy-agent-registry-ca', systemNamespace),
      await memory.get(resources.roles, 'seaworthy-agent-pull-secrets', 'other'),
      await memory.get(resources.roleBindings, 'seaworthy-agent-pull-secrets', 'other'),
    ];
    assert.ok((await there()).every((object) => object !== undefined));
    await install(memory, { mutate: false });
    assert.ok((await there()).every((object) => object === undefined));
    assert.ok(await memory.get(resources.roles, 'seaworthy-agent-pull-secrets', 'shop'));
    assert.ok(await memory.get(resources.roles, 'seaworthy-agent', systemNamespace));
    assert.ok(await memory.get(resources.imagePolicies, 'default', systemNamespace), 'the policy stays');
  });

  it('without a policy the agent waits for one, and is not asked', async () => {
    const { waitsForPolicy, said } = await install(
      Object.assign(cluster(), {
        list: async (resource: { kind: string }) =>
          resource.kind === 'Pod'
            ? [
                {
                  apiVersion: 'v1',
                  kind: 'Pod',
                  metadata: { name: 'p' },
                  status: { containerStatuses: [{ state: { running: {} } }] },
                },
              ]
            : [],
      }),
    );
    assert.equal(waitsForPolicy, true);
    assert.ok(!said.some((text) => text.startsWith('asking')));
  });

  it('refuses a cluster whose admission policies are not stable', async () => {
    await assert.rejects(install(Object.assign(cluster(), { version: async () => '1.29+' })), {
      code: 'cluster-too-old',
    });
  });

  it('says that the Secret of its registry is not there, and how it is made', async () => {
    await assert.rejects(
      install(cluster(), { policy, registrySecret: 'pull' }),
      (error: Error & { hint: string }) => {
        assert.match(error.message, /the Secret pull in seaworthy-system, got none/);
        assert.match(error.hint, /create secret docker-registry pull/);
        return true;
      },
    );
  });

  it('says what the agent waits for when it does not start', async () => {
    const memory = createMemoryCluster();
    memory.list = async () => [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        status: {
          containerStatuses: [
            { state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } },
          ],
        },
      },
    ];
    await assert.rejects(install(memory, { policy }), (error: Error & { code: string; hint: string }) => {
      assert.equal(error.code, 'install-incomplete');
      assert.match(error.message, /ImagePullBackOff: no such image/);
      assert.match(error.hint, /nothing is asked of it yet/);
      return true;
    });
    assert.ok(!memory.writes.includes('apply validatingwebhookconfigurations/seaworthy-agent'));
  });

  it('says that the API server does not reach the agent, and takes its namespace away again', async () => {
    const memory = cluster(
      () =>
        new KubeFault(
          'api-server-failed',
          'failed calling webhook "enforce.admit.seaworthy.dev": no route to host',
        ),
    );
    await assert.rejects(install(memory, { policy }), { code: 'webhook-unreachable' });
    assert.deepEqual(await probes(memory), []);
  });

  it('waits until an API server knows the kinds that it was just given', async () => {
    const memory = cluster();
    const { beforeWrite } = memory;
    let tried = 0;
    memory.beforeWrite = (verb, resource, object) => {
      if (resource.kind === 'ImagePolicy' && ++tried < 3) throw new KubeFault('resource-unknown', 'not yet');
      beforeWrite?.(verb, resource, object);
    };
    await install(memory, { policy });
    assert.equal(tried, 3);
  });
});

describe('uninstalling', () => {
  it('takes what asks the agent first, and leaves nothing of ours', async () => {
    const memory = cluster();
    await memory.apply(resources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'seaworthy.dev/enforce': 'true', a: 'b' } },
    });
    await memory.apply(resources.clusterRoles, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'theirs' },
    });
    await install(memory, { policy });
    const killed = { name: 'seaworthy-probe-0', labels: { 'app.kubernetes.io/name': 'seaworthy' } };
    await memory.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: killed });
    memory.writes.length = 0;
    const pause = async () => {};
    const { unlabelled, left } = await uninstallFrom({ cluster: memory, say: () => {}, pause, timeout: 1 });
    assert.equal(memory.writes[0], 'delete validatingwebhookconfigurations/seaworthy-agent');
    assert.equal(memory.writes[1], 'delete mutatingwebhookconfigurations/seaworthy-agent');
    assert.deepEqual(unlabelled, ['shop']);
    assert.deepEqual((await memory.get(resources.namespaces, 'shop'))?.metadata.labels, { a: 'b' });
    assert.deepEqual(left, []);
    for (const resource of Object.values(resources))
      for (const { kind, metadata } of await memory.list(resource))
        assert.ok(
          ['shop', 'theirs'].includes(metadata.name) || metadata.namespace === systemNamespace,
          `${kind} ${metadata.name} is left`,
        );
    assert.ok(await memory.get(resources.clusterRoles, 'theirs'));
    const again = await uninstallFrom({ cluster: memory, say: () => {}, pause, timeout: 1 });
    assert.deepEqual(again.removed, []);
  });
});

describe('enforcing', () => {
  it('never holds where the cluster’s own pods, the agent or the way in live', async () => {
    for (const name of [
      'kube-system',
      'kube-public',
      'kube-node-lease',
      'seaworthy-system',
      'aks-command',
      'gatekeeper-system',
      'azure-arc',
    ])
      assert.ok(protectionOf(name), name);
    assert.equal(protectionOf('shop'), undefined);
    await assert.rejects(enforceable(createMemoryCluster(), 'aks-command'), { code: 'namespace-protected' });
    await assert.rejects(enforceable(createMemoryCluster(), 'shop'), { code: 'namespace-unknown' });
  });

  it('needs an agent that is asked, or everything would be refused', async () => {
    const memory = createMemoryCluster();
    await memory.apply(resources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await assert.rejects(enforceable(memory, 'shop'), { code: 'not-installed' });
    const webhooks = (caBundle: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'X',
      metadata: { name: 'seaworthy-agent' },
      webhooks: [{ clientConfig: { caBundle } }],
    });
    await memory.apply(resources.validatingWebhooks, webhooks(''));
    await assert.rejects(enforceable(memory, 'shop'), { code: 'not-installed' });
    await memory.apply(resources.validatingWebhooks, webhooks('x'));
    assert.equal(enforces(await enforceable(memory, 'shop')), false);
    await memory.patch(resources.namespaces, 'shop', undefined, {
      type: 'merge',
      body: { metadata: { labels: { 'control-plane': 'x' } } },
    });
    await assert.rejects(enforceable(memory, 'shop'), { code: 'namespace-protected' });
    await memory.patch(resources.namespaces, 'shop', undefined, {
      type: 'merge',
      body: { metadata: { labels: { 'control-plane': null } } },
    });
    await setEnforcing(memory, 'shop', true);
    assert.equal(enforces(await enforceable(memory, 'shop')), true);
    await setEnforcing(memory, 'shop', false);
    assert.deepEqual((await memory.get(resources.namespaces, 'shop'))?.metadata.labels, {});
  });
});

describe('how far the agent is', () => {
  it('is available only when as many as wanted are of the newest template', () => {
    const available = (status: Record<string, unknown>, generation?: number) =>
      readinessOf(deployment(status, generation), []).available;
    assert.equal(available({ ...ready, observedGeneration: 1 }), true);
    assert.equal(available({ ...ready, observedGeneration: 1 }, 2), false);
    assert.equal(available({ ...ready, updatedReplicas: 0, observedGeneration: 1 }), false);
    assert.equal(available({ ...ready, replicas: 2, observedGeneration: 1 }), false);
    assert.equal(readinessOf(undefined, []).available, false);
  });

  it('names what no waiting helps, and a pod that fits on no node', () => {
    const pod = (status: unknown): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      status,
    });
    const broken = readinessOf(deployment({}), [
      pod({ containerStatuses: [{ state: { waiting: { reason: 'InvalidImageName' } } }] }),
    ]);
    assert.equal(broken.hopeless, true);
    const waits = readinessOf(deployment({}), [
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] }),
    ]);
    assert.equal(waits.hopeless, false);
    assert.match(waits.text, /0\/3 nodes/);
  });
});
