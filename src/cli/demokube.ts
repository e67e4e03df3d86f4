// The demo in a cluster: a namespace of its own, its deployments tried, made and looked at, and everything taken out again.
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, KubeFault, type KubeObject, resources } from '../cluster/kube/index.ts';
import { workloadKinds } from '../cluster/workload/index.ts';
import { demoNamespace } from './demoplace.ts';
import { CliFault } from './fault.ts';

const pods = workloadKinds.Pod;
const deployments = workloadKinds.Deployment;

export interface DemoCluster {
  /** Asked of the API server first (dry run), then made; resolves when each has a pod that is ready. */
  deploy(manifests: readonly KubeObject[]): Promise<void>;
  /** Image of every pod of the deployment that is ready and not on its way out. */
  running(name: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface DemoClusterOptions {
  signal: AbortSignal;
  /** Ms that pods may take. */
  patience?: number;
  /** Ms between two looks. */
  pause?: number;
}

/** Makes the namespace. Throws CliFault `demo-failed`, KubeFault. */
export async function openDemoCluster(
  cluster: Cluster,
  { signal, patience = 120_000, pause = 500 }: DemoClusterOptions,
): Promise<DemoCluster> {
  await requireNode(cluster);
  const namespace = await makeNamespace(cluster);
  const podsOf = (name: string) =>
    cluster.list(pods, { namespace: demoNamespace, labelSelector: `app=${name}` });
  const running = async (name: string) => (await podsOf(name)).filter(isReady).map(imageOf);
  return {
    async deploy(manifests) {
      for (const one of manifests) await cluster.apply(deployments, one, { dryRun: true });
      for (const one of manifests) await cluster.apply(deployments, one);
      const until = performance.now() + patience;
      for (const { metadata } of manifests)
        while ((await running(metadata.name)).length === 0) {
          if (performance.now() > until) throw notReady(metadata.name, await podsOf(metadata.name));
          await delay(pause, undefined, { signal });
        }
    },
    running,
    async close() {
      const { uid } = namespace.metadata;
      await cluster.delete(resources.namespaces, demoNamespace, undefined, uid === undefined ? {} : { uid });
    },
  };
}

/** The images are for linux/amd64. Who may not list nodes is not asked for more. */
async function requireNode(cluster: Cluster): Promise<void> {
  let nodes: KubeObject[];
  try {
    nodes = await cluster.list(resources.nodes);
  } catch (error) {
    if (error instanceof KubeFault && error.code === 'forbidden') return;
    throw error;
  }
  if (nodes.some(({ metadata }) => metadata.labels?.['kubernetes.io/arch'] === 'amd64')) return;
  throw new CliFault('demo-failed', `expected a node for linux/amd64 in ${cluster.context}, got none`, {
    hint: 'the images of the demo are for amd64: leave --context out to see it on this machine',
  });
}

async function makeNamespace(cluster: Cluster): Promise<KubeObject> {
  try {
    return await cluster.create(resources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: demoNamespace, labels: { 'app.kubernetes.io/managed-by': demoNamespace } },
    });
  } catch (error) {
    if (!(error instanceof KubeFault) || error.code !== 'already-exists') throw error;
    throw new CliFault(
      'demo-failed',
      `expected no namespace ${demoNamespace} in ${cluster.context}, got one`,
      {
        hint: `a demo that was killed left it, or it is still going: kubectl --context ${cluster.context} delete namespace ${demoNamespace}`,
        cause: error,
      },
    );
  }
}

interface PodStatus {
  conditions?: { type?: string; status?: string; message?: string }[];
  containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[];
}

function isReady({ metadata, status }: KubeObject): boolean {
  const conditions = (status as PodStatus | undefined)?.conditions ?? [];
  return (
    metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
  );
}

function imageOf({ spec }: KubeObject): string {
  return (spec as { containers?: { image?: string }[] } | undefined)?.containers?.[0]?.image ?? '';
}

function notReady(name: string, found: readonly KubeObject[]): CliFault {
  const why = found.flatMap(({ status }) => {
    const { containerStatuses = [], conditions = [] } = (status ?? {}) as PodStatus;
    const waiting = containerStatuses.flatMap(({ state }) => state?.waiting ?? []);
    return [
      ...waiting.map(({ reason, message }) => `${reason}: ${message ?? ''}`),
      ...conditions.flatMap(({ type, status: is, message }) =>
        type === 'PodScheduled' && is === 'False' ? (message ?? []) : [],
      ),
    ];
  });
  const got = why[0]?.slice(0, 300) ?? (found.length === 0 ? 'no pod' : 'a pod that is not ready');
  return new CliFault('demo-failed', `expected a pod of ${name} to become ready, got ${got}`, {
    hint: 'nodes have to reach and trust the registry: --registry HOST:PORT with --tls-cert and --tls-key (docs/loop.md)',
  });
}
