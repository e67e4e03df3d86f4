// Which images an object runs: containers, init containers, sidecars, ephemeral containers and image volumes.
import { type Resource, workloadKindOf } from './kinds.ts';

export type ImageRole = 'container' | 'init' | 'sidecar' | 'ephemeral' | 'volume';

export interface ImageUse {
  role: ImageRole;
  /** The container's or volume's name; empty when it has none. */
  name: string;
  /** As it is written there. */
  image: string;
  /** From the object to the text of the image: `['spec', 'containers', 0, 'image']`. */
  path: readonly (string | number)[];
}

export interface FoundImages {
  images: ImageUse[];
  /** What is no container, list or text where one has to be; nothing is known of what stands there. */
  problems: string[];
}

const lists = [
  ['containers', 'container'],
  ['initContainers', 'init'],
  ['ephemeralContainers', 'ephemeral'],
] as const;

/** Images of an object of a known kind; of hostile JSON as well. */
export function imagesOf(object: unknown, kind: Pick<Resource, 'group' | 'kind'>): FoundImages {
  const found: FoundImages = { images: [], problems: [] };
  const workload = workloadKindOf(kind.group, kind.kind);
  if (workload === undefined) return found;
  let spec: unknown = object;
  const path: string[] = [];
  for (const key of workload.podSpec) {
    path.push(key);
    spec = isMap(spec) ? spec[key] : undefined;
    // A PodTemplate or a half-written object may leave its template out: nothing runs then.
    if (spec === undefined || spec === null) return found;
    if (!isMap(spec)) {
      found.problems.push(`${path.join('.')}: expected a map, got ${nameOf(spec)}`);
      return found;
    }
  }
  readPodSpec(spec as Record<string, unknown>, path, found);
  return found;
}

/** The pod's spec inside an object of a known kind; empty where there is none. */
export function podSpecOf(object: unknown, kind: Pick<Resource, 'group' | 'kind'>): Record<string, unknown> {
  let spec: unknown = object;
  for (const key of workloadKindOf(kind.group, kind.kind)?.podSpec ?? [])
    spec = isMap(spec) ? spec[key] : undefined;
  return isMap(spec) ? spec : {};
}

function readPodSpec(spec: Record<string, unknown>, at: readonly string[], found: FoundImages): void {
  for (const [key, role] of lists)
    for (const [i, item] of listIn(spec, key, at, found)) {
      const isSidecar = role === 'init' && isMap(item) && item['restartPolicy'] === 'Always';
      readImage(item, isSidecar ? 'sidecar' : role, 'image', [...at, key, i], found);
    }
  for (const [i, item] of listIn(spec, 'volumes', at, found)) {
    if (!isMap(item)) {
      found.problems.push(`${[...at, 'volumes', i].join('.')}: expected a map, got ${nameOf(item)}`);
      continue;
    }
    const source = item['image'];
    if (source === undefined || source === null) continue;
    const named = isMap(source) ? { ...source, name: item['name'] } : source;
    readImage(named, 'volume', 'reference', [...at, 'volumes', i, 'image'], found);
  }
}

function* listIn(
  spec: Record<string, unknown>,
  key: string,
  at: readonly string[],
  found: FoundImages,
): Generator<[number, unknown]> {
  const value = spec[key];
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    found.problems.push(`${[...at, key].join('.')}: expected a list, got ${nameOf(value)}`);
    return;
  }
  yield* value.entries();
}

function readImage(
  item: unknown,
  role: ImageRole,
  key: string,
  path: readonly (string | number)[],
  found: FoundImages,
): void {
  if (!isMap(item)) {
    found.problems.push(`${path.join('.')}: expected a map, got ${nameOf(item)}`);
    return;
  }
  const image = item[key];
  // Templates may leave a container's image to a higher-level controller: there is nothing to pull yet.
  if (image === undefined || image === null || image === '') return;
  if (typeof image !== 'string') {
    found.problems.push(`${[...path, key].join('.')}: expected text, got ${nameOf(image)}`);
    return;
  }
  const name = typeof item['name'] === 'string' ? item['name'] : '';
  found.images.push({ role, name, image, path: [...path, key] });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}

/**
 * What an update brings that was not there before: an image under another container's name counts as new, so that
 * nothing is judged by the name it had elsewhere.
 */
export function changedImages(now: readonly ImageUse[], before: readonly ImageUse[]): ImageUse[] {
  const had = new Set(before.map((use) => JSON.stringify([use.role, use.name, use.image])));
  return now.filter((use) => !had.has(JSON.stringify([use.role, use.name, use.image])));
}
