// Objects of any of our kinds, applied in order and removed in the reverse.
import { type Cluster, KubeFault, type KubeObject, resources } from './kube/index.ts';
import { groupOf, type Resource, workloadKinds } from './workload/index.ts';

const all: readonly Resource[] = [...Object.values(resources), ...Object.values(workloadKinds)];

/** The resource that an object of ours is one of. */
export function resourceOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): Resource {
  const group = groupOf(apiVersion);
  const found = all.find((resource) => resource.kind === kind && resource.group === group);
  if (found === undefined) throw new Error(`no resource is known for ${apiVersion} ${kind}`);
  return found;
}

/** `Deployment seaworthy-agent`. */
export function titleOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}

/** Passes that an API server may need until it serves a definition that it was just given. */
const attempts = 60;

/** Applies as the field manager `seaworthy`. Throws KubeFault. */
export async function applyAll(
  cluster: Cluster,
  objects: readonly KubeObject[],
  say: (text: string) => void,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  for (const object of objects) {
    say(`applying ${titleOf(object)}`);
    for (let attempt = 1; ; attempt++) {
      try {
        await cluster.apply(resourceOf(object), object);
        break;
      } catch (error) {
        const isNew = error instanceof KubeFault && error.code === 'resource-unknown';
        if (!isNew || attempt === attempts) throw error;
        await pause(500);
      }
    }
  }
}
