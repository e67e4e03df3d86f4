// What one cluster is asked for its status: pods first, then what they belong to, so that no owner is younger than they.
import { isFault } from '../core/index.ts';
import {
  agentName,
  type Cluster,
  enforceLabel,
  type KubeObject,
  type ListOptions,
  resources,
} from './kube/index.ts';
import { type Census, takeCensus } from './running.ts';
import { keepOwner, keepPod } from './runningkept.ts';
import { type Resource, workloadKinds } from './workload/index.ts';

export interface Surveyed extends Census {
  /** Labels of each namespace, with `namespace` itself. */
  labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Namespaces in which the policy is enforced. */
  enforcing: ReadonlySet<string>;
  /** Platforms of all nodes. */
  platforms: readonly string[];
  /** Whether the agent there puts digests in; undefined: there is none, or nobody may know. */
  mutates?: boolean;
  /** What could not be read beside the pods, and what that means. */
  notes: string[];
}

/** `namespaces`: only these. Throws KubeFault, NetFault where the pods cannot be listed. */
export async function surveyCluster(cluster: Cluster, namespaces: readonly string[] = []): Promise<Surveyed> {
  const notes: string[] = [];
  const pods = await listIn(cluster, workloadKinds.Pod, namespaces, keepPod);
  const beside = (
    resource: Resource,
    means: string,
    where: readonly string[] = namespaces,
    keep?: ListOptions['keep'],
  ) =>
    listIn(cluster, resource, where, keep).catch((error: unknown) => {
      if (!isFault(error) || error.code !== 'forbidden') throw error;
      notes.push(`${resource.plural} may not be listed: ${means}`);
      return [];
    });
  const [replicaSets, jobs, cronJobs, nodes, spaces] = await Promise.all([
    beside(
      workloadKinds.ReplicaSet,
      'pods of Deployments are shown under their ReplicaSets',
      namespaces,
      keepOwner,
    ),
    beside(workloadKinds.Job, 'pods of CronJobs are shown under their Jobs', namespaces, keepOwner),
    beside(workloadKinds.CronJob, 'what is only scheduled is not shown'),
    beside(resources.nodes, 'of images for several platforms the one of this machine is judged', []),
    beside(resources.namespaces, 'rules and modes that go by labels of namespaces are judged without', []),
  ]);
  const mutates = await isMutating(cluster);
  const there = new Set(spaces.map(({ metadata }) => metadata.name));
  if (there.size > 0)
    for (const name of namespaces) if (!there.has(name)) notes.push(`there is no namespace ${name}`);
  const census = takeCensus({ pods, between: [...replicaSets, ...jobs], cronJobs, nodes });
  const labels = new Map(
    spaces.map(({ metadata }) => [metadata.name, { ...metadata.labels, namespace: metadata.name }]),
  );
  const enforcing = spaces.filter(({ metadata }) => metadata.labels?.[enforceLabel] === 'true');
  const platforms = new Set(nodes.flatMap((node) => platformIn(node) ?? []));
  return {
    ...census,
    labels,
    enforcing: new Set(enforcing.map(({ metadata }) => metadata.name)),
    platforms: [...platforms].sort(),
    ...(mutates === undefined ? {} : { mutates }),
    notes,
  };
}

async function isMutating(cluster: Cluster): Promise<boolean | undefined> {
  try {
    const [validating, mutating] = await Promise.all(
      [resources.validatingWebhooks, resources.mutatingWebhooks].map((resource) =>
        cluster.get(resource, agentName),
      ),
    );
    return validating === undefined ? undefined : mutating !== undefined;
  } catch (error) {
    if (isFault(error) && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** How the node gets what a pod names: by a digest that is carried or put in, or by a tag that can move. */
export function givenBy(
  image: string,
  mutateDigest: boolean,
  mutates: boolean | undefined,
): 'tag' | 'digest' {
  return image.includes('@') || (mutateDigest && mutates !== false) ? 'digest' : 'tag';
}

async function listIn(
  cluster: Cluster,
  resource: Resource,
  namespaces: readonly string[],
  keep?: ListOptions['keep'],
): Promise<KubeObject[]> {
  const kept = keep === undefined ? {} : { keep };
  if (namespaces.length === 0) return cluster.list(resource, kept);
  const lists = await Promise.all(
    namespaces.map((namespace) => cluster.list(resource, { namespace, ...kept })),
  );
  return lists.flat();
}

function platformIn({ status }: KubeObject): string | undefined {
  const info = (status as { nodeInfo?: { operatingSystem?: string; architecture?: string } } | undefined)
    ?.nodeInfo;
  return info?.operatingSystem && info.architecture
    ? `${info.operatingSystem}/${info.architecture}`
    : undefined;
}
