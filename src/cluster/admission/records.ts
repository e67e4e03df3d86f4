// What each workload last ran, as WorkloadImages resources: read by every replica, written by the one that leads.
import { type Clock, type Fault, isFault } from '../../core/index.ts';
import { type Cluster, type KubeObject, type OwnerReference, resources } from '../kube/index.ts';
import { groupOf, imagesOf } from '../workload/index.ts';
import { digestIn, type FindOwner, type Memory, type RanImage, rootOf } from './kept.ts';

/** One container of a workload, as it is recorded. */
export interface RecordedImage extends RanImage {
  /** What was decided about it when it was first seen to run; the admission's answer where it was judged there. */
  decision: string;
  /** The first rule that was not met. */
  reason?: string;
  /** ISO time of the pod that ran it. */
  since: string;
}

export interface WorkloadRecord {
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  containers: RecordedImage[];
}

export interface RecordsOptions {
  cluster: Cluster;
  namespace: string;
  clock: Clock;
  find: FindOwner;
  /** Judges what runs: image by image, `NAME@DIGEST`. */
  judge(
    pod: KubeObject,
    images: readonly string[],
  ): Promise<ReadonlyMap<string, { decision: string; reason?: string }>>;
  problem(fault: Fault): void;
}

export class Records implements Memory {
  readonly #options: RecordsOptions;
  readonly #records = new Map<string, WorkloadRecord>();
  readonly #busy = new Map<string, Promise<void>>();

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  ran(uid: string): readonly RanImage[] {
    return this.#records.get(uid)?.containers ?? [];
  }

  /** Follows the records until the signal is aborted; `listed` is called once everything was read. */
  async follow(listed: () => void, signal: AbortSignal): Promise<void> {
    const { cluster, namespace, problem } = this.#options;
    const watch = cluster.watch(
      resources.workloadImages,
      { namespace, problem: (fault) => fault && problem(fault) },
      signal,
    );
    for await (const event of watch) {
      if (event.type === 'listed') {
        this.#records.clear();
        for (const object of event.objects) this.#take(object);
        listed();
      } else if (event.type === 'deleted') this.#records.delete(event.object.metadata.name);
      else this.#take(event.object);
    }
  }

  #take(object: KubeObject): void {
    const record = recordOf(object);
    if (record !== undefined) this.#records.set(record.uid, record);
  }

  /** A pod as it is now: what it runs is recorded for the workload it belongs to. */
  async see(pod: KubeObject): Promise<void> {
    const running = runningImages(pod);
    if (running.length === 0) return;
    const namespace = pod.metadata.namespace ?? '';
    const root = (await rootOf(pod, namespace, this.#options.find)) ?? pod;
    const uid = root.metadata.uid;
    if (uid !== undefined) await this.#alone(uid, () => this.#record(pod, root, uid, running));
  }

  /** Pods of one workload after the other: each adds to what was recorded before. */
  async #alone(uid: string, work: () => Promise<void>): Promise<void> {
    const before = this.#busy.get(uid) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#busy.set(uid, mine);
    await mine.finally(() => {
      if (this.#busy.get(uid) === mine) this.#busy.delete(uid);
    });
  }

  async #record(pod: KubeObject, root: KubeObject, uid: string, running: readonly Running[]): Promise<void> {
    const namespace = pod.metadata.namespace ?? '';
    const known = this.#records.get(uid);
    const template = new Map(
      imagesOf(root, { group: groupOf(root.apiVersion), kind: root.kind }).images.map(
        ({ role, name, image }) => [`${role}/${name}`, image],
      ),
    );
    const since = pod.metadata.creationTimestamp ?? '';
    const fresh = running.filter(({ use, digest }) => {
      const before = known?.containers.find((item) => item.use === use);
      if (before === undefined) return true;
      if (before.digest === digest && before.image === (template.get(use) ?? before.image)) return false;
      // An older pod that still runs says nothing of what came after it.
      return since >= before.since;
    });
    if (fresh.length === 0) return;
    const answers = await this.#options.judge(pod, [...new Set(fresh.map(({ pinned }) => pinned))]);
    const containers = new Map((known?.containers ?? []).map((item) => [item.use, item]));
    for (const { use, image, digest, pinned } of fresh) {
      const answer = answers.get(pinned);
      containers.set(use, {
        use,
        image: template.get(use) ?? image,
        digest,
        decision: answer?.decision ?? 'undecided',
        ...(answer?.reason === undefined ? {} : { reason: answer.reason }),
        since,
      });
    }
    await this.#write({
      kind: root.kind,
      namespace,
      name: root.metadata.name,
      uid,
      containers: [...containers.values()],
    });
  }

  async #write(record: WorkloadRecord): Promise<void> {
    const { cluster, namespace, problem } = this.#options;
    try {
      await cluster.apply(resources.workloadImages, {
        apiVersion: 'seaworthy.dev/v1alpha1',
        kind: 'WorkloadImages',
        metadata: { name: record.uid, namespace },
        spec: { ...record, ...worstOf(record.containers) },
      });
      this.#records.set(record.uid, record);
    } catch (error) {
      if (!isFault(error)) throw error;
      problem(error);
    }
  }

  /** Judges again what is recorded: another policy is in force, or what was undecided can be decided by now. */
  async rejudge(signal: AbortSignal): Promise<void> {
    for (const record of [...this.#records.values()]) {
      if (signal.aborted) return;
      const pinned = ({ image, digest }: RecordedImage) =>
        image.includes('@') ? image : `${image}@${digest}`;
      const root = await this.#options.find(ownerOf(record), record.namespace);
      if (root === undefined) continue;
      const answers = await this.#options.judge(root, [...new Set(record.containers.map(pinned))]);
      const containers = record.containers.map(({ reason: _, ...item }) => {
        const answer = answers.get(pinned(item));
        return answer === undefined ? item : { ...item, ...answer };
      });
      if (JSON.stringify(containers) !== JSON.stringify(record.containers))
        await this.#write({ ...record, containers });
    }
  }

  /** Forgets workloads that are gone. */
  async sweep(): Promise<void> {
    const { cluster, namespace, find } = this.#options;
    for (const record of [...this.#records.values()])
      if ((await find(ownerOf(record), record.namespace)) === undefined)
        await cluster.delete(resources.workloadImages, record.uid, namespace);
  }
}

/** What a list of records shows: one container that is denied makes the workload one to look at. */
function worstOf(containers: readonly RecordedImage[]): { decision: string; reason?: string } {
  const worst = ['deny', 'undecided']
    .map((word) => containers.find(({ decision }) => decision === word))
    .find((item) => item !== undefined);
  if (worst === undefined) return { decision: 'allow' };
  return { decision: worst.decision, ...(worst.reason === undefined ? {} : { reason: worst.reason }) };
}

function ownerOf({ kind, name, uid }: WorkloadRecord): OwnerReference {
  return { apiVersion: apiVersions[kind] ?? 'v1', kind, name, uid };
}

const apiVersions: Readonly<Record<string, string>> = {
  Pod: 'v1',
  ReplicationController: 'v1',
  ReplicaSet: 'apps/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

function recordOf({ metadata, spec }: KubeObject): WorkloadRecord | undefined {
  const record = spec as Partial<WorkloadRecord> | undefined;
  if (record?.uid !== metadata.name || !Array.isArray(record.containers)) return undefined;
  return record as WorkloadRecord;
}

interface Running {
  use: string;
  image: string;
  digest: string;
  /** The image's name with the digest that runs. */
  pinned: string;
}

interface ContainerStatus {
  name?: string;
  imageID?: string;
  state?: { running?: unknown; terminated?: unknown };
  lastState?: { terminated?: unknown };
}

/** What records need of a pod: a cluster has thousands, and each is some ten kilobytes. */
export function keepOfPod({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { name, namespace, uid, creationTimestamp, ownerReferences, resourceVersion } = metadata;
  const kept = { name, namespace, uid, creationTimestamp, ownerReferences, resourceVersion };
  const its = (spec ?? {}) as Record<string, unknown>;
  const images = (list: unknown) =>
    Array.isArray(list)
      ? list.map(({ name, image, restartPolicy }) => ({ name, image, restartPolicy }))
      : undefined;
  const { phase, containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = (status ??
    {}) as Record<string, unknown>;
  return {
    apiVersion,
    kind,
    metadata: kept as KubeObject['metadata'],
    spec: {
      containers: images(its['containers']),
      initContainers: images(its['initContainers']),
      ephemeralContainers: images(its['ephemeralContainers']),
      volumes: Array.isArray(its['volumes'])
        ? its['volumes'].filter((volume) => volume?.image !== undefined)
        : undefined,
      imagePullSecrets: its['imagePullSecrets'],
      serviceAccountName: its['serviceAccountName'],
    },
    status: { phase, containerStatuses, initContainerStatuses, ephemeralContainerStatuses },
  };
}

/** What of a pod has run, by the digest its name carries or the kubelet says. */
export function runningImages(pod: KubeObject): Running[] {
  const status = (pod.status ?? {}) as { [key: string]: unknown };
  const statuses = new Map<string, ContainerStatus>();
  for (const key of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']) {
    const list = status[key];
    if (Array.isArray(list))
      for (const item of list as ContainerStatus[]) if (item?.name) statuses.set(item.name, item);
  }
  return imagesOf(pod, { group: '', kind: 'Pod' }).images.flatMap(({ role, name, image }) => {
    const its = statuses.get(name);
    const hasRun =
      role === 'volume'
        ? status['phase'] === 'Running' || status['phase'] === 'Succeeded'
        : its?.state?.running !== undefined ||
          its?.state?.terminated !== undefined ||
          its?.lastState?.terminated !== undefined;
    if (!hasRun) return [];
    const digest = digestIn(image) ?? /@(sha256:[a-f0-9]{64})$/.exec(its?.imageID ?? '')?.[1];
    if (digest === undefined) return [];
    const pinned = image.includes('@') ? image : `${image}@${digest}`;
    return [{ use: `${role}/${name}`, image, digest, pinned }];
  });
}
