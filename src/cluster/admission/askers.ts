// Who asks: people, the cluster's own controllers, a kubelet that tells of a static pod.
import type { ReviewRequest } from './review.ts';

/** Controllers that make pods, and what makes their pods' owners; by the service accounts they run under. */
const builtIn = new Set(
  [
    'replicaset-controller',
    'statefulset-controller',
    'daemon-set-controller',
    'job-controller',
    'cronjob-controller',
    'replication-controller',
    'deployment-controller',
  ].map((name) => `system:serviceaccount:kube-system:${name}`),
);

/** Where controllers have no service accounts of their own (`--use-service-account-credentials=false`). */
const together = 'system:kube-controller-manager';

export function isBuiltInController(username: string): boolean {
  return builtIn.has(username) || username === together;
}

/**
 * The kubelet runs a static pod whatever the answer is; the API server's NodeRestriction lets only a node write this
 * annotation for itself, and for anybody else it proves nothing.
 */
export function isMirrorPod({ kind, asker, object }: ReviewRequest): boolean {
  if (kind.kind !== 'Pod' || kind.group !== '') return false;
  if (!asker.username.startsWith('system:node:') || !asker.groups.includes('system:nodes')) return false;
  const metadata = object?.['metadata'] as { annotations?: Record<string, unknown> } | undefined;
  return metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}
