// Tests of proofs of inclusion against trees that another way of counting makes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MerkleTree } from '../../testing/merkle.ts';
import { leafHash, rootFrom } from './merkle.ts';

const tree = new MerkleTree();
const entries = Array.from({ length: 33 }, (_, at) => Buffer.from(`entry ${at}`));

test('every entry of trees of every size up to 33 leads to the root', () => {
  for (const [size, entry] of entries.entries()) {
    tree.add(entry);
    for (let at = 0; at <= size; at++)
      assert.deepEqual(
        rootFrom(leafHash(entries[at]!), BigInt(at), BigInt(size + 1), tree.path(at)),
        tree.root(),
        `${at} of ${size + 1}`,
      );
  }
});

test('a path that is too short or too long leads nowhere', () => {
  const path = tree.path(5);
  const from = (hashes: Buffer[]) => rootFrom(leafHash(entries[5]!), 5n, 33n, hashes);
  assert.deepEqual(from(path), tree.root());
  assert.equal(from(path.slice(0, -1)), undefined);
  assert.equal(from([...path, Buffer.alloc(32)]), undefined);
  assert.equal(from([path[0]!.subarray(1), ...path.slice(1)]), undefined);
});

test('an index at or past the end of the log leads nowhere, whatever the path', () => {
  const leaf = leafHash(entries[0]!);
  assert.deepEqual(rootFrom(leaf, 0n, 1n, []), leaf);
  assert.equal(rootFrom(leaf, 1n, 1n, []), undefined);
  assert.equal(rootFrom(leaf, 7n, 1n, []), undefined);
  assert.equal(rootFrom(leaf, 0n, 0n, []), undefined);
});

test('an entry cannot pass for a node of the tree, nor a node for an entry', () => {
  const two = new MerkleTree();
  two.add(entries[0]!);
  two.add(entries[1]!);
  const inner = Buffer.concat([leafHash(entries[0]!), leafHash(entries[1]!)]);
  assert.notDeepEqual(rootFrom(leafHash(inner), 0n, 1n, []), two.root());
});
