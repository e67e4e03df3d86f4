// Changes of one workload, each made only to the very state that was read: two at once never do the same twice.
import { isFault } from '../../core/index.ts';
import type { Cluster, KubeObject } from '../kube/index.ts';
import { imagesOf, type JsonPatch, pointerOf, replaceText, type WorkloadKind } from '../workload/index.ts';
import { type Hold, holdAnnotation, holdsOf, withHold } from './hold.ts';
import { formatRecord, type MovedImage, type RolloutRecord, recordAnnotation } from './record.ts';

const causeAnnotation = 'kubernetes.io/change-cause';
const tries = 8;

export interface WorkloadRef {
  resource: WorkloadKind;
  namespace: string;
  name: string;
  uid: string;
}

/**
 * Patches what `make` says of the object as it is now; reads and asks again when somebody else was faster. Undefined:
 * it is gone, or `make` has nothing to do. Throws KubeFault `refused`, and others.
 */
export async function changeWorkload(
  cluster: Cluster,
  { resource, namespace, name, uid }: WorkloadRef,
  make: (object: KubeObject) => JsonPatch[] | undefined,
): Promise<KubeObject | undefined> {
  let object = await cluster.get(resource, name, namespace);
  for (let attempt = 1; ; attempt++) {
    if (object === undefined || object.metadata.uid !== uid) return undefined;
    const patches = make(object);
    if (patches === undefined) return undefined;
    const { resourceVersion } = object.metadata;
    const guard: JsonPatch = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
    try {
      return await cluster.patch(resource, name, namespace, { type: 'json', body: [guard, ...patches] });
    } catch (error) {
      if (!isFault(error) || !['conflict', 'object-invalid'].includes(error.code)) throw error;
      const now = await cluster.get(resource, name, namespace);
      if (attempt === tries || now?.metadata.resourceVersion === resourceVersion) throw error;
      object = now;
    }
  }
}

/** Undefined when an image is no longer what it was to be. Images that are already there are left. */
export function imagePatches(
  object: KubeObject,
  resource: WorkloadKind,
  images: readonly MovedImage[],
  from: readonly ('before' | 'good' | 'after')[],
  to: 'after' | 'good',
): JsonPatch[] | undefined {
  const uses = imagesOf(object, resource).images;
  const patches: JsonPatch[] = [];
  for (const image of images) {
    const use = uses.find(({ role, name }) => role === image.role && name === image.name);
    if (use === undefined) return undefined;
    if (use.image === image[to]) continue;
    if (!from.some((way) => image[way] === use.image)) return undefined;
    patches.push(...replaceText(use.path, use.image, image[to]));
  }
  return patches;
}

export function annotationPatches(object: KubeObject, values: Readonly<Record<string, string>>): JsonPatch[] {
  const there = object.metadata.annotations;
  const start: JsonPatch[] =
    there === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : [];
  const set = Object.entries(values).map(([key, value]): JsonPatch => {
    return { op: 'add', path: pointerOf(['metadata', 'annotations', key]), value };
  });
  return [...start, ...set];
}

export interface Remembered {
  record: RolloutRecord;
  cause?: string;
  hold?: Hold;
}

/** What the workload is to remember, in one go. */
export function memoryPatches(object: KubeObject, { record, cause, hold }: Remembered): JsonPatch[] {
  return annotationPatches(object, {
    [recordAnnotation]: formatRecord(record),
    ...(cause === undefined ? {} : { [causeAnnotation]: cause }),
    ...(hold === undefined
      ? {}
      : { [holdAnnotation]: JSON.stringify(withHold(readableHolds(object), hold)) }),
  });
}

/** What cannot be read is replaced by what is known now. */
function readableHolds(object: KubeObject): Hold[] {
  try {
    return holdsOf(object);
  } catch {
    return [];
  }
}
