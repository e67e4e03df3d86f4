// Pods asked for all the time by several who do not wait for each other, good and unsigned ones, and what became of each.
import type { Cluster, KubeObject } from '../src/cluster/kube/index.ts';
import { workloadKinds } from '../src/cluster/workload/index.ts';
import { isFault } from '../src/core/index.ts';
import { digests, pod, prefix } from './shop.ts';

export interface Load {
  /** Good pods that were made. */
  made(): number;
  /** What was said of each good one that was not. */
  lost: { text: string; at: number }[];
  /** What was said of each unsigned one that was not made. */
  stopped: string[];
  /** Names of unsigned ones that were made. */
  slipped: string[];
  end(): Promise<void>;
}

const workers = 8;
/** No scheduler has this name: the pods are stored and never started, so that the load falls on admission alone. */
const nobody = { schedulerName: 'e2e-nobody' };

export function startLoad(cluster: Cluster, mark: string): Load {
  let stopping = false;
  let count = 0;
  let made = 0;
  const load: Load = { made: () => made, lost: [], stopped: [], slipped: [], end };
  const good = [`${prefix}/good:1@${digests['good']}`, `${prefix}/good:1`];
  const bad = [`${prefix}/unsigned:1@${digests['unsigned']}`, `${prefix}/unsigned:1`];

  async function create(image: string): Promise<string | undefined> {
    const name = `${mark}-${count++}`;
    const object = pod(name, image, nobody);
    Object.assign(object['metadata'] as object, { labels: { load: mark } });
    try {
      await cluster.create(workloadKinds.Pod, object as unknown as KubeObject);
      return undefined;
    } catch (error) {
      if (!isFault(error)) throw error;
      return error.message.replace(/\s+/g, ' ');
    }
  }

  async function work(number: number): Promise<void> {
    for (let i = number; !stopping; i++) {
      const lost = await create(good[i % 2]!);
      if (lost === undefined) made++;
      else load.lost.push({ text: lost, at: performance.now() });
      const name = `${mark}-${count}`;
      const stopped = await create(bad[i % 2]!);
      if (stopped === undefined) load.slipped.push(name);
      else load.stopped.push(stopped);
    }
  }

  const working = Promise.all(Array.from({ length: workers }, (_, number) => work(number)));
  async function end(): Promise<void> {
    stopping = true;
    await working;
  }
  return load;
}
