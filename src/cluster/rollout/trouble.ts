// What keeps a pod from coming up, as its kubelet says it, and whether waiting longer could help.
import type { KubeObject } from '../kube/index.ts';
import { countOf, type Fields, lineOf, listOf, mapOf, textOf } from './facts.ts';

export interface Trouble {
  text: string;
  /** True: it will not mend itself. */
  isFinal: boolean;
  /** It has started and is not ready yet, as every pod is for a while. */
  isUsual?: true;
}

/** Ms that a registry, a volume or a secret may take to be there. */
const grace = 60_000;

const never = new Set(['InvalidImageName', 'ErrImageNeverPull']);
const slow = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'CreateContainerError',
  'CreateContainerConfigError',
  'RunContainerError',
  'ImageInspectError',
  'RegistryUnavailable',
]);
/** What a registry says that no second try changes. */
const absent =
  /not found|manifest unknown|no match for platform|no matching manifest|unsupported media type/i;

/** The worst of the pod's containers. `restarts`: how many count as a crash loop. `now`: by the server's clock. */
export function troubleOf(pod: KubeObject, restarts: number, now: number): Trouble | undefined {
  const status = mapOf(pod.status);
  const all = [...listOf(status['initContainerStatuses']), ...listOf(status['containerStatuses'])];
  const age = now - Date.parse(pod.metadata.creationTimestamp ?? '');
  const found = all.flatMap((container) => troubleIn(container, restarts, age) ?? []);
  const worst = found.find(({ isFinal }) => isFinal) ?? found[0];
  if (worst !== undefined) return { ...worst, text: `pod ${pod.metadata.name}: ${worst.text}` };
  const unscheduled = listOf(status['conditions']).find(
    (one) => one['type'] === 'PodScheduled' && one['status'] === 'False',
  );
  if (unscheduled !== undefined)
    return { text: `pod ${pod.metadata.name}: ${lineOf(textOf(unscheduled, 'message'))}`, isFinal: false };
  const unready = all.find(
    (container) => container['ready'] === false && 'running' in mapOf(container['state']),
  );
  if (unready === undefined) return undefined;
  return {
    text: `pod ${pod.metadata.name}: ${textOf(unready, 'name')} runs, but is not ready`,
    isFinal: false,
    isUsual: true,
  };
}

/** How the pod's containers ended that did not end well. */
export function badEnd(pod: KubeObject): string | undefined {
  const status = mapOf(pod.status);
  for (const container of [
    ...listOf(status['initContainerStatuses']),
    ...listOf(status['containerStatuses']),
  ]) {
    const ended = mapOf(mapOf(container['state'])['terminated']);
    if (countOf(ended, 'exitCode') !== 0)
      return `pod ${pod.metadata.name}: ${textOf(container, 'name')} ${endOf(ended)}`;
  }
  return undefined;
}

function troubleIn(container: Fields, restarts: number, age: number): Trouble | undefined {
  const state = mapOf(container['state']);
  const waiting = mapOf(state['waiting']);
  const reason = textOf(waiting, 'reason');
  const name = textOf(container, 'name');
  const count = countOf(container, 'restartCount');
  const ended = mapOf(state['terminated'] ?? mapOf(container['lastState'])['terminated']);
  const failed = 'exitCode' in ended && (countOf(ended, 'exitCode') !== 0 || reason === 'CrashLoopBackOff');
  if (failed && count > 0) {
    const times = `restarted ${count} ${count === 1 ? 'time' : 'times'}`;
    return { text: `${name} ${endOf(ended)}, ${times}`, isFinal: count >= restarts };
  }
  if (!never.has(reason) && !slow.has(reason)) return undefined;
  const message = textOf(waiting, 'message');
  const isFinal = never.has(reason) || absent.test(message) || age >= grace;
  return { text: `${name} ${reason}${message === '' ? '' : `: ${lineOf(message)}`}`, isFinal };
}

function endOf(ended: Fields): string {
  const reason = textOf(ended, 'reason');
  const code = countOf(ended, 'exitCode');
  const message = lineOf(textOf(ended, 'message'), 120);
  return `ended with code ${code}${['', 'Error', 'Completed'].includes(reason) ? '' : ` (${lineOf(reason, 40)})`}${message === '' ? '' : `: ${message}`}`;
}
