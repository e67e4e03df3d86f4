// Available is not yet well: a pod without probes is ready as soon as its program starts, and crashes after that.
import type { KubeObject } from '../kube/index.ts';
import { conditionOf, listOf, mapOf, textOf } from './facts.ts';
import { goingOn, isOfDigest, isReady, type Judgement, type Seen, type Target } from './judgement.ts';

/** What is available at last is done once enough of its pods have run and been ready for `target.settle`. */
export function doneWhenSteady(
  done: Judgement,
  enough: number,
  progress: number,
  seen: Seen,
  target: Target,
): Judgement {
  if (target.way === 'good' || target.settle === 0) return done;
  const since = seen.pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && isOfDigest(pod, target.digest))
    .filter(isReady)
    .map(steadySince)
    .sort((a, b) => a - b)[enough - 1];
  if (since === undefined)
    return goingOn(`${done.text}, its pods not seen ready yet`, progress, seen, target);
  const settles = since + target.settle;
  if (target.now >= settles) return done;
  const seconds = Math.ceil((settles - target.now) / 1000);
  return { state: 'going', text: `${done.text}, watched for ${seconds} s more`, progress, settles };
}

/** Ms since which it has been ready with none of its containers started anew; the kubelet tells whole seconds. */
function steadySince(pod: KubeObject): number {
  const status = mapOf(pod.status);
  const started = listOf(status['containerStatuses']).map((container) =>
    textOf(mapOf(mapOf(container['state'])['running']), 'startedAt'),
  );
  const times = [textOf(conditionOf(status, 'Ready') ?? {}, 'lastTransitionTime'), ...started];
  // what has no time that can be read has not been told yet
  return Math.max(...times.map((time) => Date.parse(time)).map((ms) => (Number.isNaN(ms) ? Infinity : ms)));
}
