// Everything that is installed into a cluster, in the order in which it is applied. Pure.
import { customResources, guardPolicies } from './admission/index.ts';
import { type KubeObject, systemNamespace } from './kube/index.ts';
import { type AgentOptions, agentObjects } from './manifestagent.ts';
import { named, rightsFor } from './manifestrights.ts';
import { webhookObjects } from './manifestwebhooks.ts';

export interface ManifestOptions extends AgentOptions {
  /** An ImagePolicy to begin with. */
  policy?: KubeObject;
}

/** What has to be there before the agent is asked; and what asks it, to be applied once it answers. */
export interface Manifests {
  before: KubeObject[];
  asks: KubeObject[];
}

export async function manifestsFor(options: ManifestOptions): Promise<Manifests> {
  return {
    before: [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          ...named(systemNamespace),
          labels: {
            ...named(systemNamespace).labels,
            'pod-security.kubernetes.io/enforce': 'restricted',
            'pod-security.kubernetes.io/warn': 'restricted',
          },
        },
      },
      ...(await customResources()),
      ...guardPolicies(),
      ...rightsFor(options),
      ...agentObjects(options),
      ...(options.policy === undefined
        ? []
        : [
            {
              ...options.policy,
              metadata: { ...options.policy.metadata, name: options.policyName, namespace: systemNamespace },
            },
          ]),
    ],
    asks: webhookObjects(options),
  };
}
