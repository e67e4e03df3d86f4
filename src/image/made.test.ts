import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { parseConfig } from './config.ts';
import { digestOf } from './digest.ts';
import { readLayer } from './layer.ts';
import { imageOf, layerOf } from './made.ts';
import { parseManifest } from './manifest.ts';

test('what is made is what is read again: manifest, config, layers, files', async () => {
  const layer = layerOf('COPY . /', [
    { path: 'etc/os-release', data: 'ID=debian\n' },
    { path: 'usr/bin/app', data: Buffer.alloc(1000, 7), mode: 0o755 },
  ]);
  const made = imageOf({
    layers: [layer],
    config: { Labels: { a: 'b' }, Env: ['PATH=/bin'] },
    annotations: { k: 'v' },
    created: '2026-11-27T00:00:00Z',
  });
  const manifest = parseManifest(made.bytes);
  assert.equal(manifest.kind, 'manifest');
  assert.equal(digestOf(made.bytes), made.descriptor.digest);
  if (manifest.kind !== 'manifest') return;
  assert.deepEqual(manifest.annotations, { k: 'v' });
  const config = parseConfig(made.blobs.get(manifest.config.digest)!);
  assert.deepEqual([config.labels, config.diffIds], [{ a: 'b' }, [layer.diffId]]);
  const seen: [string, number, number][] = [];
  const blob = made.blobs.get(manifest.layers[0]!.digest)!;
  const read = await readLayer(Readable.from([blob]), {
    entry({ path, mode, size }) {
      seen.push([path, mode, size]);
      return false;
    },
    data() {},
    end() {},
  });
  assert.deepEqual(seen, [
    ['etc/os-release', 0o644, 10],
    ['usr/bin/app', 0o755, 1000],
  ]);
  assert.equal(read.diffId, layer.diffId);
  assert.equal(digestOf(blob), layer.descriptor.digest);
});

test('the same input makes the same bytes', () => {
  const make = () =>
    imageOf({ layers: [layerOf('x', [{ path: 'a', data: 'b' }])], created: '2026-11-27T00:00:00Z' })
      .descriptor;
  assert.deepEqual(make(), make());
});
