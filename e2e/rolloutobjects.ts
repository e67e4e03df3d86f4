// Workloads of every kind with one image, as small and quick as they can be.

export type MadeKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob';

interface Made {
  replicas?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
}

/** With an init container and a sidecar of the same image; a CronJob of every minute. */
export function workloadOf(
  kind: MadeKind,
  namespace: string,
  name: string,
  image: string,
  made: Made = {},
): object {
  const labels = { app: name };
  const isJob = kind === 'CronJob';
  const once = { env: [{ name: 'ONCE', value: '1' }] };
  const probe = { exec: { command: ['/bin/ok'] }, periodSeconds: 1, timeoutSeconds: 2 };
  const podSpec = {
    terminationGracePeriodSeconds: 1,
    initContainers: [{ name: 'first', image, ...once }],
    containers: [{ name: 'main', image, ...(isJob ? once : { readinessProbe: probe }) }],
    ...(isJob ? { restartPolicy: 'Never' } : {}),
  };
  const template = { metadata: { labels }, spec: podSpec };
  const selector = { matchLabels: labels };
  const spec = {
    Deployment: { replicas: made.replicas ?? 1, selector, template, progressDeadlineSeconds: 90 },
    StatefulSet: { replicas: made.replicas ?? 1, selector, template, serviceName: name },
    DaemonSet: { selector, template },
    CronJob: {
      schedule: '* * * * *',
      jobTemplate: { spec: { backoffLimit: 0, template } },
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
    },
  }[kind];
  return {
    apiVersion: isJob ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace, labels: made.labels ?? {}, annotations: made.annotations ?? {} },
    spec: { ...spec, ...made.spec },
  };
}
