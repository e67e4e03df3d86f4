// Whether a workload stands still and works: only then can a failure be told to be the new digest's.
import type { KubeObject } from '../kube/index.ts';
import type { MovableKind } from './census.ts';
import { conditionOf, countOf, mapOf, textOf } from './facts.ts';

export type LeftWhy =
  | 'owned'
  | 'paused'
  | 'suspended'
  | 'moving'
  | 'unsettled'
  | 'on-delete'
  | 'partitioned'
  | 'not-movable'
  | 'by-tag'
  | 'held'
  | 'deleting'
  | 'unreadable'
  | 'missing';

/** Undefined: it can be moved now. */
export function unsettled(object: KubeObject, kind: MovableKind): { why: LeftWhy; text: string } | undefined {
  const spec = mapOf(object.spec);
  const status = mapOf(object.status);
  if (object.metadata.deletionTimestamp !== undefined)
    return { why: 'deleting', text: 'it is being deleted' };
  if (spec['paused'] === true)
    return {
      why: 'paused',
      text: `it is paused: kubectl rollout resume ${kind.toLowerCase()}/${object.metadata.name}`,
    };
  if (spec['suspend'] === true)
    return { why: 'suspended', text: 'it is suspended: nothing would show whether it works' };
  if (kind === 'CronJob') return undefined;
  if (countOf(status, 'observedGeneration') < (object.metadata.generation ?? 0))
    return { why: 'moving', text: 'its controller has not yet taken up the last change' };
  const strategy = mapOf(spec['updateStrategy']);
  if (textOf(strategy, 'type') === 'OnDelete')
    return {
      why: 'on-delete',
      text: 'its update strategy is OnDelete: its pods change only when a person deletes them',
    };
  if (kind === 'Deployment') return unsettledDeployment(spec, status);
  return kind === 'StatefulSet' ? unsettledStatefulSet(spec, status) : unsettledDaemonSet(status);
}

type Fields = Record<string, unknown>;

function unsettledDeployment(spec: Fields, status: Fields): ReturnType<typeof unsettled> {
  const wanted = countOf(spec, 'replicas', 1);
  const updated = countOf(status, 'updatedReplicas');
  const isFailed = conditionOf(status, 'Progressing')?.['status'] === 'False';
  if (!isFailed && (updated !== wanted || countOf(status, 'replicas') !== wanted))
    return {
      why: 'moving',
      text: `it is already moving: ${updated} of ${wanted} pods are of its newest template`,
    };
  return broken(wanted, Math.min(updated, countOf(status, 'availableReplicas')));
}

function unsettledStatefulSet(spec: Fields, status: Fields): ReturnType<typeof unsettled> {
  const partition = countOf(mapOf(mapOf(spec['updateStrategy'])['rollingUpdate']), 'partition');
  if (partition > 0)
    return {
      why: 'partitioned',
      text: `somebody stages it: its update strategy has partition ${partition}, and pods below keep their template`,
    };
  const wanted = countOf(spec, 'replicas', 1);
  const isOneRevision = textOf(status, 'currentRevision') === textOf(status, 'updateRevision');
  if (wanted > 0 && !isOneRevision)
    return { why: 'moving', text: 'it is already moving: its pods are of two revisions' };
  return broken(wanted, countOf(status, 'availableReplicas', countOf(status, 'readyReplicas')));
}

/** A node that is down is no reason to leave the others as they are. */
function unsettledDaemonSet(status: Fields): ReturnType<typeof unsettled> {
  const wanted = countOf(status, 'desiredNumberScheduled');
  const available = countOf(status, 'numberAvailable');
  const updated = countOf(status, 'updatedNumberScheduled');
  if (updated < available)
    return {
      why: 'moving',
      text: `it is already moving: ${updated} of ${wanted} pods are of its newest template`,
    };
  return wanted > 0 && available === 0 ? broken(wanted, 0) : undefined;
}

function broken(wanted: number, available: number): ReturnType<typeof unsettled> {
  if (available >= wanted) return undefined;
  return {
    why: 'unsettled',
    text: `only ${available} of ${wanted} pods are available already now: nothing would tell whose fault a failure is`,
  };
}
