// Installs the agent into a cluster: everything it needs, then what asks it, and it is asked before this ends.
import { applyAll } from './applied.ts';
import { ClusterFault } from './fault.ts';
import { askAgent } from './installprobe.ts';
import { type Readiness, readinessOf } from './installready.ts';
import { removeStale } from './installstale.ts';
import { agentName, type Cluster, resources, systemNamespace } from './kube/index.ts';
import { type ManifestOptions, manifestsFor } from './manifests.ts';
import { workloadKinds } from './workload/index.ts';

export interface InstallOptions {
  cluster: Cluster;
  manifests: ManifestOptions;
  /** What is being done, a phrase each. */
  say(text: string): void;
  /** Ms that the agent is given to start. */
  timeout: number;
  /** Waits so many ms; rejects once the signal is aborted. */
  pause(ms: number): Promise<void>;
  signal: AbortSignal;
}

export interface Installed {
  /** No policy is there: the agent waits for one, and the webhooks let everything through. */
  waitsForPolicy: boolean;
  replicas: number;
}

/** Oldest version whose admission policies are stable. */
const oldest = [1, 30] as const;

/** Throws ClusterFault, KubeFault. */
export async function installInto(options: InstallOptions): Promise<Installed> {
  const { cluster, manifests, say, pause } = options;
  await checkVersion(cluster);
  const { before, asks } = await manifestsFor(manifests);
  await applyAll(cluster, before, say, pause);
  await checkSecret(cluster, manifests.registrySecret);
  const policy = await cluster.get(resources.imagePolicies, manifests.policyName, systemNamespace);
  await started(options, policy !== undefined);
  await applyAll(cluster, asks, say, pause);
  await removeStale(cluster, manifests, say);
  if (policy !== undefined) {
    say('asking the agent through the API server');
    await askAgent(cluster, policy, options.timeout, pause);
  }
  return { waitsForPolicy: policy === undefined, replicas: manifests.replicas };
}

/** Its pods would wait for it without a word. */
async function checkSecret(cluster: Cluster, name: string | undefined): Promise<void> {
  if (name === undefined || (await cluster.get(resources.secrets, name, systemNamespace)) !== undefined)
    return;
  throw new ClusterFault(
    'install-incomplete',
    `expected the Secret ${name} in ${systemNamespace}, got none`,
    {
      hint: `kubectl -n ${systemNamespace} create secret docker-registry ${name} --docker-server=HOST --docker-username=NAME --docker-password=…, then install again.`,
    },
  );
}

async function checkVersion(cluster: Cluster): Promise<void> {
  const version = await cluster.version();
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new ClusterFault(
    'cluster-too-old',
    `expected Kubernetes ${oldest.join('.')} or newer, got ${version}`,
    { hint: 'Admission policies are stable since 1.30; upgrade the cluster first.' },
  );
}

/** Two for a cluster that has more than one node. */
export async function usualReplicas(cluster: Cluster): Promise<number> {
  const nodes = await cluster.list(resources.nodes);
  return nodes.length > 1 ? 2 : 1;
}

async function started(
  { cluster, say, timeout, signal, pause }: InstallOptions,
  hasPolicy: boolean,
): Promise<void> {
  const deadline = Date.now() + timeout;
  let last: Readiness | undefined;
  while (!signal.aborted) {
    const deployment = await cluster.get(workloadKinds.Deployment, agentName, systemNamespace);
    const pods = await cluster.list(workloadKinds.Pod, {
      namespace: systemNamespace,
      labelSelector: 'app.kubernetes.io/name=seaworthy,app.kubernetes.io/component=agent',
    });
    last = readinessOf(deployment, pods);
    if (hasPolicy ? last.available : last.running) return;
    if (last.hopeless || Date.now() > deadline) break;
    say(`waiting for the agent: ${last.text}`);
    await pause(500);
  }
  signal.throwIfAborted();
  throw new ClusterFault(
    'install-incomplete',
    `expected the agent to start within ${Math.round(timeout / 1000)} s, got ${last?.text ?? 'nothing'}`,
    {
      hint: `kubectl -n ${systemNamespace} describe pods and logs deploy/${agentName} say more; nothing is asked of it yet, so the cluster works as before. Run install again once it is mended.`,
    },
  );
}
