import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { readLayer } from '../../image/index.ts';
import { makeTar, type TarFile } from '../../testing/images.ts';
import { Analysis } from './analysis.ts';
import { assemble } from './assemble.ts';
import { chooseDatabases } from './databases.ts';
import { extractors } from './extractors.ts';
import { Links } from './links.ts';
import { Spool } from './openfile.ts';
import { pathHash } from './paths.ts';
import { decodeResult, encodeResult, type LayerResult } from './result.ts';
import { type SquashedFile, squash } from './squash.ts';

const spool = new Spool(() => assert.fail('nothing here is large'));

async function layer(...files: TarFile[]): Promise<LayerResult> {
  const analysis = new Analysis(extractors, defaultLimits, spool);
  async function* once() {
    yield makeTar(files);
  }
  return analysis.result(await readLayer(once(), analysis));
}

const status = (name: string, version = '1') =>
  `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: all\n\n`;
const npm = (name: string, at = `srv/node_modules/${name}`): TarFile => ({
  path: `${at}/package.json`,
  data: JSON.stringify({ name, version: '1.0.0' }),
});
const found = (layers: LayerResult[]) =>
  assemble(layers, { layered: true }).packages.map(({ name, version }) => `${name} ${version}`);

test('a package written back after it was removed is there again, with the layer that brought it back', async () => {
  const layers = [
    await layer(npm('a')),
    await layer({ path: 'srv/node_modules/.wh.a' }),
    await layer(npm('a')),
  ];
  assert.deepEqual(found(layers.slice(0, 2)), []);
  assert.deepEqual(
    squash(layers).files.map(({ path, layer: index, since }) => [path, index, since]),
    [['srv/node_modules/a/package.json', 2, [2]]],
  );
});

test('whiteouts hide what is below them only, whatever their order in the layer', async () => {
  const base = await layer(npm('a'), npm('b'), npm('ab'));
  const before = await layer({ path: 'srv/node_modules/.wh..wh..opq' }, npm('a'));
  const after = await layer(npm('a'), { path: 'srv/node_modules/.wh..wh..opq' });
  for (const upper of [before, after]) assert.deepEqual(found([base, upper]), ['a 1.0.0']);
  assert.deepEqual(found([base, await layer({ path: 'srv/node_modules/.wh.a' })]), ['b 1.0.0', 'ab 1.0.0']);
  assert.deepEqual(found([base, await layer({ path: '.wh..wh..opq' })]), []);
  assert.deepEqual(
    found([base, await layer({ path: 'srv/node_modules/.wh..wh.plnk' })]).length,
    3,
    'bookkeeping of aufs removes nothing',
  );
  assert.deepEqual(found([base, await layer({ path: 'srv', type: '2', linkname: 'elsewhere' })]), []);
  assert.equal(found([base, await layer({ path: 'srv/node_modules', type: '5' })]).length, 3);
});

test('a path twice in one layer is the last of them, and what a link stands in for is gone', async () => {
  const twice = await layer(npm('a'), { path: 'srv/node_modules/a/package.json', type: '2', linkname: 'x' });
  assert.deepEqual(found([twice]), []);
});

test('a second status file counts, and what two databases both list is one package', async () => {
  const layers = [
    await layer({ path: 'var/lib/dpkg/status', data: status('zlib1g') + status('base-files') }),
    await layer(
      { path: 'var/lib/dpkg/status.d/curl', data: status('curl') },
      { path: 'usr/lib/dpkg/status', data: status('zlib1g') },
    ),
  ];
  assert.deepEqual(found(layers).sort(), ['base-files 1', 'curl 1', 'zlib1g 1']);
});

test('of an rpm database in its old and its new form the one written last stands', () => {
  const file = (path: string, index: number): SquashedFile => ({
    path,
    hash: pathHash(path),
    layer: index,
    since: [index],
    result: { path, by: ['rpm'], packages: [{ type: 'rpm', name: 'a', version: '1-1' }], owned: [] },
  });
  const chosen = (...files: SquashedFile[]) => chooseDatabases(files).map(({ path }) => path);
  const [old, now] = ['var/lib/rpm/Packages', 'var/lib/rpm/rpmdb.sqlite'];
  assert.deepEqual(chosen(file(old, 0), file(now, 0)), [now]);
  assert.deepEqual(chosen(file(now, 0), file(old, 0)), [now]);
  assert.deepEqual(chosen(file(old, 1), file(now, 0)), [old]);
  assert.deepEqual(chosen(file(old, 0), file('srv/data', 0)), [old, 'srv/data']);
});

test('links of directories are followed below the root, and those that loop end', async () => {
  const links = new Links();
  links.add(
    await layer(
      { path: 'lib', type: '2', linkname: 'usr/lib' },
      { path: 'usr/up', type: '2', linkname: '../../../etc' },
      { path: 'a', type: '2', linkname: 'b' },
      { path: 'b', type: '2', linkname: '/a' },
      { path: 'deep', type: '2', linkname: 'deep/er' },
    ),
  );
  assert.equal(links.resolve('lib/apk/db/installed'), 'usr/lib/apk/db/installed');
  assert.equal(links.resolve('usr/up/os-release'), 'etc/os-release');
  assert.equal(links.resolve('a/x'), 'a/x');
  assert.equal(links.resolve('deep/x'), 'deep/x');
  assert.equal(links.resolve('library/x'), 'library/x');
  links.add(await layer({ path: '.wh.lib' }));
  assert.equal(links.resolve('lib/x'), 'lib/x');
});

test('a kept result is read back as it was, and never after a byte of it has changed', async () => {
  const result = await layer(npm('a'), { path: 'var/lib/dpkg/status', data: status('zlib1g') });
  const bytes = encodeResult(result);
  assert.deepEqual(decodeResult(bytes), result);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x10;
    assert.equal(decodeResult(damaged), undefined, `byte ${at}`);
  }
  for (let end = 0; end < bytes.length; end++)
    assert.equal(decodeResult(bytes.subarray(0, end)), undefined, `${end} bytes`);
});
