// A Kubernetes cluster as the other rooms see it: objects read, written and watched.
import type { Fault } from '../../core/index.ts';
import type { JsonPatch, Resource } from '../workload/index.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: { manager?: string; operation?: string; subresource?: string }[];
}

/** What the API server sent; `metadata` was checked, the rest is as it came. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
  [key: string]: unknown;
}

export interface ListOptions {
  /** What is kept of each object as its page comes in; all of it when left out. For lists alone, not for watches. */
  keep?(object: KubeObject): KubeObject;
  /** All namespaces when left out. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface WatchOptions extends ListOptions {
  /** Hears what keeps the watch from following, and undefined once it follows again. */
  problem?(fault: Fault | undefined): void;
}

export interface WriteOptions {
  /** `status`, `ephemeralcontainers`. */
  subresource?: string;
  dryRun?: boolean;
}

export type WatchEvent =
  | { type: 'added' | 'modified' | 'deleted'; object: KubeObject }
  /** Everything that is there was told; from here on it is news. */
  | { type: 'listed'; objects: readonly KubeObject[] };

export type Patch =
  | { type: 'merge'; body: unknown }
  | { type: 'strategic'; body: unknown }
  | { type: 'json'; body: readonly JsonPatch[] };

export interface Cluster {
  /** Name of the kubeconfig's context; `in-cluster` inside a pod. */
  readonly context: string;
  /** The context's own namespace, `default` where it names none. */
  readonly namespace: string;
  /** Undefined: there is none of that name. Throws KubeFault, NetFault. */
  get(resource: Resource, name: string, namespace?: string): Promise<KubeObject | undefined>;
  /** All of them, read in pages. Throws KubeFault `resource-unknown` where the server does not know the resource. */
  list(resource: Resource, options?: ListOptions): Promise<KubeObject[]>;
  /** Throws KubeFault `already-exists`, `refused` (by an admission; its message says why). */
  create(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** With the object's resourceVersion; throws KubeFault `conflict` when it is no longer that. */
  replace(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<KubeObject>;
  /** Server-side apply as the field manager `seaworthy`, forced. */
  apply(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** False: there was none. `uid` and `resourceVersion`: only that very object. */
  delete(
    resource: Resource,
    name: string,
    namespace?: string,
    only?: { uid?: string; resourceVersion?: string },
  ): Promise<boolean>;
  /**
   * Lists, then follows until the signal is aborted, through every interruption: after a gap everything is listed
   * again (`listed` replaces all that was told before).
   */
  watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Ms by which the API server's clock is ahead of ours, by its last answer; 0 before the first. */
  readonly clockAhead: number;
  /** `1.35`. */
  version(): Promise<string>;
  /** Our name as the API server knows us; undefined where it does not say. */
  whoami(): Promise<string | undefined>;
  close(): Promise<void>;
}
