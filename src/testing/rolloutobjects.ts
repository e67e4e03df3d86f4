// Workloads as an API server sends them once their controllers are done, and a controller that does its part in memory.
import type { KubeObject, ObjectMeta } from '../cluster/kube/index.ts';
import { imagesOf, type WorkloadKind, workloadKinds } from '../cluster/workload/index.ts';
import type { MemoryCluster } from './memorycluster.ts';

export const repository = 'registry.example.com/team/app';
export const oldDigest = `sha256:${'1'.repeat(64)}`;
export const newDigest = `sha256:${'2'.repeat(64)}`;
export const oldImage = `${repository}:1.2@${oldDigest}`;
export const newImage = `${repository}:1.2@${newDigest}`;
export const digestChange = {
  domain: 'registry.example.com',
  repository: 'team/app',
  from: oldDigest,
  to: newDigest,
};

export type SettledKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob';

interface Made {
  image?: string;
  metadata?: Partial<ObjectMeta>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const settledStatus: Record<SettledKind, Record<string, unknown>> = {
  Deployment: { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
  StatefulSet: {
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    currentRevision: 'a',
    updateRevision: 'a',
  },
  DaemonSet: {
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberUnavailable: 0,
  },
  CronJob: {},
};

/** Two pods, all of them of the newest template and available. */
export function settled(kind: SettledKind, name = 'web', made: Made = {}): KubeObject {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: made.image ?? oldImage }] },
  };
  const spec =
    kind === 'CronJob'
      ? { schedule: '0 * * * *', jobTemplate: { spec: { template } } }
      : {
          ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
          selector: { matchLabels: { app: name } },
          template,
        };
  const { group, version } = workloadKinds[kind];
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, ...made.metadata },
    spec: { ...spec, ...made.spec },
    status: { observedGeneration: 1, ...settledStatus[kind], ...made.status },
  };
}

/** A pod of the workload with one container, ready unless its state says otherwise. */
export function podFor(
  owner: { kind: string; name: string; uid: string },
  name: string,
  image: string,
  container: Record<string, unknown> = {},
): KubeObject {
  const ready = container['ready'] ?? true;
  const at = image.indexOf('@');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: '2026-11-27T12:00:00Z',
      ownerReferences: [{ apiVersion: 'apps/v1', controller: true, ...owner }],
    },
    spec: { containers: [{ name: 'main', image }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'main',
          ready,
          restartCount: 0,
          imageID: at < 0 ? '' : `${repository}${image.slice(at)}`,
          ...container,
        },
      ],
    },
  };
}

/**
 * Stands for the Deployment controller: takes up each new template; pods of a digest that `isBad` names never come, and
 * the deadline passes at once. Ends with the signal.
 */
export async function controlDeployments(
  cluster: MemoryCluster,
  isBad: (image: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const kind: WorkloadKind = workloadKinds.Deployment;
  for await (const event of cluster.watch(kind, {}, signal)) {
    for (const { metadata } of event.type === 'listed' ? event.objects : [event.object]) {
      const object = await cluster.get(kind, metadata.name, metadata.namespace);
      const status = (object?.status ?? {}) as Record<string, unknown>;
      if (object === undefined || status['observedGeneration'] === object.metadata.generation) continue;
      const broken = imagesOf(object, kind).images.some(({ image }) => isBad(image));
      const next = broken
        ? {
            replicas: 3,
            updatedReplicas: 1,
            availableReplicas: 2,
            conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
          }
        : { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
      await cluster
        .replace(kind, { ...object, status: { observedGeneration: object.metadata.generation, ...next } })
        .catch((error) => {
          // somebody else was faster: the next event tells
          if (error.code !== 'conflict') throw error;
        });
    }
  }
}
