// A Deployment by its own conditions.
import { conditionOf, countOf, lineOf, mapOf, textOf } from './facts.ts';
import {
  goingOn,
  isAnswered,
  isDenial,
  type Judgement,
  judgeCommon,
  lateText,
  type Seen,
  type Target,
} from './judgement.ts';
import { doneWhenSteady } from './steady.ts';

export function judgeDeployment(seen: Seen, target: Target): Judgement {
  const common = judgeCommon(seen, target);
  if (common !== undefined) return common;
  const spec = mapOf(seen.object.spec);
  if (spec['paused'] === true) return { state: 'overtaken', text: 'somebody paused it' };
  if (!isAnswered(seen.object, target)) return { state: 'going', text: 'waiting for its controller' };
  const status = mapOf(seen.object.status);
  const wanted = countOf(spec, 'replicas', 1);
  const updated = countOf(status, 'updatedReplicas');
  const available = countOf(status, 'availableReplicas');
  const all = countOf(status, 'replicas');
  if (updated === wanted && all === wanted && available === wanted) {
    if (wanted === 0) return { state: 'done', text: 'no pods are wanted' };
    const done: Judgement = { state: 'done', text: `${wanted} of ${wanted} available` };
    return doneWhenSteady(done, wanted, updated + available, seen, target);
  }
  const counts = `${updated} of ${wanted} updated, ${available} available`;
  const going = goingOn(counts, updated + available, seen, target);
  const failure = conditionOf(status, 'ReplicaFailure');
  if (failure?.['status'] === 'True' && isDenial(textOf(failure, 'message')) && target.way === 'after')
    return { state: 'failed', text: lineOf(textOf(failure, 'message'), 600) };
  if (isOverdue(status, target))
    return {
      state: 'failed',
      text: `no progress within its own deadline: ${reasonWith(lateText(going), failure)}`,
    };
  return going;
}

/** Ms by which the API server's whole seconds and what we know of its clock may be off. */
const tolerance = 1000;

/** Its controller keeps what it said of the template before until the new one gets on. */
function isOverdue(status: Record<string, unknown>, { since }: Target): boolean {
  const progressing = conditionOf(status, 'Progressing');
  if (progressing?.['status'] !== 'False' || progressing['reason'] !== 'ProgressDeadlineExceeded')
    return false;
  return !(Date.parse(textOf(progressing, 'lastUpdateTime')) <= since + tolerance);
}

function reasonWith(text: string, failure: Record<string, unknown> | undefined): string {
  return failure?.['status'] === 'True' ? `${text}; ${lineOf(textOf(failure, 'message'))}` : text;
}
