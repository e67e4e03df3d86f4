// A StatefulSet by its revisions and the readiness of its pods; and the pods that have to go before it can return.
import type { KubeObject } from '../kube/index.ts';
import { countOf, mapOf, textOf } from './facts.ts';
import {
  goingOn,
  isAnswered,
  isOfDigest,
  isReady,
  type Judgement,
  judgeCommon,
  type Seen,
  type Target,
} from './judgement.ts';
import { doneWhenSteady } from './steady.ts';

export function judgeStatefulSet(seen: Seen, target: Target): Judgement {
  const common = judgeCommon(seen, target);
  if (common !== undefined) return common;
  if (!isAnswered(seen.object, target)) return { state: 'going', text: 'waiting for its controller' };
  const status = mapOf(seen.object.status);
  const wanted = countOf(mapOf(seen.object.spec), 'replicas', 1);
  const updated = countOf(status, 'updatedReplicas');
  const available = countOf(status, 'availableReplicas', countOf(status, 'readyReplicas'));
  const isOneRevision = textOf(status, 'currentRevision') === textOf(status, 'updateRevision');
  if (wanted === 0) return { state: 'done', text: 'no pods are wanted' };
  if (isOneRevision && updated === wanted && available === wanted && countOf(status, 'replicas') === wanted)
    return doneWhenSteady(
      { state: 'done', text: `${wanted} of ${wanted} available` },
      wanted,
      updated + available,
      seen,
      target,
    );
  const counts = `${updated} of ${wanted} updated, ${available} available`;
  const going = goingOn(counts, updated + available, seen, target);
  return going;
}

/**
 * A StatefulSet waits for its broken pod to become ready before it replaces it, also with a template that would mend
 * it (kubernetes.io, "Forced rollback"): these pods are in the way. Only once the controller knows the good template,
 * or it would make the same pod again.
 */
export function podsInTheWay(seen: Seen, target: Target, badDigest: string): KubeObject[] {
  if (!isAnswered(seen.object, target)) return [];
  return seen.pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && isOfDigest(pod, badDigest) && !isReady(pod),
  );
}
