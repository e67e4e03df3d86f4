import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { makeTar } from '../../testing/images.ts';
import type { LayerResult } from './result.ts';
import { type LayerToRead, readLayers, type ThreadOptions } from './threads.ts';

const filler = Buffer.from(Array.from({ length: 3 << 20 }, (_, i) => (i * 7919) % 251));
const status = `${Array.from({ length: 400 }, (_, i) => `Package: p${i}\nStatus: install ok installed\nVersion: 1.${i}\nArchitecture: all\n`).join('\n')}\n`;
const large = makeTar([
  { path: 'var/lib/dpkg/status', data: status },
  { path: 'filler', data: filler },
]);
const small = makeTar([{ path: 'srv/node_modules/a/package.json', data: '{"name":"a","version":"1.0.0"}' }]);

function setting(t: TestContext): { dir: string; options: ThreadOptions } {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-threads-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return { dir, options: { limits: defaultLimits, spoolDir: join(dir, 'spool'), threads: 2 } };
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function stream(bytes: Buffer, pieces = bytes.length, fails?: Error): LayerToRead {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += pieces) yield new Uint8Array(bytes.subarray(at, at + pieces));
    if (fails) throw fails;
  }
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    source: { kind: 'stream', open: async () => chunks() },
  } as LayerToRead;
}

async function read(layers: LayerToRead[], options: ThreadOptions) {
  const results: LayerResult[] = [];
  const faults: unknown[] = [];
  await readLayers(
    layers,
    options,
    ({ result }) => void results.push(result),
    (_, error) => void faults.push(error),
  );
  return { results: results.sort((a, b) => a.bytes - b.bytes), faults };
}

test('a layer is the same from a file and from a stream, in a thread and alone, in memory and spooled', async (t) => {
  const { dir, options } = setting(t);
  const path = join(dir, 'archive');
  writeFileSync(path, Buffer.concat([Buffer.from('before'), large, Buffer.from('after')]));
  const file: LayerToRead = {
    digest: digestOf(large),
    size: large.length,
    source: { kind: 'file', path, offset: 6, length: large.length },
  } as LayerToRead;
  const fromFile = await read([file, stream(small)], options);
  assert.deepEqual(fromFile.faults, []);
  assert.equal(fromFile.results[1]!.files[0]!.packages.length, 400);
  assert.deepEqual(await read([stream(large, 65_537), stream(small)], options), fromFile);
  const spooling = { ...options, limits: { ...defaultLimits, memoryFileBytes: 100 } };
  assert.deepEqual(await read([stream(large, 65_537), stream(small, 7)], spooling), fromFile);
  assert.ok(existsSync(options.spoolDir), 'it was spooled');
  assert.deepEqual(readdirSync(options.spoolDir), [], 'and removed');
  assert.deepEqual((await read([stream(small, 1)], options)).results, [fromFile.results[0]]);
});

test('a stream that fails half-way rejects with its own error, and the others are read', async (t) => {
  const { options } = setting(t);
  const reset = new Error('connection reset');
  const threaded = await read([stream(large, 100_000, reset), stream(small)], { ...options, threads: 1 });
  assert.deepEqual([threaded.faults, threaded.results.length], [[reset], 1]);
  const alone = await read([stream(small, 100, reset)], options);
  assert.deepEqual([alone.faults, alone.results], [[reset], []]);
});

test('bytes that are not the digest’s are a fault from a thread too', async (t) => {
  const { options } = setting(t);
  const wrong = { ...stream(large), digest: digestOf(small) };
  const { faults } = await read([wrong], options);
  assert.equal((faults[0] as { code?: string }).code, 'digest-mismatch');
});

test('an abort ends the reading with its reason', async (t) => {
  const { options } = setting(t);
  const stop = new AbortController();
  const reason = new Error('interrupted');
  const endless: LayerToRead = {
    digest: digestOf(large),
    size: large.length,
    source: {
      kind: 'stream',
      open: async () =>
        (async function* () {
          yield new Uint8Array(large.subarray(0, 4096));
          stop.abort(reason);
          await new Promise((resolve) => setImmediate(resolve));
          yield new Uint8Array(large.subarray(4096));
        })(),
    },
  } as LayerToRead;
  await assert.rejects(read([endless], { ...options, signal: stop.signal }), reason);
});
