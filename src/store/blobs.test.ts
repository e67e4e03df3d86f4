import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { digestOf } from '../image/index.ts';
import { type BlobStore, memoryBlobs } from './blobs.ts';
import { diskBlobs } from './diskblobs.ts';

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-blobs-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function textOf(store: BlobStore, digest: string, start: number, end: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.read(digest, start, end)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const bytes = Buffer.from('0123456789');
const files = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

for (const [name, open] of [
  ['memory', async () => memoryBlobs()],
  ['disk', (t: TestContext) => diskBlobs(place(t))],
] as const)
  describe(`blobs in ${name}`, () => {
    for (const algorithm of ['sha256', 'sha512'] as const)
      test(`are kept under their ${algorithm} digest, read in ranges, and deleted`, async (t) => {
        const store = await open(t);
        const digest = digestOf(bytes, algorithm);
        assert.equal(await store.size(digest), undefined);
        const writer = await store.start();
        await writer.write(bytes.subarray(0, 4));
        await writer.write(bytes.subarray(4));
        assert.equal(writer.size, 10);
        assert.equal(await writer.commit(digest), true);
        assert.equal(await store.size(digest), 10);
        assert.equal(await textOf(store, digest, 2, 5), '234');
        assert.equal(await textOf(store, digest, 0, 10), '0123456789');
        assert.equal(await textOf(store, digest, 3, 3), '');
        await store.delete(digest);
        assert.equal(await store.size(digest), undefined);
        await store.delete(digest);
      });

    test('are not kept under another digest, and what was taken back does not count', async (t) => {
      const store = await open(t);
      const writer = await store.start();
      await writer.write(Buffer.from('0123xx'));
      await writer.truncate(4);
      assert.equal(writer.size, 4);
      await writer.write(bytes.subarray(4));
      assert.equal(await writer.commit(digestOf(Buffer.from('others'))), false);
      await writer.abort();
      assert.equal(await store.size(digestOf(bytes)), undefined);
      const again = await store.start();
      await again.write(Buffer.from('0123xx'));
      await again.truncate(4);
      await again.write(bytes.subarray(4));
      assert.equal(await again.commit(digestOf(bytes)), true);
      assert.equal(await textOf(store, digestOf(bytes), 0, 10), '0123456789');
    });

    test('come several times at once, and are there once', async (t) => {
      const store = await open(t);
      const digest = digestOf(bytes);
      const kept = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const writer = await store.start();
          await writer.write(bytes);
          return writer.commit(digest);
        }),
      );
      assert.deepEqual(new Set(kept), new Set([true]));
      assert.equal(await textOf(store, digest, 0, 10), '0123456789');
    });
  });

test('a disk that is opened again has what was kept, and nothing half written', async (t) => {
  const dir = place(t);
  const store = await diskBlobs(dir);
  const writer = await store.start();
  await writer.write(bytes);
  await writer.commit(digestOf(bytes));
  const half = await store.start();
  await half.write(Buffer.from('half'));
  writeFileSync(join(dir, 'uploads', 'left-by-a-crash'), 'half');
  assert.equal(files(dir), 3);
  const again = await diskBlobs(dir);
  assert.equal(files(dir), 1);
  assert.equal(await textOf(again, digestOf(bytes), 0, 10), '0123456789');
  await half.abort();
});
