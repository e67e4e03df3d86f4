// To whom a pod belongs: its controllers followed by UID up to the workload that a person would change.
import type { KubeObject, OwnerReference } from './kube/index.ts';
import { groupOf } from './workload/index.ts';

export interface Workload {
  group: string;
  kind: string;
  name: string;
  /** Absent where only a name is known. */
  uid?: string;
  /** The kubelet runs it from a file of its node; no admission is asked. */
  isStatic?: true;
}

/** Longer chains are followed no further. */
const longestChain = 8;

export class Owners {
  readonly #byUid = new Map<string, KubeObject>();

  /** ReplicaSets, Jobs, ReplicationControllers: those that may have a controller of their own. */
  constructor(between: Iterable<KubeObject>) {
    for (const object of between)
      if (object.metadata.uid !== undefined) this.#byUid.set(object.metadata.uid, object);
  }

  /** The namespace counts: a controller is never of another one. */
  workloadOf(pod: KubeObject): Workload {
    if (isMirror(pod)) return { ...selfOf(pod), isStatic: true };
    let found: Workload = selfOf(pod);
    let at = controllerOf(pod);
    for (let depth = 0; at !== undefined && depth < longestChain; depth++) {
      found = { group: groupOf(at.apiVersion), kind: at.kind, name: at.name, uid: at.uid };
      const above = this.#byUid.get(at.uid);
      at = above?.metadata.namespace === pod.metadata.namespace ? controllerOf(above) : undefined;
    }
    return found;
  }
}

export function selfOf({ apiVersion, kind, metadata: { name, uid } }: KubeObject): Workload {
  return { group: groupOf(apiVersion), kind, name, ...(uid === undefined ? {} : { uid }) };
}

function controllerOf(object: KubeObject | undefined): OwnerReference | undefined {
  const owners: unknown = object?.metadata.ownerReferences;
  return Array.isArray(owners)
    ? owners.find((owner): owner is OwnerReference => owner?.controller === true && isWhole(owner))
    : undefined;
}

function isWhole({ apiVersion, kind, name, uid }: Partial<OwnerReference>): boolean {
  return [apiVersion, kind, name, uid].every((text) => typeof text === 'string' && text !== '');
}

/** What the kubelet shows the API server of a static pod. */
function isMirror({ metadata }: KubeObject): boolean {
  return typeof metadata.annotations?.['kubernetes.io/config.mirror'] === 'string';
}
