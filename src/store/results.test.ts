import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { diskResults, memoryResults } from './results.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'seaworthy-results-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('a result is kept as it was given, in memory and on disk, and what was never kept is not there', (t) => {
  const dir = folder(t);
  for (const store of [memoryResults(), diskResults(dir)]) {
    const bytes = Buffer.from('kept');
    assert.equal(store.get('layer/v1/sha256-aa'), undefined);
    store.put('layer/v1/sha256-aa', bytes);
    bytes.fill(0);
    assert.equal(store.get('layer/v1/sha256-aa')?.toString(), 'kept');
    store.put('layer/v1/sha256-aa', Buffer.from('again'));
    assert.equal(store.get('layer/v1/sha256-aa')?.toString(), 'again');
  }
  assert.deepEqual(readdirSync(join(dir, 'layer', 'v1')), ['sha256-aa'], 'nothing half-written stays');
});

test('a key never leads out of the directory', (t) => {
  const dir = folder(t);
  for (const store of [memoryResults(), diskResults(dir)])
    for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a/..', 'a', 'a//b', 'a/b\0c', 'a/.b', 'a\\b/c']) {
      assert.throws(() => store.put(key, Buffer.alloc(1)), /not a result key/, key);
      assert.throws(() => store.get(key), /not a result key/, key);
    }
  assert.deepEqual(readdirSync(dir), []);
});

test('processes that write one result while others read it never show a part of it', async (t) => {
  const dir = folder(t);
  const program = `
    import { diskResults } from ${JSON.stringify(new URL('./results.ts', import.meta.url).href)};
    const store = diskResults(process.argv[1]);
    const bytes = Buffer.alloc(300_000, 7);
    for (let i = 0; i < 40; i++) {
      store.put('layer/v1/same', bytes);
      if (!store.get('layer/v1/same').equals(bytes)) process.exit(1);
    }`;
  const run = () =>
    new Promise<number | null>((resolve) =>
      spawn(process.execPath, ['--input-type=module', '-e', program, dir], { stdio: 'inherit' }).on(
        'exit',
        resolve,
      ),
    );
  assert.deepEqual(await Promise.all([run(), run()]), [0, 0]);
  assert.deepEqual(readdirSync(join(dir, 'layer', 'v1')), ['same']);
});
