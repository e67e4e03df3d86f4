import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openHome } from '../../core/index.ts';
import { makeTar, type TarFile } from '../../testing/images.ts';
import { engineSockets } from './engine.ts';
import { plainFile } from './inflate.ts';
import { indexTar, type TarIndex } from './tarindex.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function indexed(bytes: Buffer, limits = { archiveEntries: 100, pathBytes: 1000 }): Promise<TarIndex> {
  const path = join(folder, 'index.tar');
  writeFileSync(path, bytes);
  await using file = await open(path, 'r');
  return await indexTar(file, bytes.length, limits);
}

function pax(record: string): TarFile {
  // the length counts itself: two digits for what a test writes
  return { path: 'pax', type: 'x', data: `${record.length + 4} ${record}\n` };
}

describe('an index of a tar archive', () => {
  test('says where each file lies, by its clean path', async () => {
    const bytes = makeTar([
      { path: './a/../b', data: 'bb' },
      { path: '/c', data: 'c' },
      { path: 'd/', type: '5' },
    ]);
    const index = await indexed(bytes);
    assert.deepEqual([...index.paths()], ['b', 'c']);
    assert.deepEqual(
      [index.find('b'), index.find('./c'), index.find('d')],
      [{ offset: 512, size: 2 }, { offset: 1536, size: 1 }, undefined],
    );
  });

  test('takes the last of a name, long names of GNU and of pax', async () => {
    const long = 'x'.repeat(300);
    const index = await indexed(
      makeTar([
        { path: 'a', data: '1' },
        { path: 'a', data: '22' },
        { path: '././@LongLink', type: 'L', data: `${long}\0` },
        { path: 'short', data: '333' },
        pax('path=from/pax'),
        { path: 'short', data: '4444' },
      ]),
    );
    assert.deepEqual(
      [index.find('a')?.size, index.find(long)?.size, index.find('from/pax')?.size],
      [2, 3, 4],
    );
  });

  test('follows links, but not in circles', async () => {
    const link = (path: string, linkname: string, type = '2'): TarFile => ({ path, linkname, type });
    const index = await indexed(
      makeTar([
        { path: 'd/real', data: 'r' },
        link('d/sym', 'real'),
        link('abs', '/d/sym'),
        link('hard', 'd/real', '1'),
        link('x', 'y'),
        link('y', 'x'),
        link('out', '../../etc/passwd'),
      ]),
    );
    assert.deepEqual(
      ['d/sym', 'abs', 'hard'].map((path) => index.find(path)?.size),
      [1, 1, 1],
    );
    assert.deepEqual(
      ['x', 'out'].map((path) => index.find(path)),
      [undefined, undefined],
    );
  });

  test('is bounded, and refuses what is cut or no tar', async () => {
    const many = makeTar(Array.from({ length: 5 }, (_, at) => ({ path: `f${at}` })));
    await assert.rejects(indexed(many, { archiveEntries: 3, pathBytes: 100 }), { code: 'archive-invalid' });
    await assert.rejects(indexed(makeTar([{ path: 'a', data: 'x'.repeat(2000) }]).subarray(0, 1024)), {
      code: 'archive-invalid',
    });
    await assert.rejects(indexed(Buffer.alloc(2048, 'no tar ')), { code: 'tar-corrupt' });
  });
});

describe('a compressed archive', () => {
  test('that grows past the limits is refused, and leaves nothing behind', async () => {
    const path = join(folder, 'bomb.gz');
    writeFileSync(path, gzipSync(Buffer.alloc(4 << 20)));
    const home = openHome(join(folder, 'home'));
    await assert.rejects(
      plainFile(path, home, { layerBytes: 1 << 20, inflateRatio: 1e9, inflateFreeBytes: 1e9 }),
      { code: 'archive-invalid' },
    );
    await assert.rejects(
      plainFile(path, home, { layerBytes: 1e9, inflateRatio: 100, inflateFreeBytes: 1000 }),
      { code: 'archive-invalid' },
    );
    assert.deepEqual(readdirSync(home.dir('tmp')), []);
  });
});

describe('the sockets of engines', () => {
  test('are those the environment names, if they are sockets on this machine', async () => {
    const socket = join(folder, 'e.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    writeFileSync(join(folder, 'file.sock'), '');
    try {
      assert.deepEqual(engineSockets({ DOCKER_HOST: `unix://${socket}` }, folder), [{ socket }]);
      assert.deepEqual(engineSockets({ CONTAINER_HOST: `unix://${socket}` }, folder), [{ socket }]);
      for (const host of [
        'tcp://example.com:2375',
        'ssh://example.com',
        `unix://${folder}/file.sock`,
        'unix:///nowhere',
      ])
        assert.deepEqual(engineSockets({ DOCKER_HOST: host }, folder), []);
    } finally {
      server.close();
    }
  });
});
