// What the agent may do in a cluster, and no more: its own namespace's few things, and reading what runs.
import { floorName } from './admission/index.ts';
import { agentName, group, type KubeObject, resources, systemNamespace } from './kube/index.ts';
import { apiVersionOf, workloadKinds } from './workload/index.ts';

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** In each namespace whose pull secrets may be read. */
export const pullSecretsRole = `${agentName}-pull-secrets`;

const rbac = 'rbac.authorization.k8s.io';

/** Role of the agent in its own namespace. */
export const ownRules: readonly Rule[] = [
  // Its certificates; made anew when somebody deleted them. RBAC cannot bind the making to a name.
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  {
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['get', 'list', 'watch', 'update'],
    resourceNames: [`${agentName}-tls`],
  },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'update', 'patch'],
    resourceNames: [agentName],
  },
  { apiGroups: [group], resources: ['imagepolicies', 'imageexceptions'], verbs: ['get', 'list', 'watch'] },
  {
    apiGroups: [group],
    resources: ['imagepolicies/status', 'imageexceptions/status'],
    verbs: ['get', 'update', 'patch'],
  },
  {
    apiGroups: [group],
    resources: ['imageverdicts', 'workloadimages', 'keptpolicies'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
];

/** ClusterRole of the agent. */
export function clusterRules(): Rule[] {
  const byGroup = new Map<string, string[]>();
  for (const { group: of, plural } of Object.values(workloadKinds))
    byGroup.set(of, [...(byGroup.get(of) ?? []), plural]);
  byGroup.get('')!.push('namespaces', 'nodes');
  return [
    ...[...byGroup].map(([of, plurals]) => ({
      apiGroups: [of],
      resources: plurals.sort(),
      verbs: ['get', 'list', 'watch'],
    })),
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      verbs: ['get', 'list', 'watch', 'patch'],
      resourceNames: [agentName],
    },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
      verbs: ['get', 'create', 'update', 'patch'],
      resourceNames: [floorName],
    },
  ];
}

/** What an agent needs beside to carry out the rollout orders of its server. */
export const rolloutRules: readonly Rule[] = [
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: ['patch', 'update'],
  },
  { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['patch', 'update'] },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'list'] },
];

/** Which orders it took, in its own namespace. */
const orderRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
  {
    apiGroups: [''],
    resources: ['configmaps'],
    verbs: ['get', 'update'],
    resourceNames: [`${agentName}-orders`],
  },
];

export interface RightsOptions {
  /** It obeys a server: it may move workloads. */
  serverSecret?: string;
  /** Namespaces whose pull secrets may be read for their own pods. */
  pullSecrets: readonly string[];
  azureClientId?: string;
}

/** The service account, its roles, and the role of those who may let a namespace enforce. */
export function rightsFor({ pullSecrets, azureClientId, serverSecret }: RightsOptions): KubeObject[] {
  const subject = { kind: 'ServiceAccount', name: agentName, namespace: systemNamespace };
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        ...named(agentName, systemNamespace),
        ...(azureClientId === undefined
          ? {}
          : { annotations: { 'azure.workload.identity/client-id': azureClientId } }),
      },
    },
    role(
      resources.roles,
      agentName,
      systemNamespace,
      serverSecret === undefined ? ownRules : [...ownRules, ...orderRules],
    ),
    binding(resources.roleBindings, agentName, systemNamespace, 'Role', subject),
    role(
      resources.clusterRoles,
      agentName,
      undefined,
      serverSecret === undefined ? clusterRules() : [...clusterRules(), ...rolloutRules],
    ),
    binding(resources.clusterRoleBindings, agentName, undefined, 'ClusterRole', subject),
    // For people: bound to nobody here, since who may enforce is the cluster's own decision.
    role(resources.clusterRoles, 'seaworthy-enforcer', undefined, [
      { apiGroups: [group], resources: ['namespaces/enforce'], verbs: ['update'] },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'patch'] },
    ]),
    ...pullSecrets.flatMap((namespace) => [
      role(resources.roles, pullSecretsRole, namespace, [
        { apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] },
      ]),
      binding(resources.roleBindings, pullSecretsRole, namespace, 'Role', subject),
    ]),
  ];
}

export function named(name: string, namespace?: string): KubeObject['metadata'] {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'app.kubernetes.io/name': 'seaworthy' },
  };
}

type Kind = { kind: string; group: string; version: string };

function role(kind: Kind, name: string, namespace: string | undefined, rules: readonly Rule[]): KubeObject {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: named(name, namespace), rules };
}

function binding(
  kind: Kind,
  name: string,
  namespace: string | undefined,
  roleKind: string,
  subject: unknown,
): KubeObject {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: named(name, namespace),
    roleRef: { apiGroup: rbac, kind: roleKind, name },
    subjects: [subject],
  };
}
