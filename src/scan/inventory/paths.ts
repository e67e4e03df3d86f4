// Paths as numbers, so that a layer of a million files costs eight bytes for each.

/**
 * A 53-bit hash of a path: two rounds of 32-bit mixing (Murmur3's constants). It is not meant to resist
 * someone who searches collisions: whoever can make the layer can leave the file out as well.
 */
export function pathHash(path: string): number {
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  for (let i = 0; i < path.length; i++) {
    const char = path.charCodeAt(i);
    a = Math.imul(a ^ char, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ char, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ path.length, 0x27d4eb2f);
  return ((a ^ (a >>> 16)) >>> 0) * 0x200000 + ((b ^ (b >>> 11)) & 0x1fffff);
}

/** Sorted hashes with look-up by binary search. */
export class PathSet {
  readonly #hashes: Float64Array;

  constructor(sorted: Float64Array) {
    this.#hashes = sorted;
  }

  static sorted(hashes: readonly number[]): Float64Array {
    return Float64Array.from(hashes).sort();
  }

  get size(): number {
    return this.#hashes.length;
  }

  has(hash: number): boolean {
    let low = 0;
    let high = this.#hashes.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const value = this.#hashes[middle]!;
      if (value === hash) return true;
      if (value < hash) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}

const merged = /^(?:bin|sbin|lib|lib32|lib64|libx32)\//;

/** Where a path lies once /bin, /lib and their kin are links into /usr: both spellings become one. */
export function canonicalPath(path: string): string {
  return merged.test(path) ? `usr/${path}` : path;
}

/** Every directory above a path, the nearest first, without the root. */
export function* parentsOf(path: string): Generator<string> {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    yield path.slice(0, slash);
}
