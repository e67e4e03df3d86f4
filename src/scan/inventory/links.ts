// Directories reached through symbolic links: /lib of a merged-/usr image is usr/lib, whatever a later
// layer writes into it.
import type { LayerResult } from './result.ts';

const HOPS = 16;

/** The links of the layers so far. */
export class Links {
  readonly #targets = new Map<string, string>();

  add(layer: LayerResult): void {
    for (const removed of layer.whiteouts) this.#targets.delete(removed);
    for (const [path, target] of layer.links) {
      const resolved = join(path, target);
      if (resolved !== path) this.#targets.set(path, resolved);
    }
  }

  /** The path with every linked directory above it replaced; links that loop are left as they are. */
  resolve(path: string): string {
    if (this.#targets.size === 0) return path;
    let current = path;
    for (let hop = 0; hop < HOPS; hop++) {
      const next = this.#once(current);
      if (next === undefined) return current;
      current = next;
    }
    return path;
  }

  #once(path: string): string | undefined {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const target = this.#targets.get(path.slice(0, slash));
      if (target !== undefined)
        return target === '' ? path.slice(slash + 1) : `${target}${path.slice(slash)}`;
    }
    return undefined;
  }
}

/** Where a link points to, below the root of the image. */
function join(path: string, target: string): string {
  const parts = target.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
