// Proof that an entry is in a log (RFC 6962 sections 2.1 and 2.1.1).
import { createHash } from 'node:crypto';

export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256')
    .update(Buffer.from([0]))
    .update(entry)
    .digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

/** The root that the audit path leads to; undefined where the path has the wrong length for the index and size. */
export function rootFrom(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (index < 0n || index >= size) return undefined;
  let node = index;
  let last = size - 1n;
  let hash: Uint8Array = leaf;
  for (const sibling of path) {
    if (last === 0n || sibling.byteLength !== 32) return undefined;
    if ((node & 1n) === 1n || node === last) {
      hash = nodeHash(sibling, hash);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else hash = nodeHash(hash, sibling);
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? Buffer.from(hash) : undefined;
}
