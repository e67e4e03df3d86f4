// A transparency log's tree, as RFC 6962 section 2.1 defines it: by recursion, so that it shares nothing with the reader.
import { createHash } from 'node:crypto';

export class MerkleTree {
  readonly leaves: Buffer[] = [];

  /** Gives the index of the entry. */
  add(entry: Uint8Array): number {
    this.leaves.push(digest(0, entry));
    return this.leaves.length - 1;
  }

  root(): Buffer {
    return rootOf(this.leaves);
  }

  path(index: number): Buffer[] {
    return pathOf(index, this.leaves);
  }
}

function digest(prefix: number, ...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Buffer.from([prefix]));
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function split(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return digest(1, rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

function pathOf(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...pathOf(index, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...pathOf(index - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}
