// Every built-in kind that carries images, and where in it the pod is described.

/** A resource of the Kubernetes API, as its URLs name it. */
export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
}

export interface WorkloadKind extends Resource {
  namespaced: true;
  /** Path to the pod's spec inside the object. */
  podSpec: readonly string[];
}

function kind(
  group: string,
  name: string,
  plural: string,
  podSpec: readonly string[] = ['spec', 'template', 'spec'],
): WorkloadKind {
  return { group, version: 'v1', kind: name, plural, namespaced: true, podSpec };
}

/** In the order in which they are listed to people. */
export const workloadKinds = {
  Deployment: kind('apps', 'Deployment', 'deployments'),
  StatefulSet: kind('apps', 'StatefulSet', 'statefulsets'),
  DaemonSet: kind('apps', 'DaemonSet', 'daemonsets'),
  CronJob: kind('batch', 'CronJob', 'cronjobs', ['spec', 'jobTemplate', 'spec', 'template', 'spec']),
  Job: kind('batch', 'Job', 'jobs'),
  ReplicaSet: kind('apps', 'ReplicaSet', 'replicasets'),
  ReplicationController: kind('', 'ReplicationController', 'replicationcontrollers'),
  PodTemplate: kind('', 'PodTemplate', 'podtemplates', ['template', 'spec']),
  Pod: kind('', 'Pod', 'pods', ['spec']),
} as const;

export type WorkloadKindName = keyof typeof workloadKinds;

/** By group and kind, whatever the version: the API server sends `Deployment` of `apps`. */
export function workloadKindOf(group: string, kindName: string): WorkloadKind | undefined {
  if (!Object.hasOwn(workloadKinds, kindName)) return undefined;
  const found = workloadKinds[kindName as WorkloadKindName];
  return found.group === group ? found : undefined;
}

/** `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The group of an `apiVersion`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
