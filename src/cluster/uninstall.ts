// Takes everything out of a cluster again: first what asks the agent, so that nothing waits for an answer meanwhile.
import { floorName, guardPolicies } from './admission/index.ts';
import {
  agentName,
  type Cluster,
  enforceLabel,
  group,
  KubeFault,
  resources,
  systemNamespace,
} from './kube/index.ts';
import { type Resource, workloadKinds } from './workload/index.ts';

export interface UninstallOptions {
  cluster: Cluster;
  say(text: string): void;
  pause(ms: number): Promise<void>;
  /** Ms that the namespace is given to go. */
  timeout: number;
}

export interface Uninstalled {
  /** What was removed, `Kind name`. */
  removed: string[];
  /** Namespaces that enforced. */
  unlabelled: string[];
  /** What is still going. */
  left: string[];
}

/** Policies and exceptions are removed as well: keep what you want to have again. Throws KubeFault. */
export async function uninstallFrom({
  cluster,
  say,
  pause,
  timeout,
}: UninstallOptions): Promise<Uninstalled> {
  const removed: string[] = [];
  const remove = async (resource: Resource, name: string, namespace?: string): Promise<void> => {
    say(`removing ${resource.kind} ${name}`);
    if (await unlessUnknown(() => cluster.delete(resource, name, namespace), false))
      removed.push(`${resource.kind} ${name}`);
  };
  await remove(resources.validatingWebhooks, agentName);
  await remove(resources.mutatingWebhooks, agentName);
  // While it still has its rights, so that it stops by itself.
  await remove(workloadKinds.Deployment, agentName, systemNamespace);
  await remove(resources.admissionPolicyBindings, floorName);
  await remove(resources.admissionPolicies, floorName);
  const guards = guardPolicies().map(({ metadata }) => metadata.name);
  for (const name of new Set(guards)) {
    await remove(resources.admissionPolicyBindings, name);
    await remove(resources.admissionPolicies, name);
  }
  const unlabelled = await unlabel(cluster, say);
  for (const { metadata } of await ours(cluster, resources.roleBindings))
    await remove(resources.roleBindings, metadata.name, metadata.namespace);
  for (const { metadata } of await ours(cluster, resources.roles))
    await remove(resources.roles, metadata.name, metadata.namespace);
  for (const resource of [resources.clusterRoleBindings, resources.clusterRoles])
    for (const { metadata } of await ours(cluster, resource)) await remove(resource, metadata.name);
  // The agent made the floor again if it was alive at that moment; without its role it cannot any more.
  await remove(resources.admissionPolicyBindings, floorName);
  await remove(resources.admissionPolicies, floorName);
  await remove(resources.namespaces, systemNamespace);
  // Of an install that was killed.
  for (const { metadata } of await ours(cluster, resources.namespaces))
    if (metadata.name.startsWith('seaworthy-probe-')) await remove(resources.namespaces, metadata.name);
  for (const { plural } of Object.values(resources).filter((resource) => resource.group === group))
    await remove(resources.customResourceDefinitions, `${plural}.${group}`);
  say(`waiting for the namespace ${systemNamespace} to be gone`);
  const deadline = Date.now() + timeout;
  let left = await remaining(cluster);
  while (left.length > 0 && Date.now() < deadline) {
    await pause(500);
    left = await remaining(cluster);
  }
  return { removed: [...new Set(removed)], unlabelled, left };
}

async function unlabel(cluster: Cluster, say: (text: string) => void): Promise<string[]> {
  const names: string[] = [];
  for (const { metadata } of await cluster.list(resources.namespaces, { labelSelector: enforceLabel })) {
    say(`removing the label of the namespace ${metadata.name}`);
    await cluster.patch(resources.namespaces, metadata.name, undefined, {
      type: 'merge',
      body: { metadata: { labels: { [enforceLabel]: null } } },
    });
    names.push(metadata.name);
  }
  return names;
}

/** By the label that everything installed carries, and by name, so that nobody else's is touched. */
async function ours(cluster: Cluster, resource: Resource) {
  const found = await cluster.list(resource, { labelSelector: 'app.kubernetes.io/name=seaworthy' });
  return found.filter(({ metadata }) => metadata.name.startsWith('seaworthy-'));
}

async function remaining(cluster: Cluster): Promise<string[]> {
  const space = await cluster.get(resources.namespaces, systemNamespace);
  const definitions = await cluster.list(resources.customResourceDefinitions, {
    labelSelector: 'app.kubernetes.io/name=seaworthy',
  });
  return [
    ...(space === undefined ? [] : [`Namespace ${systemNamespace}`]),
    ...definitions.map(({ metadata }) => `CustomResourceDefinition ${metadata.name}`),
  ];
}

async function unlessUnknown<Value>(work: () => Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KubeFault && error.code === 'resource-unknown') return otherwise;
    throw error;
  }
}
