// What an answer needs to know of the cluster around it: labels of namespaces, platforms of nodes.
import { type Fault, isFault } from '../../core/index.ts';
import { type Cluster, type KubeObject, type OwnerReference, resources } from '../kube/index.ts';
import { groupOf, workloadKindOf } from '../workload/index.ts';
import type { FindOwner } from './kept.ts';

export interface SurroundingsOptions {
  cluster: Cluster;
  problem(what: string, fault: Fault | undefined): void;
}

export class Surroundings {
  readonly #options: SurroundingsOptions;
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();
  readonly #platforms = new Map<string, string>();
  #isFollowing = false;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
  }

  /** Namespaces and nodes until the signal is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    const { cluster, problem } = this.#options;
    const namespaces = async () => {
      const options = { problem: (fault: Fault | undefined) => problem('namespaces', fault) };
      for await (const event of cluster.watch(resources.namespaces, options, signal)) {
        if (event.type === 'listed') {
          this.#labels.clear();
          for (const object of event.objects) this.#takeNamespace(object);
          this.#isFollowing = true;
        } else if (event.type === 'deleted') this.#labels.delete(event.object.metadata.name);
        else this.#takeNamespace(event.object);
      }
    };
    const nodes = async () => {
      const options = { problem: (fault: Fault | undefined) => problem('nodes', fault) };
      for await (const event of cluster.watch(resources.nodes, options, signal)) {
        if (event.type === 'listed') {
          this.#platforms.clear();
          for (const object of event.objects) this.#takeNode(object);
        } else if (event.type === 'deleted') this.#platforms.delete(event.object.metadata.name);
        else this.#takeNode(event.object);
      }
    };
    await Promise.all([namespaces(), nodes()]);
  }

  #takeNamespace({ metadata }: KubeObject): void {
    this.#labels.set(metadata.name, { ...metadata.labels, namespace: metadata.name });
  }

  #takeNode({ metadata, status }: KubeObject): void {
    const info = (status as { nodeInfo?: { operatingSystem?: string; architecture?: string } } | undefined)
      ?.nodeInfo;
    if (info?.operatingSystem && info.architecture)
      this.#platforms.set(metadata.name, `${info.operatingSystem}/${info.architecture}`);
  }

  /** Labels of a namespace as rules are chosen by; a new namespace is asked for. Throws KubeFault, NetFault. */
  async labelsOf(namespace: string): Promise<Readonly<Record<string, string>>> {
    const known = this.#labels.get(namespace);
    if (known !== undefined) return known;
    const found = await this.#options.cluster.get(resources.namespaces, namespace);
    if (found !== undefined && this.#isFollowing) this.#takeNamespace(found);
    return { ...found?.metadata.labels, namespace };
  }

  /** Undefined: no node is known. */
  platforms(): readonly string[] | undefined {
    const distinct = [...new Set(this.#platforms.values())].sort();
    return distinct.length === 0 ? undefined : distinct;
  }
}

/** Looks an owner up in the cluster, by UID; the same one within `ms` only once. */
export function ownerFinder(cluster: Cluster, ms: number, now: () => number): FindOwner {
  const found = new Map<string, { object: Promise<KubeObject | undefined>; until: number }>();
  return (owner, namespace) => {
    const key = `${namespace}/${owner.uid}`;
    const known = found.get(key);
    if (known !== undefined && now() < known.until) return known.object;
    const object = findOwner(cluster, owner, namespace);
    if (found.size >= 10_000) found.clear();
    found.set(key, { object, until: now() + ms });
    object.catch(() => found.delete(key));
    return object;
  };
}

async function findOwner(
  cluster: Cluster,
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string,
): Promise<KubeObject | undefined> {
  const resource = workloadKindOf(groupOf(apiVersion), kind);
  if (resource === undefined) return undefined;
  try {
    const object = await cluster.get(resource, name, namespace);
    return object?.metadata.uid === uid ? object : undefined;
  } catch (error) {
    // What cannot be read proves nothing.
    if (isFault(error)) return undefined;
    throw error;
  }
}
