import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { defaultLimits } from '../../core/index.ts';
import { elfFile } from '../../testing/elffile.ts';
import { inlineBuildInfo, pointerBuildInfo } from '../../testing/gobuildinfo.ts';
import { auditable, goModules } from '../../testing/inventorycorpus.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { elfOf } from './elf.ts';
import { executables } from './executables.ts';
import { go, parseModules } from './go.ts';
import { Problems } from './problems.ts';
import { rust } from './rust.ts';

const context = { limits: defaultLimits };
const forms = [
  { bits: 64, order: 'little' },
  { bits: 64, order: 'big' },
  { bits: 32, order: 'little' },
  { bits: 32, order: 'big' },
] as const;
const rows = (bytes: Buffer, extractor = go) =>
  (extractor.extract(openBuffer('usr/bin/x', bytes), context).packages ?? []).map(
    (each) => `${each.name} ${each.version}`,
  );

const modules = ['example.com/tool (devel)', 'golang.org/x/text v0.3.7', 'github.com/new/lib v1.0.1'];

test('what a file needs and provides is read in every width and order', () => {
  for (const form of forms) {
    const bytes = elfFile({
      ...form,
      needed: ['libc.so.6', 'libm.so.6'],
      soname: 'libx.so.1',
      runpath: '$ORIGIN',
      interpreter: '/lib/ld.so',
    });
    assert.deepEqual(executables.extract(openBuffer('usr/lib/x', bytes), context).elf, {
      needed: ['libc.so.6', 'libm.so.6'],
      soname: 'libx.so.1',
      runpath: '$ORIGIN',
      interpreter: '/lib/ld.so',
    });
  }
});

test('a static program is an executable too; objects and modules are not', () => {
  assert.deepEqual(executables.extract(openBuffer('usr/bin/x', elfFile({ type: 2 })), context).elf, {
    needed: [],
  });
  assert.equal(executables.extract(openBuffer('x', elfFile({ type: 1 })), context).elf, undefined);
  assert.equal(executables.wants(openBuffer('lib/modules/x.ko', elfFile())), false);
  assert.equal(executables.wants(openBuffer('usr/bin/x', '#!/bin/sh\n')), false);
});

test('the extractors of one file share one reading of its headers', () => {
  const file = openBuffer('usr/bin/x', elfFile());
  assert.equal(elfOf(file), elfOf(file));
});

test("Go's build information is read inline, in every width and order, with sections and without", () => {
  for (const form of forms)
    for (const stripped of [false, true]) {
      const bytes = inlineBuildInfo('go1.22.1', goModules);
      const file = elfFile({
        ...form,
        stripped,
        sections: [
          { name: '.text', bytes: Buffer.alloc(100) },
          { name: '.go.buildinfo', bytes },
        ],
      });
      assert.deepEqual(rows(file), [...modules, 'stdlib 1.22.1']);
    }
});

test("Go's build information is read by pointers, as before Go 1.18", () => {
  for (const { bits, order } of forms)
    assert.deepEqual(rows(pointerBuildInfo('go1.16.3', goModules, bits, order)), [
      ...modules,
      'stdlib 1.16.3',
    ]);
});

test('the magic must be aligned, and may cross the edge of a window', () => {
  const bytes = inlineBuildInfo('go1.22.1', '');
  const at = (before: number) =>
    rows(
      elfFile({
        stripped: true,
        sections: [{ name: '.data', bytes: Buffer.concat([Buffer.alloc(before), bytes]) }],
      }),
    );
  assert.deepEqual(at(8), []);
  for (let edge = (1 << 20) - 512; edge <= 1 << 20; edge += 16) assert.deepEqual(at(edge), ['stdlib 1.22.1']);
});

test('the standard library is of a release, without experiments, or unversioned', () => {
  const stdlib = (version: string) =>
    rows(elfFile({ sections: [{ name: '.go.buildinfo', bytes: inlineBuildInfo(version, '') }] })).at(-1);
  assert.equal(stdlib('go1.22.1 X:boringcrypto'), 'stdlib 1.22.1');
  assert.equal(stdlib('go1.23rc1'), 'stdlib 1.23rc1');
  assert.equal(stdlib('devel go1.24-abcdef Mon Jan 1'), 'stdlib (devel)');
});

test('a module replaced by a directory keeps its name without a version', () => {
  const text = 'mod\tm\tv1.0.0\th1:x=\ndep\ta\tv1.0.0\n=>\t./fork\t(devel)\t\ndep\tb\t\n=>\n';
  const problems = new Problems('x');
  assert.deepEqual(parseModules(text, problems), [
    { type: 'golang', name: 'm', version: 'v1.0.0', main: true },
    { type: 'golang', name: 'a', version: '(devel)' },
    { type: 'golang', name: 'b', version: '(devel)' },
  ]);
  assert.equal(problems.count, 1);
});

test('build information that points out of the file is named', () => {
  const bytes = inlineBuildInfo('go1.22.1', goModules);
  bytes[32] = 0xff;
  bytes[33] = 0x7f;
  const file = openBuffer('usr/bin/x', elfFile({ sections: [{ name: '.go.buildinfo', bytes }] }));
  assert.throws(() => go.extract(file, context), /build information|at most/);
});

test('a program that is not of Go or Rust has no packages', () => {
  assert.deepEqual(rows(elfFile()), []);
  assert.deepEqual(rows(elfFile(), rust), []);
});

test('Rust packages that run are listed, those that only built it are not', () => {
  const packed = deflateSync(JSON.stringify(auditable));
  for (const form of forms)
    assert.deepEqual(rows(elfFile({ ...form, sections: [{ name: '.dep-v0', bytes: packed }] }), rust), [
      'app 0.1.0',
      'serde 1.0.200',
    ]);
});

test('a bomb, other data and other documents in .dep-v0 are each a Fault', () => {
  const read = (bytes: Buffer) => () => rows(elfFile({ sections: [{ name: '.dep-v0', bytes }] }), rust);
  assert.throws(read(deflateSync(Buffer.alloc(17 << 20))), { code: 'inventory-invalid' });
  assert.throws(read(Buffer.from('no zlib')), { code: 'inventory-invalid' });
  assert.throws(read(deflateSync('{"packages":{}}')), { code: 'inventory-invalid' });
  assert.throws(read(deflateSync('null')), { code: 'inventory-invalid' });
  assert.throws(read(deflateSync('['.repeat(1000))), { code: 'json-too-deep' });
});

test('thousands of entries that share one long name do not make the facts large', () => {
  const bytes = elfFile({ needed: Array.from({ length: 4000 }, () => `lib${'x'.repeat(2000)}.so`) });
  const { needed } = executables.extract(openBuffer('usr/lib/x', bytes), context).elf!;
  assert.ok(needed.length < 40);
});
