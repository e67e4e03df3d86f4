// Every object of a cluster that carries images, read once, and which pods belong to which workload.
import { isFault } from '../../core/index.ts';
import type { Cluster, KubeObject, ListOptions } from '../kube/index.ts';
import { workloadKinds } from '../workload/index.ts';
import { controllerOf } from './facts.ts';

/** Kinds that are moved. */
export const movable = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const;
export type MovableKind = (typeof movable)[number];

/** Kinds whose template cannot be changed for what already runs. */
export const fixed = ['ReplicaSet', 'ReplicationController', 'Job', 'Pod'] as const;

export class WorkloadCensus {
  /** Movable ones, then the fixed ones that nobody controls. */
  readonly workloads: KubeObject[] = [];
  readonly #byController = new Map<string, KubeObject[]>();

  constructor(objects: Iterable<KubeObject>) {
    for (const object of objects) {
      const controller = controllerOf(object);
      if (controller === undefined || isMovable(object.kind)) this.workloads.push(object);
      if (controller === undefined) continue;
      const children = this.#byController.get(controller.uid);
      if (children === undefined) this.#byController.set(controller.uid, [object]);
      else children.push(object);
    }
  }

  /** Pods below a workload, through its ReplicaSets or Jobs. */
  podsOf(workload: KubeObject): KubeObject[] {
    if (workload.kind === 'Pod') return [workload];
    const below = this.#byController.get(workload.metadata.uid ?? '') ?? [];
    return below.flatMap((object) => (object.kind === 'Pod' ? [object] : this.podsOf(object)));
  }
}

export function isMovable(kind: string): kind is MovableKind {
  return (movable as readonly string[]).includes(kind);
}

/**
 * All namespaces, because a hold counts wherever it was set; only the named ones where no more may be read.
 * Throws KubeFault, NetFault.
 */
export async function readCensus(
  cluster: Cluster,
  namespaces: readonly string[] = [],
): Promise<{ census: WorkloadCensus; isWhole: boolean }> {
  try {
    return { census: await readPlaces(cluster, [{}]), isWhole: true };
  } catch (error) {
    if (!isFault(error) || error.code !== 'forbidden' || namespaces.length === 0) throw error;
    const places = namespaces.map((namespace) => ({ namespace }));
    return { census: await readPlaces(cluster, places), isWhole: false };
  }
}

async function readPlaces(cluster: Cluster, places: readonly ListOptions[]): Promise<WorkloadCensus> {
  const lists = await Promise.all(
    [...movable, ...fixed].flatMap((kind) => places.map((place) => cluster.list(workloadKinds[kind], place))),
  );
  return new WorkloadCensus(lists.flat());
}
