import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { python } from './python.ts';

const context = { limits: defaultLimits };
const site = 'usr/lib/python3/dist-packages/';
const read = (text: string | Buffer, path = `${site}a-1.dist-info/METADATA`) =>
  python.extract(openBuffer(path, text), context).packages;

test('wheels and eggs are wanted, sources are not', () => {
  const wanted = (path: string) => python.wants(openBuffer(path, ''));
  for (const path of [
    'a-1.dist-info/METADATA',
    'a.egg-info/PKG-INFO',
    'a-1.egg-info',
    'a-1.egg/EGG-INFO/PKG-INFO',
  ])
    assert.ok(wanted(site + path), path);
  for (const path of ['a-1/METADATA', 'PKG-INFO', 'a-1.dist-info/RECORD', '.egg-info'])
    assert.equal(wanted(site + path), false, path);
});

test('names are normalised, and the description is not read', () => {
  assert.deepEqual(
    read('Metadata-Version: 2.1\r\nName: Zope.Interface__X\r\nVersion: 5.0\r\n\r\nVersion: 9\r\n'),
    [{ type: 'pypi', name: 'zope-interface-x', version: '5.0' }],
  );
  const long = `Name: a\nSummary: ${'x'.repeat(50_000)}\nVersion: 1.0\n\n${'body\n'.repeat(100)}`;
  assert.deepEqual(read(long), [{ type: 'pypi', name: 'a', version: '1.0' }]);
});

test('metadata without a name or a version is named', () => {
  for (const text of ['Name: a\n\nVersion: 1\n', 'Version: 1\n', '', 'Name: a b\nVersion: 1\n'])
    assert.throws(() => read(text), { code: 'inventory-invalid' });
  assert.throws(() => read(Buffer.from('Name: a\xff\nVersion: 1\n', 'latin1')), {
    code: 'inventory-invalid',
  });
});

test('headers without end are refused at the bound', () => {
  const limits = { ...defaultLimits, documentBytes: 1000 };
  const file = openBuffer(`${site}a-1.dist-info/METADATA`, `Name: a\nX: ${'x'.repeat(100_000)}`);
  assert.throws(() => python.extract(file, { limits }), { code: 'limit-reached' });
});
