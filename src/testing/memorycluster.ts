// A cluster in memory: objects with resourceVersions and conflicts as an API server has them, and watches.
import { isDeepStrictEqual } from 'node:util';
import { type Cluster, KubeFault, type KubeObject, type WatchEvent } from '../cluster/kube/index.ts';
import type { JsonPatch, Resource } from '../cluster/workload/index.ts';

export interface MemoryCluster extends Cluster {
  /** Called before each write, as an admission would be; what it throws is the answer. */
  beforeWrite: ((verb: string, resource: Resource, object: KubeObject | undefined) => void) | undefined;
  /** Every write that was done: `patch secrets/a`. */
  readonly writes: string[];
}

export function createMemoryCluster(): MemoryCluster {
  const objects = new Map<string, KubeObject>();
  const watchers = new Set<{ resource: Resource; tell(event: WatchEvent): void }>();
  let version = 0;
  const keyOf = ({ group, plural }: Resource, name: string, namespace = '') =>
    [group, plural, namespace, name].join('/');
  const fault = (code: 'conflict' | 'already-exists' | 'object-invalid', text: string) =>
    new KubeFault(code, text);

  function tell(resource: Resource, event: WatchEvent): void {
    for (const watcher of watchers)
      if (watcher.resource.plural === resource.plural && watcher.resource.group === resource.group)
        watcher.tell(event);
  }

  function put(verb: string, resource: Resource, object: KubeObject): KubeObject {
    const key = keyOf(resource, object.metadata.name, object.metadata.namespace);
    const before = objects.get(key);
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? `uid-${++version}`,
      resourceVersion: `${++version}`,
      // as for every kind with a spec: another one when the spec is another
      generation: isDeepStrictEqual(before?.['spec'], object['spec'])
        ? (before?.metadata.generation ?? 1)
        : (before?.metadata.generation ?? 0) + 1,
    };
    const stored = structuredClone({ ...object, metadata });
    objects.set(key, stored);
    cluster.writes.push(`${verb} ${resource.plural}/${object.metadata.name}`);
    tell(resource, { type: before === undefined ? 'added' : 'modified', object: structuredClone(stored) });
    return structuredClone(stored);
  }

  function chosen(
    resource: Resource,
    namespace?: string,
    fieldSelector?: string,
    labelSelector?: string,
  ): KubeObject[] {
    const labels = labelSelector?.split(',').map((part) => part.split('=') as [string, string?]) ?? [];
    const prefix = `${resource.group}/${resource.plural}/`;
    const name = fieldSelector?.replace('metadata.name=', '');
    return [...objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, object]) => structuredClone(object))
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .filter(({ metadata }) => name === undefined || metadata.name === name)
      .filter(({ metadata }) =>
        labels.every(([key, value]) => {
          const its = metadata.labels?.[key];
          return its !== undefined && (value === undefined || its === value);
        }),
      );
  }

  const cluster: MemoryCluster = {
    context: 'memory',
    namespace: 'default',
    clockAhead: 0,
    beforeWrite: undefined,
    writes: [],
    get: async (resource, name, namespace) => structuredClone(objects.get(keyOf(resource, name, namespace))),
    list: async (resource, { namespace, fieldSelector, labelSelector, keep } = {}) => {
      const all = chosen(resource, namespace, fieldSelector, labelSelector);
      return keep === undefined ? all : all.map(keep);
    },
    async create(resource, object) {
      cluster.beforeWrite?.('create', resource, object);
      if (objects.has(keyOf(resource, object.metadata.name, object.metadata.namespace)))
        throw fault('already-exists', `${object.metadata.name} is there already`);
      return put('create', resource, object);
    },
    async replace(resource, object) {
      cluster.beforeWrite?.('replace', resource, object);
      const before = objects.get(keyOf(resource, object.metadata.name, object.metadata.namespace));
      if (before === undefined || before.metadata.resourceVersion !== object.metadata.resourceVersion)
        throw fault('conflict', `${object.metadata.name} is another by now`);
      return put('replace', resource, object);
    },
    async patch(resource, name, namespace, patch) {
      const before = objects.get(keyOf(resource, name, namespace));
      cluster.beforeWrite?.('patch', resource, before);
      if (before === undefined) throw fault('object-invalid', `there is no ${name}`);
      const now = structuredClone(objects.get(keyOf(resource, name, namespace))!);
      const after = patch.type === 'json' ? patched(now, patch.body) : merged(now, patch.body);
      return put('patch', resource, after as KubeObject);
    },
    async apply(resource, object) {
      cluster.beforeWrite?.('apply', resource, object);
      const before = objects.get(keyOf(resource, object.metadata.name, object.metadata.namespace));
      return put('apply', resource, merged(before ?? {}, object) as KubeObject);
    },
    async delete(resource, name, namespace) {
      const key = keyOf(resource, name, namespace);
      const before = objects.get(key);
      cluster.beforeWrite?.('delete', resource, before);
      if (before === undefined) return false;
      objects.delete(key);
      cluster.writes.push(`delete ${resource.plural}/${name}`);
      tell(resource, { type: 'deleted', object: before });
      return true;
    },
    async *watch(resource, { namespace, fieldSelector }, signal) {
      const events: WatchEvent[] = [{ type: 'listed', objects: chosen(resource, namespace, fieldSelector) }];
      let wake: (() => void) | undefined;
      const watcher = {
        resource,
        tell(event: WatchEvent) {
          events.push(event);
          wake?.();
        },
      };
      watchers.add(watcher);
      signal.addEventListener('abort', () => wake?.(), { once: true });
      try {
        while (!signal.aborted) {
          const event = events.shift();
          if (event !== undefined) yield event;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        watchers.delete(watcher);
      }
    },
    version: async () => '1.35',
    whoami: async () => undefined,
    close: async () => {},
  };
  return cluster;
}

/** RFC 6902, the operations that Seaworthy writes; throws when a test fails. */
function patched(object: unknown, patches: readonly JsonPatch[]): unknown {
  for (const { op, path, value } of patches) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop()!;
    let at = object as Record<string, unknown>;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    if (op === 'test' && JSON.stringify(at[last]) !== JSON.stringify(value))
      throw new KubeFault('object-invalid', `testing value ${path} failed`);
    if (op === 'add' || op === 'replace') at[last] = value;
    if (op === 'remove') delete at[last];
  }
  return object;
}

/** RFC 7386. */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
  const after: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else after[key] = merged(after[key], value);
  }
  return after;
}
