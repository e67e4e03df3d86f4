import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { npm } from './npm.ts';

const context = { limits: defaultLimits };
const wanted = (path: string) => npm.wants(openBuffer(path, ''));
const read = (text: string, path = 'app/node_modules/a/package.json') =>
  npm.extract(openBuffer(path, text), context).packages ?? [];

test('packages stand below node_modules, in one another, in scopes and in stores', () => {
  for (const path of [
    'node_modules/a/package.json',
    'app/node_modules/a/package.json',
    'app/node_modules/@s/a/package.json',
    'usr/local/lib/node_modules/npm/node_modules/@npmcli/arborist/package.json',
    'app/node_modules/@s/a/node_modules/b/package.json',
    'app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json',
    'app/node_modules/.pnpm/@s+a@1.0.0/node_modules/@s/a/package.json',
    'app/packages/x/node_modules/y/package.json',
  ])
    assert.ok(wanted(path), path);
});

test('applications, sub-paths, fixtures, bundles and lockfiles are no evidence', () => {
  for (const path of [
    'package.json',
    'app/package.json',
    'node_modules/package.json',
    'app/node_modules/@s/package.json',
    'app/node_modules/a/esm/package.json',
    'app/node_modules/@s/a/esm/package.json',
    'app/node_modules/next/dist/compiled/ws/package.json',
    'app/node_modules/resolve/test/resolver/node_modules/x/package.json',
    'app/node_modules/.cache/x/package.json',
    'app/node_modules/.a-Zx12/package.json',
    'app/node_modules/a/package-lock.json',
    'app/node_modules/.package-lock.json',
    'usr/share/nodejs/a/package.json',
    'app/my_node_modules/a/package.json',
  ])
    assert.equal(wanted(path), false, path);
});

test('an alias is what it says of itself, and a package without a name is its folder', () => {
  assert.deepEqual(read('\ufeff{"version":"1.0.0", "name":"@scope\\u002freal"}'), [
    { type: 'npm', name: 'real', version: '1.0.0', namespace: '@scope' },
  ]);
  assert.deepEqual(read('{"version":"2.0.0"}', 'app/node_modules/@s/b/package.json'), [
    { type: 'npm', name: 'b', version: '2.0.0', namespace: '@s' },
  ]);
});

test('only the first level counts, whatever the values hold', () => {
  const text =
    '{"a": {"name": "x", "version": "9"}, "b": ["name", {"version": 1}], "c": "\\"name\\":", "name": "n", "version": "1.0.0"}';
  assert.deepEqual(read(text), [{ type: 'npm', name: 'n', version: '1.0.0' }]);
  assert.deepEqual(read('{"type": "module"}'), []);
  assert.deepEqual(read('{"name": "n", "version": {"x": "1"}, "v": "2"}'), []);
});

test('two names, endless nesting, text that ends early or goes on: each is named', () => {
  for (const text of [
    '{"name":"a","name":"b","version":"1"}',
    '{"name":"a","n\\u0061me":"b","version":"1"}',
    `{"name":"a","version":"1","x":${'['.repeat(1000)}${']'.repeat(1000)}}`,
    '{"name":"a","version":"1"',
    '{"name":"a","version":"1',
    '{"name":"a","version":"1"} {}',
    '["name","a","version","1"]',
    '{"name":"a b","version":"1"}',
    '{"name":"a","version":"1\\u001b[31m"}',
    '{"name":"@/x/y","version":"1"}',
    '',
  ])
    assert.throws(() => read(text), { code: 'inventory-invalid' }, text.slice(0, 60));
});

test('__proto__ is a key like any other', () => {
  assert.deepEqual(read('{"__proto__": {"name": "x"}, "name": "__proto__", "version": "1.0.0"}'), [
    { type: 'npm', name: '__proto__', version: '1.0.0' },
  ]);
});
