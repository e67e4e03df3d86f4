// How far the agent's Deployment is, in words. Pure.
import type { KubeObject } from './kube/index.ts';

export interface Readiness {
  /** As many as wanted answer. */
  available: boolean;
  /** As many as wanted run, whether ready or not. */
  running: boolean;
  /** Waiting will not help. */
  hopeless: boolean;
  text: string;
}

interface Status {
  observedGeneration?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
  replicas?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: unknown;
  terminated?: { exitCode?: number };
}

const hopeless = new Set(['InvalidImageName', 'CreateContainerConfigError']);

export function readinessOf(deployment: KubeObject | undefined, pods: readonly KubeObject[]): Readiness {
  const spec = (deployment?.spec ?? {}) as { replicas?: number };
  const status = (deployment?.status ?? {}) as Status;
  const wanted = spec.replicas ?? 1;
  const seen = status.observedGeneration === deployment?.metadata.generation && deployment !== undefined;
  const updated = status.updatedReplicas ?? 0;
  const available =
    seen && updated === wanted && status.replicas === wanted && (status.availableReplicas ?? 0) >= wanted;
  const states = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ status: its }) => stateOf(its));
  const running = seen && updated === wanted && states.filter(({ running: one }) => one).length >= wanted;
  const failure = status.conditions?.find(
    ({ type, status: word }) => type === 'ReplicaFailure' && word === 'True',
  );
  const waits = [...new Set([failure?.message, ...states.map(({ text }) => text)].filter(Boolean))];
  return {
    available,
    running,
    hopeless: states.length > 0 && states.every(({ reason }) => hopeless.has(reason)),
    text: `${status.availableReplicas ?? 0} of ${wanted} ready${waits.length === 0 ? '' : ` (${waits.join('; ').slice(0, 300)})`}`,
  };
}

function stateOf(status: unknown): { running: boolean; reason: string; text: string | undefined } {
  const { containerStatuses, conditions } = (status ?? {}) as {
    containerStatuses?: { state?: ContainerState; restartCount?: number }[];
    conditions?: { type: string; status: string; message?: string }[];
  };
  const state = containerStatuses?.[0]?.state;
  const waiting = state?.waiting;
  const unscheduled = conditions?.find(
    ({ type, status: word }) => type === 'PodScheduled' && word === 'False',
  );
  const text =
    unscheduled?.message ?? (waiting && `${waiting.reason}${waiting.message ? `: ${waiting.message}` : ''}`);
  return { running: state?.running !== undefined, reason: waiting?.reason ?? '', text };
}
