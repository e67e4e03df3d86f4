// Lets a namespace enforce, or stops it: one label, after what it would change was seen.
import { unasked } from './admission/index.ts';
import { ClusterFault } from './fault.ts';
import {
  agentName,
  type Cluster,
  enforceLabel,
  type KubeObject,
  resources,
  systemNamespace,
} from './kube/index.ts';

/**
 * Namespaces that AKS and its extensions manage.
 */
const protectedNames = [
  'aks-istio-system',
  'aks-istio-ingress',
  'aks-istio-egress',
  'app-routing-system',
  'azure-arc',
  'azure-extensions-usage-system',
  'azure-workload-identity-system',
  'calico-system',
  'dapr-system',
  'flux-system',
  'gatekeeper-system',
  'tigera-operator',
];

/** Why a namespace must not enforce; undefined: it may. */
export function protectionOf(namespace: string): string | undefined {
  if (namespace === systemNamespace)
    return 'the agent itself runs there, and could not start any more when it is down';
  if (namespace === 'aks-command')
    return 'it holds the pods of "az aks command invoke", the way in when all else fails';
  if (namespace.startsWith('kube-')) return 'the cluster’s own pods run there';
  return protectedNames.includes(namespace)
    ? 'the platform manages the pods there, and their images are not yours to sign'
    : undefined;
}

/** The namespace as it is. Throws ClusterFault `namespace-protected`, `namespace-unknown`, `not-installed`. */
export async function enforceable(cluster: Cluster, name: string): Promise<KubeObject> {
  const why = protectionOf(name);
  if (why !== undefined)
    throw new ClusterFault(
      'namespace-protected',
      `expected a namespace that can enforce, got ${name}: ${why}`,
      {
        hint: 'Rules for its images still work as audit there.',
      },
    );
  const namespace = await cluster.get(resources.namespaces, name);
  if (namespace === undefined)
    throw new ClusterFault('namespace-unknown', `expected a namespace of the cluster, got ${name}`, {
      hint: 'kubectl get namespaces lists them.',
    });
  const hiding = unasked.find((label) => namespace.metadata.labels?.[label] !== undefined);
  if (hiding !== undefined)
    throw new ClusterFault(
      'namespace-protected',
      `expected a namespace that the agent is asked about, got ${name} with the label ${hiding}`,
      { hint: 'AKS asks no webhook about namespaces with this label; take it away first if it is yours.' },
    );
  const webhooks = await cluster.get(resources.validatingWebhooks, agentName);
  if (webhooks === undefined || !isServed(webhooks))
    throw new ClusterFault('not-installed', 'expected the agent in this cluster, got none that is asked', {
      hint: 'Install it first: seaworthy cluster install --image REF.',
    });
  return namespace;
}

function isServed({ webhooks }: KubeObject): boolean {
  return (webhooks as { clientConfig?: { caBundle?: string } }[]).every(
    ({ clientConfig }) => (clientConfig?.caBundle ?? '') !== '',
  );
}

export function enforces({ metadata }: KubeObject): boolean {
  return metadata.labels?.[enforceLabel] === 'true';
}

/** Throws KubeFault `refused` where the guard wants another right. */
export async function setEnforcing(cluster: Cluster, name: string, on: boolean): Promise<void> {
  await cluster.patch(resources.namespaces, name, undefined, {
    type: 'merge',
    body: { metadata: { labels: { [enforceLabel]: on ? 'true' : null } } },
  });
}
