// Which requests the floor is for, where in them the images stand, and whose it passes.
import { systemNamespace } from '../kube/index.ts';
import { workloadKinds } from '../workload/index.ts';
import type { Variable } from './floorname.ts';

/** Namespaces whose pods keep the cluster itself alive; by the name that the API server sets. */
export const exemptNamespaces = [systemNamespace, 'kube-system'] as const;

export interface ResourceRule {
  apiGroups: string[];
  apiVersions: string[];
  resources: string[];
  operations: string[];
  scope: 'Namespaced';
}

/** Every built-in kind that carries images, and the subresource by which `kubectl debug` adds one. */
export function workloadRules(): ResourceRule[] {
  const groups = new Map<string, string[]>();
  for (const { group, plural } of Object.values(workloadKinds))
    groups.set(group, [
      ...(groups.get(group) ?? []),
      plural,
      ...(plural === 'pods' ? ['pods/ephemeralcontainers'] : []),
    ]);
  return [...groups].map(([group, resources]) => ({
    apiGroups: [group],
    // Whatever version a request names, it is looked at.
    apiVersions: ['*'],
    resources: resources.sort(),
    operations: ['CREATE', 'UPDATE'],
    scope: 'Namespaced',
  }));
}

const controllers: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'replicaset-controller',
    'statefulset-controller',
    'daemon-set-controller',
    'job-controller',
    'replication-controller',
  ],
  // Made from a template that was looked at when it came: what was admitted stays admitted.
  ReplicaSet: ['deployment-controller'],
  Job: ['cronjob-controller'],
};

/** Conditions that all must hold, or the request is none of the floor's. */
export function floorConditions(): { name: string; expression: string }[] {
  const byKind = Object.entries(controllers).map(([kind, names]) => {
    const users = names.map((name) => `"system:serviceaccount:kube-system:${name}"`).join(', ');
    return `request.kind.kind == "${kind}" && request.userInfo.username in [${users}, "system:kube-controller-manager"]`;
  });
  return [
    {
      name: 'not-by-a-built-in-controller',
      expression: `!(request.operation == "CREATE" && (${byKind.map((text) => `(${text})`).join(' || ')}))`,
    },
    {
      // The kubelet runs a static pod whatever the answer is.
      name: 'not-a-mirror-pod',
      expression:
        '!(request.kind.kind == "Pod" && request.userInfo.username.startsWith("system:node:") && "system:nodes" in request.userInfo.groups && "kubernetes.io/config.mirror" in dyn(object).metadata.?annotations.orValue({}))',
    },
  ];
}

/** `images`: texts that this request brings; none where it changes none. `old`: those that the object had before. */
export function imageVariables(): Variable[] {
  return [
    { name: 'podSpec', expression: podSpecOf('object') },
    { name: 'all', expression: imagesIn('variables.podSpec') },
    {
      name: 'oldSpec',
      expression: `request.operation == "UPDATE" ? (${podSpecOf('oldObject')}) : dyn({})`,
    },
    { name: 'old', expression: imagesIn('variables.oldSpec') },
    // An update that changes no image is none of ours, whatever else it does: it has to scale and to be drained.
    { name: 'images', expression: 'variables.all == variables.old ? [] : variables.all' },
  ];
}

function podSpecOf(object: string): string {
  const at = (path: readonly string[]) =>
    `dyn(${object})${path.map((key) => `.?${key}`).join('')}.orValue(dyn({}))`;
  const special = Object.values(workloadKinds).filter(
    ({ podSpec }) => podSpec.join('.') !== 'spec.template.spec',
  );
  const usual = at(['spec', 'template', 'spec']);
  return special.reduce(
    (rest, { kind, podSpec }) => `request.kind.kind == "${kind}" ? ${at(podSpec)} : (${rest})`,
    usual,
  );
}

function imagesIn(spec: string): string {
  const lists = ['containers', 'initContainers', 'ephemeralContainers'].map(
    (list) => `${spec}.?${list}.orValue([]).map(c, c.?image.orValue(""))`,
  );
  const volumes = `${spec}.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(""))`;
  return `(${[...lists, volumes].join(' + ')}).filter(i, i != "")`;
}
