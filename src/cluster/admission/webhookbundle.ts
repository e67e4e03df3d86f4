// The `caBundle` of our webhook configurations: read, compared, and nothing else of them ever written.
import { type Cluster, KubeFault, type KubeObject } from '../kube/index.ts';
import type { JsonPatch, Resource } from '../workload/index.ts';

interface Webhook {
  name?: unknown;
  clientConfig?: { caBundle?: unknown };
}

/**
 * Puts the bundle into each webhook of a configuration that lacks it. Answers whether all hold it now; a configuration
 * that is not there calls nobody. Selectors and all else stay as they are: AKS's admissions enforcer rewrites them.
 * Throws KubeFault.
 */
export async function publishBundle(
  cluster: Cluster,
  resource: Resource,
  name: string,
  bundle: string,
): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const found = await cluster.get(resource, name);
    if (found === undefined) return true;
    const patch = bundlePatch(found, bundle);
    if (patch.length === 0) return true;
    try {
      await cluster.patch(resource, name, undefined, { type: 'json', body: patch });
      return true;
    } catch (error) {
      // Somebody changed it between reading and writing: the patch names what it was made for.
      if (!(error instanceof KubeFault) || !['conflict', 'object-invalid', 'refused'].includes(error.code))
        throw error;
    }
  }
  return false;
}

/** Empty: all webhooks hold it. Each change is bound to the name of the webhook at its place. */
export function bundlePatch(configuration: KubeObject, bundle: string): JsonPatch[] {
  const { webhooks } = configuration as { webhooks?: unknown };
  if (!Array.isArray(webhooks)) return [];
  return (webhooks as Webhook[]).flatMap(({ name, clientConfig }, i): JsonPatch[] => {
    if (clientConfig?.caBundle === bundle) return [];
    return [
      { op: 'test', path: `/webhooks/${i}/name`, value: name },
      { op: 'add', path: `/webhooks/${i}/clientConfig/caBundle`, value: bundle },
    ];
  });
}
