// What is kept of each object of a cluster while a census is taken: of ten thousand pods the rest would fill memory.
import type { KubeObject } from './kube/index.ts';

type Json = Record<string, unknown>;

/** Everything that `takeCensus` reads; what is not shaped as a pod's is kept as it is, so that it is named. */
export function keepPod(pod: KubeObject): KubeObject {
  const { spec, status } = pod;
  return {
    ...keepOwner(pod),
    ...(isMap(spec) ? { spec: keepSpec(spec) } : { spec }),
    ...(isMap(status) ? { status: keepStatus(status) } : { status }),
  };
}

/** Of what stands between a pod and its workload: who it is, and who controls it. */
export function keepOwner({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, ownerReferences } = metadata;
  const mirror = metadata.annotations?.['kubernetes.io/config.mirror'];
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(mirror === undefined ? {} : { annotations: { 'kubernetes.io/config.mirror': mirror } }),
    },
  };
}

function keepSpec(spec: Json): Json {
  const { nodeName, restartPolicy, imagePullSecrets, serviceAccountName } = spec;
  const { containers, initContainers, ephemeralContainers, volumes } = spec;
  const container = only('name', 'image', 'restartPolicy');
  return {
    nodeName,
    restartPolicy,
    imagePullSecrets,
    serviceAccountName,
    containers: each(containers, container),
    initContainers: each(initContainers, container),
    ephemeralContainers: each(ephemeralContainers, container),
    volumes: Array.isArray(volumes)
      ? volumes.filter((volume) => !isMap(volume) || volume['image'] !== undefined)
      : volumes,
  };
}

function keepStatus(status: Json): Json {
  const { phase, containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status;
  const keep = (item: Json) => ({
    ...only('name', 'imageID', 'state', 'lastState')(item),
    ...(Array.isArray(item['volumeMounts'])
      ? {
          volumeMounts: item['volumeMounts'].filter(
            (mount) => isMap(mount) && mount['volumeStatus'] !== undefined,
          ),
        }
      : {}),
  });
  return {
    phase,
    containerStatuses: each(containerStatuses, keep),
    initContainerStatuses: each(initContainerStatuses, keep),
    ephemeralContainerStatuses: each(ephemeralContainerStatuses, keep),
  };
}

function each(list: unknown, keep: (item: Json) => Json): unknown {
  return Array.isArray(list) ? list.map((item) => (isMap(item) ? keep(item) : item)) : list;
}

function only(...keys: string[]): (item: Json) => Json {
  return (item) =>
    Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
