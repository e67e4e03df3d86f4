// Pods as an API server sends them, in the shapes of several container runtimes.
import type { KubeObject } from '../cluster/kube/index.ts';

export interface MadeContainer {
  name?: string;
  image: string;
  imageID?: string;
  state?: Record<string, unknown>;
  lastState?: Record<string, unknown>;
  restartPolicy?: 'Always';
}

export interface MadePod {
  namespace?: string;
  containers?: MadeContainer[];
  init?: MadeContainer[];
  ephemeral?: MadeContainer[];
  volumes?: { name: string; image: { reference: string } }[];
  owner?: { apiVersion?: string; kind: string; name: string; uid: string };
  phase?: string;
  restartPolicy?: string;
  node?: string;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
}

export const running = { running: { startedAt: '2026-11-27T09:56:44Z' } };
export const terminated = (exitCode: number) => ({ terminated: { exitCode, reason: 'Error' } });
export const waiting = (reason: string) => ({ waiting: { reason } });

export function podOf(name: string, made: MadePod): KubeObject {
  const { containers = [], init = [], ephemeral = [], owner } = made;
  const spec = ({ name: own = 'main', image, restartPolicy }: MadeContainer) => ({
    name: own,
    image,
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  });
  const status = ({
    name: own = 'main',
    image,
    imageID = '',
    state = running,
    lastState = {},
  }: MadeContainer) => ({
    name: own,
    image,
    imageID,
    state,
    lastState,
    restartCount: 0,
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: made.namespace ?? 'shop',
      uid: `pod-${name}`,
      ...(made.annotations === undefined ? {} : { annotations: made.annotations }),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'apps/v1', controller: true, ...owner }] }),
    },
    spec: {
      nodeName: made.node ?? 'node1',
      restartPolicy: made.restartPolicy ?? 'Always',
      containers: containers.map(spec),
      initContainers: init.map(spec),
      ephemeralContainers: ephemeral.map(spec),
      volumes: made.volumes ?? [],
      ...made.spec,
    },
    status: {
      phase: made.phase ?? 'Running',
      containerStatuses: containers.map(status),
      initContainerStatuses: init.map(status),
      ephemeralContainerStatuses: ephemeral.map(status),
    },
  };
}

export function ownedBy(
  kind: string,
  name: string,
  uid: string,
  owner?: { apiVersion: string; kind: string; name: string; uid: string },
  namespace = 'shop',
): KubeObject {
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: {
      name,
      namespace,
      uid,
      ...(owner === undefined ? {} : { ownerReferences: [{ controller: true, ...owner }] }),
    },
  };
}

export function nodeOf(name: string, architecture = 'amd64', operatingSystem = 'linux'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { nodeInfo: { architecture, operatingSystem } },
  };
}
