// What an earlier install with other options left behind: install says all there is to be.
import { agentName, type Cluster, resources, systemNamespace } from './kube/index.ts';
import { caName } from './manifestagent.ts';
import { pullSecretsRole } from './manifestrights.ts';
import type { ManifestOptions } from './manifests.ts';
import type { Resource } from './workload/index.ts';

/** Removes what these options would not have made. Throws KubeFault. */
export async function removeStale(
  cluster: Cluster,
  { mutate, replicas, registryCa, pullSecrets }: ManifestOptions,
  say: (text: string) => void,
): Promise<void> {
  const remove = async (resource: Resource, name: string, namespace?: string): Promise<void> => {
    if (await cluster.delete(resource, name, namespace)) say(`removed ${resource.kind} ${name}`);
  };
  if (!mutate) await remove(resources.mutatingWebhooks, agentName);
  if (replicas < 2) await remove(resources.podDisruptionBudgets, agentName, systemNamespace);
  if (registryCa === undefined) await remove(resources.configMaps, caName, systemNamespace);
  for (const resource of [resources.roleBindings, resources.roles])
    for (const { metadata } of await cluster.list(resource, {
      labelSelector: 'app.kubernetes.io/name=seaworthy',
    }))
      if (metadata.name === pullSecretsRole && !pullSecrets.includes(metadata.namespace ?? ''))
        await remove(resource, metadata.name, metadata.namespace);
}
