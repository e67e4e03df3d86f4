// A person with a reason ends a hold: every workload that holds the digest remembers who, when and why.
import type { Clock } from '../../core/index.ts';
import type { Cluster } from '../kube/index.ts';
import { workloadKinds } from '../workload/index.ts';
import { movable } from './census.ts';
import { annotationPatches, changeWorkload } from './change.ts';
import { type Hold, holdAnnotation, holdsOf, isHeld, withRelease } from './hold.ts';
import type { WorkloadName } from './plan.ts';

export interface HeldWorkload extends WorkloadName {
  uid: string;
  hold: Hold;
}

export interface ReleaseOptions {
  by: string;
  reason: string;
  /** ISO 8601; the hold is back then. */
  expires?: string;
  namespaces?: readonly string[];
  clock: Clock;
}

export interface HoldList {
  held: HeldWorkload[];
  /** Annotations that cannot be read. */
  problems: string[];
}

/** Every hold that is in force. Throws KubeFault, NetFault. */
export async function listHolds(
  cluster: Cluster,
  { clock, namespaces = [] }: Pick<ReleaseOptions, 'clock' | 'namespaces'>,
): Promise<HoldList> {
  const places = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
  const found: HoldList = { held: [], problems: [] };
  for (const kind of movable)
    for (const place of places)
      for (const object of await cluster.list(workloadKinds[kind], place)) {
        const { name, namespace = '', uid = '' } = object.metadata;
        const now = clock.now().getTime() + cluster.clockAhead;
        try {
          for (const hold of holdsOf(object))
            if (isHeld(hold, now))
              found.held.push({ context: cluster.context, kind, namespace, name, uid, hold });
        } catch (error) {
          found.problems.push(`${kind} ${namespace}/${name}: ${(error as Error).message}`);
        }
      }
  return found;
}

/** Those that were released. Throws KubeFault, NetFault. */
export async function releaseDigest(
  cluster: Cluster,
  digest: string,
  options: ReleaseOptions,
): Promise<HoldList> {
  const { held, problems } = await listHolds(cluster, options);
  const released: HeldWorkload[] = [];
  for (const workload of held.filter(({ hold }) => hold.digest === digest)) {
    const { kind, namespace, name, uid } = workload;
    const ref = { resource: workloadKinds[kind as (typeof movable)[number]], namespace, name, uid };
    const done = await changeWorkload(cluster, ref, (object) => {
      const now = options.clock.now().getTime() + cluster.clockAhead;
      const { by, reason, expires } = options;
      const release = {
        by,
        reason,
        at: new Date(now).toISOString(),
        ...(expires === undefined ? {} : { expires }),
      };
      const holds = withRelease(holdsOf(object), digest, release, now);
      return holds && annotationPatches(object, { [holdAnnotation]: JSON.stringify(holds) });
    });
    if (done !== undefined) released.push(workload);
  }
  return { held: released, problems };
}
