import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { defaultLimits } from '../core/index.ts';
import { makeTar } from '../testing/images.ts';
import { readLayer } from './layer.ts';

const ignore = { entry: () => false, data() {}, end() {} };
const sha = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function* pieces(bytes: Buffer, size = 4096): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const tar = makeTar([
  { path: 'a', data: randomBytes(70_000) },
  { path: 'b', data: 'text '.repeat(9000) },
]);

test('both digests are those of the bytes, whatever the compression and whoever named it', async () => {
  const forms = {
    gzip: gzipSync(tar),
    zstd: zstdCompressSync(tar),
    plain: tar,
    members: Buffer.concat([gzipSync(tar.subarray(0, 5000)), gzipSync(tar.subarray(5000))]),
  };
  for (const [name, stored] of Object.entries(forms)) {
    const read = await readLayer(pieces(stored), ignore);
    assert.deepEqual(
      [read.digest, read.diffId, read.size, read.bytes, read.entries],
      [sha(stored), sha(tar), stored.length, tar.length, 2],
      name,
    );
  }
});

test('a stream that is cut or damaged is corrupt, an empty one holds nothing', async () => {
  const stored = gzipSync(tar);
  await assert.rejects(readLayer(pieces(stored.subarray(0, stored.length - 9)), ignore), {
    code: 'layer-corrupt',
  });
  const damaged = Buffer.from(stored);
  damaged[stored.length >> 1]! ^= 0xff;
  await assert.rejects(readLayer(pieces(damaged), ignore), (error: { code?: string }) =>
    ['layer-corrupt', 'tar-corrupt'].includes(error.code!),
  );
  assert.equal((await readLayer(pieces(Buffer.alloc(0)), ignore)).entries, 0);
});

test('a bomb ends at the limits', async () => {
  const zeros = gzipSync(makeTar([{ path: 'zeros', data: Buffer.alloc(8 << 20) }]));
  const small = { ...defaultLimits, inflateFreeBytes: 1 << 20 };
  await assert.rejects(readLayer(pieces(zeros), ignore, small), { code: 'layer-limit' });
  await assert.rejects(readLayer(pieces(zeros), ignore, { ...defaultLimits, layerBytes: 1 << 20 }), {
    code: 'layer-limit',
  });
});

test('the source’s own error comes through', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield gzipSync(tar).subarray(0, 1000);
    throw new Error('connection reset');
  }
  await assert.rejects(readLayer(failing(), ignore), { message: 'connection reset' });
});
