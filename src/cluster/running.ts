// What runs: every container of every live pod, with its image and the workload it belongs to. Pure.
import type { KubeObject, PullingPod } from './kube/index.ts';
import { type ImageIdentity, identityByName, identityOf } from './runningimage.ts';
import { Owners, selfOf, type Workload } from './runningowner.ts';
import { type ImageRole, type ImageUse, imagesOf, workloadKinds } from './workload/index.ts';

/**
 * `running`: also one that crashes and is started again. `ran`: an init container or one that ended in a pod that
 * lives. `scheduled`: a CronJob would start it.
 */
export type RunningState = 'running' | 'ran' | 'scheduled';

/** The same container of the same workload with the same image, in one or many pods. */
export interface Running {
  namespace: string;
  workload: Workload;
  container: string;
  role: ImageRole;
  state: RunningState;
  /** As the pod names it. */
  image: string;
  identity: ImageIdentity;
  /** `linux/amd64`: the node's; undefined where no node is known. */
  platform?: string;
  /** 0 for what is only scheduled. */
  pods: number;
  /** One of them. */
  pod?: string;
  /** What its images are pulled with. */
  pulling: PullingPod;
}

/** A container that has not started, and may never. */
export interface NotStarted {
  namespace: string;
  workload: Workload;
  container: string;
  image: string;
  /** The kubelet's word: `ImagePullBackOff`. */
  reason: string;
  pods: number;
}

export interface Census {
  running: Running[];
  notStarted: NotStarted[];
  /** Pods that live. */
  pods: number;
  /** Objects that are not shaped as their kind is; what they run is not known. */
  problems: string[];
}

export interface CensusObjects {
  pods: readonly KubeObject[];
  /** ReplicaSets and Jobs. */
  between: readonly KubeObject[];
  cronJobs: readonly KubeObject[];
  nodes: readonly KubeObject[];
}

/** In the order of namespace, workload and container. */
export function takeCensus({ pods, between, cronJobs, nodes }: CensusObjects): Census {
  const owners = new Owners(between);
  const platforms = new Map(nodes.map((node) => [node.metadata.name, platformOf(node)]));
  const distinct = new Set(platforms.values());
  // Where all nodes are alike it does not matter which one it is.
  const common = distinct.size === 1 ? [...distinct][0] : undefined;
  const running = new Map<string, Running>();
  const notStarted = new Map<string, NotStarted>();
  const busy = new Set<string>();
  const problems: string[] = [];
  let live = 0;
  for (const pod of pods) {
    if (!isLive(pod)) continue;
    live++;
    const workload = owners.workloadOf(pod);
    const found = imagesOf(pod, workloadKinds.Pod);
    problems.push(...found.problems.map((text) => `pod ${nameOf(pod)}: ${text}`));
    const platform = platforms.get(textAt(pod.spec, 'nodeName') ?? '') ?? common;
    const statuses = statusesOf(pod);
    const isUp = [...statuses.values()].some(({ imageID }) => typeof imageID === 'string' && imageID !== '');
    const base = { namespace: pod.metadata.namespace ?? '', workload };
    for (const use of found.images) {
      const status = statuses.get(`${use.role === 'sidecar' ? 'init' : use.role} ${use.name}`);
      const state =
        use.role === 'volume'
          ? isUp
            ? 'running'
            : undefined
          : stateOf(use, status, textAt(pod.spec, 'restartPolicy'));
      if (state === 'ended') continue;
      if (state === undefined) {
        const waits = { ...base, container: use.name, image: use.image, reason: reasonOf(status) };
        merge(notStarted, JSON.stringify(waits), { ...waits, pods: 0 }).pods++;
        continue;
      }
      const one = {
        ...base,
        container: use.name,
        role: use.role,
        state,
        image: use.image,
        identity:
          use.role === 'volume' ? volumeIdentity(use, statuses) : identityOf(status?.['imageID'], use.image),
        ...(platform === undefined ? {} : { platform }),
      };
      const first = { ...one, pods: 0, pod: pod.metadata.name, pulling: pullingOf(pod.spec) };
      const same = merge(running, JSON.stringify(one), first);
      same.pods++;
      busy.add(keyOf(workload, use.name, use.image));
      if (pod.metadata.name < same.pod!) same.pod = pod.metadata.name;
    }
  }
  for (const cronJob of cronJobs) {
    const workload = selfOf(cronJob);
    const isSuspended = mapAt(cronJob, 'spec')?.['suspend'] === true;
    if (isSuspended) continue;
    const found = imagesOf(cronJob, workloadKinds.CronJob);
    problems.push(...found.problems.map((text) => `cronjob ${nameOf(cronJob)}: ${text}`));
    for (const use of found.images) {
      if (busy.has(keyOf(workload, use.name, use.image))) continue;
      const { role, name, image } = use;
      const one = { namespace: cronJob.metadata.namespace ?? '', workload, container: name, role, image };
      const scheduled = {
        ...one,
        state: 'scheduled' as const,
        identity: identityByName(image),
        pods: 0,
        pulling: pullingOf(templateOf(cronJob)),
        ...(common === undefined ? {} : { platform: common }),
      };
      running.set(JSON.stringify(one), scheduled);
    }
  }
  return {
    running: [...running.values()].sort(inOrder),
    notStarted: [...notStarted.values()].sort(inOrder),
    pods: live,
    problems,
  };
}

function keyOf({ uid, name }: Workload, container: string, image: string): string {
  return JSON.stringify([uid ?? name, container, image]);
}

function merge<T>(into: Map<string, T>, key: string, one: T): T {
  const known = into.get(key);
  if (known !== undefined) return known;
  into.set(key, one);
  return one;
}

type Order = Pick<Running, 'namespace' | 'workload' | 'container'>;

function inOrder(a: Order, b: Order): number {
  const text = ({ namespace, workload, container }: Order) =>
    `${namespace}\0${workload.kind}\0${workload.name}\0${container}`;
  return text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0;
}

/** A pod that has ended runs nothing, and is never started again. */
function isLive(pod: KubeObject): boolean {
  const phase = textAt(pod.status, 'phase');
  return phase !== 'Succeeded' && phase !== 'Failed';
}

type Status = Record<string, unknown>;

const statusLists = [
  ['containerStatuses', 'container'],
  ['initContainerStatuses', 'init'],
  ['ephemeralContainerStatuses', 'ephemeral'],
] as const;

function statusesOf(pod: KubeObject): Map<string, Status> {
  const found = new Map<string, Status>();
  for (const [key, role] of statusLists) {
    const list = mapOf(pod.status)?.[key];
    for (const item of Array.isArray(list) ? list : []) {
      const status = mapOf(item);
      if (typeof status?.['name'] === 'string') found.set(`${role} ${status['name']}`, status);
    }
  }
  return found;
}

/** `ended`: for good. Undefined: it has not started. */
function stateOf(
  { role }: ImageUse,
  status: Status | undefined,
  restartPolicy: string | undefined,
): 'running' | 'ran' | 'ended' | undefined {
  const state = mapAt(status, 'state');
  if (mapOf(state?.['running'])) return 'running';
  const ended = mapOf(state?.['terminated']);
  if (ended === undefined && mapOf(mapAt(status, 'lastState')?.['terminated']) === undefined)
    return undefined;
  // A debugging container is never started again.
  if (role === 'ephemeral') return 'ended';
  if (role === 'init') return 'ran';
  // What waits after an end is in its back-off.
  if (ended === undefined || role === 'sidecar' || (restartPolicy ?? 'Always') === 'Always') return 'running';
  return restartPolicy === 'OnFailure' && ended['exitCode'] !== 0 ? 'running' : 'ran';
}

function reasonOf(status: Status | undefined): string {
  return textAt(mapAt(status, 'state')?.['waiting'], 'reason') ?? 'not started';
}

/** The digest of an image volume stands with the mounts (KEP-5365), where the node tells it at all. */
function volumeIdentity({ name, image }: ImageUse, statuses: ReadonlyMap<string, Status>): ImageIdentity {
  for (const status of statuses.values()) {
    const mounts = status['volumeMounts'];
    for (const item of Array.isArray(mounts) ? mounts : []) {
      const mount = mapOf(item);
      if (mount?.['name'] !== name) continue;
      const told = mapAt(mapAt(mount, 'volumeStatus'), 'image')?.['imageRef'];
      if (told !== undefined) return identityOf(told, image);
    }
  }
  return identityByName(image);
}

function pullingOf(spec: unknown): PullingPod {
  const { imagePullSecrets, serviceAccountName } = mapOf(spec) ?? {};
  return { imagePullSecrets, serviceAccountName };
}

function templateOf(cronJob: KubeObject): unknown {
  return workloadKinds.CronJob.podSpec.reduce<unknown>((at, key) => mapOf(at)?.[key], cronJob);
}

function platformOf(node: KubeObject): string | undefined {
  const info = mapAt(node.status, 'nodeInfo');
  const os = textAt(info, 'operatingSystem');
  const architecture = textAt(info, 'architecture');
  return os === undefined || architecture === undefined ? undefined : `${os}/${architecture}`;
}

function nameOf({ metadata: { namespace, name } }: KubeObject): string {
  return `${namespace ?? ''}/${name}`;
}

function mapOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function mapAt(value: unknown, key: string): Record<string, unknown> | undefined {
  return mapOf(mapOf(value)?.[key]);
}

function textAt(value: unknown, key: string): string | undefined {
  const found = mapOf(value)?.[key];
  return typeof found === 'string' && found !== '' ? found : undefined;
}
