import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits, type Limits } from '../core/index.ts';
import { makeTar, type TarFile } from '../testing/images.ts';
import { ImageFault } from './fault.ts';
import { type TarEntry, TarReader } from './tar.ts';
import { cleanPath } from './tarheader.ts';

interface Seen extends TarEntry {
  data?: string;
}

function read(tar: Buffer, piece = tar.length, limits: Limits = defaultLimits): Seen[] {
  const seen: Seen[] = [];
  let current: Buffer[] = [];
  const reader = new TarReader(
    {
      entry(entry) {
        seen.push({ ...entry });
        current = [];
        return true;
      },
      data: (bytes) => void current.push(Buffer.from(bytes)),
      end() {
        seen.at(-1)!.data = Buffer.concat(current).toString('latin1');
      },
    },
    limits,
  );
  for (let at = 0; at < tar.length; at += piece) reader.write(tar.subarray(at, at + piece));
  reader.finish();
  return seen;
}

const paths = (tar: Buffer, piece?: number) => read(tar, piece).map(({ path }) => path);

function pax(records: Record<string, string>, type = 'x'): TarFile {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (String(length).length + rest !== length) length++;
    return `${length} ${key}=${value}\n`;
  });
  return { path: 'PaxHeaders/x', type, data: lines.join('') };
}

const sample: TarFile[] = [
  { path: 'etc/', type: '5' },
  { path: 'etc/os-release', data: 'ID=debian\n' },
  { path: './usr/bin/app', data: 'x'.repeat(1300), mode: 0o755 },
  { path: 'link', type: '2', linkname: '../../etc/passwd' },
  { path: 'hard', type: '1', linkname: 'etc/os-release' },
  { path: 'empty' },
];

test('an archive reads the same whatever the pieces it comes in', () => {
  const tar = makeTar(sample);
  const whole = read(tar);
  assert.deepEqual(
    whole.map(({ path, type, size }) => [path, type, size]),
    [
      ['etc', 'directory', 0],
      ['etc/os-release', 'file', 10],
      ['usr/bin/app', 'file', 1300],
      ['link', 'symlink', 0],
      ['hard', 'hardlink', 0],
      ['empty', 'file', 0],
    ],
  );
  assert.equal(whole[1]!.data, 'ID=debian\n');
  assert.equal(whole[2]!.mode, 0o755);
  for (let piece = 1; piece <= 700; piece++)
    assert.deepEqual(read(tar, piece), whole, `pieces of ${piece} bytes`);
});

test('an archive that stops anywhere before its end is never taken for whole', () => {
  const tar = makeTar([{ path: 'a', data: 'y'.repeat(600) }]);
  for (let end = 1; end < 512 + 600; end++)
    assert.throws(() => read(tar.subarray(0, end)), { code: 'tar-corrupt' }, `${end} bytes`);
});

test('paths stay below the root, however they are written', () => {
  for (const [raw, clean] of [
    ['../../etc/passwd', 'etc/passwd'],
    ['/etc/passwd', 'etc/passwd'],
    ['a/./b//c/../d', 'a/b/d'],
    ['./', ''],
    ['a/..', ''],
    ['..', ''],
    ['...', '...'],
    ['dir/', 'dir'],
  ] as const)
    assert.equal(cleanPath(raw), clean, raw);
});

test('long names come by GNU headers and by pax, sizes by pax and base-256', () => {
  const long = `${'d/'.repeat(120)}name`;
  assert.deepEqual(
    paths(
      makeTar([
        { path: '././@LongLink', type: 'L', data: `${long}\0` },
        { path: 'short', data: 'a' },
      ]),
    ),
    [long],
  );
  assert.deepEqual(paths(makeTar([pax({ path: long }), { path: 'short', data: 'a' }, { path: 'next' }])), [
    long,
    'next',
  ]);
  const linked = read(makeTar([pax({ linkpath: long }), { path: 'l', type: '2', linkname: 'x' }]));
  assert.equal(linked[0]!.linkname, long);
  const tar = makeTar([{ path: 'big', data: 'z'.repeat(20) }]);
  tar.fill(0, 124, 136);
  tar[124] = 0x80;
  tar[135] = 20;
  assert.equal(read(mended(tar))[0]!.data, 'z'.repeat(20));
  const sized = makeTar([pax({ size: '3' }), { path: 'x', data: 'abc' }]);
  assert.equal(read(sized)[0]!.size, 3);
});

test('what a header must not say is named: bad checksums, sizes, pax records, names without end', () => {
  const tar = makeTar([{ path: 'a', data: 'b' }]);
  const wrongSum = Buffer.from(tar);
  wrongSum[0] = 0x62;
  const negative = Buffer.from(tar);
  negative[124] = 0xff;
  const noOctal = Buffer.from(tar);
  noOctal.write('9999', 124);
  for (const broken of [
    wrongSum,
    mended(negative),
    mended(noOctal),
    makeTar([{ path: 'p', type: 'x', data: '99 path=a\n' }, { path: 'a' }]),
    makeTar([{ path: 'p', type: 'x', data: 'nonsense' }, { path: 'a' }]),
  ])
    assert.throws(() => read(broken), { code: 'tar-corrupt' });
  const long = makeTar([{ path: '././@LongLink', type: 'L', data: 'n'.repeat(40_000) }, { path: 'a' }]);
  assert.throws(() => read(long), { code: 'tar-limit' });
  const many = makeTar(Array.from({ length: 20 }, (_, i) => ({ path: `f${i}` })));
  assert.throws(
    () => read(many, many.length, { ...defaultLimits, layerEntries: 19 }),
    (error) => error instanceof ImageFault && error.code === 'tar-limit',
  );
});

test('what a runtime ignores hides nothing: global headers, empty pax values, sizes of devices, NULs before numbers', () => {
  const file: TarFile = { path: 'etc/os-release', data: 'ID=a\n' };
  assert.deepEqual(paths(makeTar([pax({ path: 'elsewhere' }, 'g'), file])), ['etc/os-release']);
  assert.deepEqual(paths(makeTar([pax({ path: '', size: '', linkpath: '' }), file])), ['etc/os-release']);
  assert.deepEqual(
    paths(makeTar([{ path: '././@LongLink', type: 'L', data: 'gnu\0' }, pax({ path: 'pax' }), file])),
    ['gnu'],
    'as Go’s archive/tar reads it',
  );
  const device = makeTar([{ path: 'dev/fifo', type: '6' }, file]);
  device.write('00000001000\0', 124);
  assert.deepEqual(paths(mended(device)), ['dev/fifo', 'etc/os-release']);
  const padded = makeTar([{ path: 'a', data: 'hello' }, file]);
  padded.write('\0\x000000005 ', 124);
  assert.deepEqual(paths(mended(padded)), ['a', 'etc/os-release']);
});

test('the maps of old GNU sparse files stand before their data, however many there are', () => {
  const map = Buffer.alloc(1024);
  map[504] = 1;
  const data = Buffer.alloc(512, 0xff);
  const tar = makeTar([{ path: 'sparse', type: 'S', data: Buffer.concat([map, data]) }, { path: 'next' }]);
  tar.write('00000001000\0', 124);
  tar[482] = 1;
  mended(tar);
  for (const piece of [1, 100, 512, tar.length])
    assert.deepEqual(paths(tar, piece), ['sparse', 'next'], `pieces of ${piece}`);
});

test('what follows the end of an archive is not part of it', () => {
  const tar = Buffer.concat([makeTar([{ path: 'a', data: 'b' }]), makeTar([{ path: 'hidden', data: 'c' }])]);
  assert.deepEqual(paths(tar), ['a']);
});

/** The first header with its checksum computed again. */
function mended(tar: Buffer): Buffer {
  tar.write('        ', 148);
  let sum = 0;
  for (let i = 0; i < 512; i++) sum += tar[i]!;
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return tar;
}
