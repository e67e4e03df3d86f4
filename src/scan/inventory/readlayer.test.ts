import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { digestOf } from '../../image/index.ts';
import { elfFile } from '../../testing/elffile.ts';
import { makeTar } from '../../testing/images.ts';
import { readLayerResult } from './readlayer.ts';
import { decodeResult, encodeResult } from './result.ts';

async function* once(bytes: Buffer) {
  yield bytes;
}

test('a layer’s result keeps what renewal will ask: removals, package databases, the linker, sonames', async () => {
  const tar = makeTar([
    { path: 'usr/lib/.wh.libold.so.1' },
    { path: 'srv/.wh..wh..opq' },
    { path: 'var/lib/dpkg/.wh.status-old' },
    {
      path: 'var/lib/dpkg/status',
      data: 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n',
    },
    { path: 'etc/ld.so.conf.d/app.conf', data: '/opt/lib\n' },
    { path: 'usr/lib64/ld-linux-x86-64.so.2', data: 'x' },
    { path: 'opt/lib/libapp.so.2', data: elfFile({ soname: 'libapp.so.2', needed: ['libc.so.6'] }) },
    {
      path: 'opt/bin/app',
      mode: 0o755,
      data: elfFile({
        needed: ['libapp.so.2', 'libssl.so.3'],
        runpath: '/opt/lib',
        interpreter: '/lib64/ld-linux-x86-64.so.2',
      }),
    },
  ]);
  const result = await readLayerResult(digestOf(tar), once(tar), {
    limits: defaultLimits,
    spoolDir: () => assert.fail('nothing here is large'),
  });
  assert.deepEqual(result.whiteouts, ['usr/lib/libold.so.1', 'var/lib/dpkg/status-old']);
  assert.deepEqual(result.opaques, ['srv']);
  assert.deepEqual(result.facts, {
    databases: ['var/lib/dpkg/status-old', 'var/lib/dpkg/status'],
    linker: ['etc/ld.so.conf.d/app.conf', 'usr/lib64/ld-linux-x86-64.so.2'],
    elf: [
      { path: 'opt/lib/libapp.so.2', soname: 'libapp.so.2', needed: ['libc.so.6'] },
      {
        path: 'opt/bin/app',
        needed: ['libapp.so.2', 'libssl.so.3'],
        runpath: '/opt/lib',
        interpreter: '/lib64/ld-linux-x86-64.so.2',
      },
    ],
  });
  assert.deepEqual(result.executables, ['opt/bin/app']);
  assert.deepEqual(decodeResult(encodeResult(result)), result, 'and they are kept');
});

test('a file too large to look into is named, and never spooled', async () => {
  const tar = makeTar([{ path: 'bin/app', mode: 0o755, data: elfFile({ interpreter: '/lib/ld.so' }) }]);
  const result = await readLayerResult(digestOf(tar), once(tar), {
    limits: { ...defaultLimits, examinedBytes: 100, memoryFileBytes: 10 },
    spoolDir: () => assert.fail('spooled'),
  });
  assert.deepEqual(
    result.undecided.map(({ code, subject }) => [code, subject]),
    [['limit-reached', 'bin/app']],
  );
});
