// The resources that Seaworthy reads and writes beside workloads: Kubernetes' own and those of seaworthy.dev.
import type { Resource } from '../workload/index.ts';

/** Where the agent and everything it keeps lives. */
export const systemNamespace = 'seaworthy-system';

/** Name of the agent's service account, Deployment, Service, roles and webhook configurations. */
export const agentName = 'seaworthy-agent';

export const group = 'seaworthy.dev';

/** On a namespace, with the value `true`: its rules are enforced. Guarded by an admission policy. */
export const enforceLabel = 'seaworthy.dev/enforce';

function core(kind: string, plural: string, namespaced = true): Resource {
  return { group: '', version: 'v1', kind, plural, namespaced };
}

function admission(kind: string, plural: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', kind, plural, namespaced: false };
}

function rbac(kind: string, plural: string, namespaced: boolean): Resource {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced };
}

function own(kind: string, plural: string): Resource {
  return { group, version: 'v1alpha1', kind, plural, namespaced: true };
}

export const resources = {
  namespaces: core('Namespace', 'namespaces', false),
  nodes: core('Node', 'nodes', false),
  secrets: core('Secret', 'secrets'),
  configMaps: core('ConfigMap', 'configmaps'),
  services: core('Service', 'services'),
  serviceAccounts: core('ServiceAccount', 'serviceaccounts'),
  events: core('Event', 'events'),
  leases: {
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    plural: 'leases',
    namespaced: true,
  },
  controllerRevisions: {
    group: 'apps',
    version: 'v1',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    namespaced: true,
  },
  horizontalPodAutoscalers: {
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    namespaced: true,
  },
  podDisruptionBudgets: {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
  },
  validatingWebhooks: admission('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'),
  mutatingWebhooks: admission('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
  admissionPolicies: admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  admissionPolicyBindings: admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
  customResourceDefinitions: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  },
  roles: rbac('Role', 'roles', true),
  roleBindings: rbac('RoleBinding', 'rolebindings', true),
  clusterRoles: rbac('ClusterRole', 'clusterroles', false),
  clusterRoleBindings: rbac('ClusterRoleBinding', 'clusterrolebindings', false),
  /** The policy, the same document as in a file; people write it. */
  imagePolicies: own('ImagePolicy', 'imagepolicies'),
  /** One exception each; people write them. */
  imageExceptions: own('ImageException', 'imageexceptions'),
  /** A verdict that is kept; the agent writes it. */
  imageVerdicts: own('ImageVerdict', 'imageverdicts'),
  /** What one workload last ran, by its UID; the agent writes it. */
  workloadImages: own('WorkloadImages', 'workloadimages'),
  /** The last policy that was valid; the agent writes it. */
  keptPolicies: own('KeptPolicy', 'keptpolicies'),
} as const satisfies Record<string, Resource>;
