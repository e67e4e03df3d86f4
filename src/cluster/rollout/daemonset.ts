// A DaemonSet by how many of its nodes run the new pods; nodes that were down before do not count.
import { countOf, mapOf } from './facts.ts';
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

export function judgeDaemonSet(seen: Seen, target: Target): Judgement {
  const common = judgeCommon(seen, target);
  if (common !== undefined) return common;
  if (!isAnswered(seen.object, target)) return { state: 'going', text: 'waiting for its controller' };
  const status = mapOf(seen.object.status);
  const wanted = countOf(status, 'desiredNumberScheduled');
  const updated = countOf(status, 'updatedNumberScheduled');
  const available = countOf(status, 'numberAvailable');
  const enough = Math.max(0, wanted - target.unavailable);
  if (wanted === 0) return { state: 'done', text: 'no node wants it' };
  const ready = seen.pods.filter((pod) => isOfDigest(pod, target.digest) && isReady(pod)).length;
  if (updated >= enough && available >= enough && ready >= enough && enough > 0)
    return doneWhenSteady(
      { state: 'done', text: `${available} of ${wanted} available` },
      enough,
      updated + available,
      seen,
      target,
    );
  const counts = `${updated} of ${wanted} updated, ${available} available`;
  const going = goingOn(counts, updated + available, seen, target);
  return going;
}
