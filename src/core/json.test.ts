import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './json.ts';

test('JSON is what JSON.parse reads', () => {
  for (const value of [null, 1, 'a"\\', [], {}, [{ a: [1] }, { a: [2] }], { a: { a: 'a' }, '"': ['b', 'b'] }])
    assert.deepEqual(parseJson(JSON.stringify(value, null, 2)), value);
});

test('an object that names a key twice is refused, however the key is spelt', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":1,"c":[{}],"a":2}}]',
    '{"":1,"":1}',
  ])
    assert.throws(() => parseJson(text), { code: 'json-duplicate-key' }, text);
  assert.deepEqual(parseJson('{"a":{"a":1},"b":["a","a"],"c":"a"}'), {
    a: { a: 1 },
    b: ['a', 'a'],
    c: 'a',
  });
});

test('nesting is bounded, and brackets in texts are not nesting', () => {
  assert.throws(() => parseJson('['.repeat(1000)), { code: 'json-too-deep' });
  assert.throws(() => parseJson(`${'{"a":'.repeat(5)}1${'}'.repeat(5)}`, 4), { code: 'json-too-deep' });
  assert.equal(parseJson(JSON.stringify('[{'.repeat(1000))), '[{'.repeat(1000));
});

test('what is no JSON is named, and __proto__ is a key like others', () => {
  for (const text of ['', '{', '"a', '{"a" 1}', '{,}', '\ufeff{}', 'NaN', '{"a\\":1}'])
    assert.throws(() => parseJson(text), { code: 'json-invalid' }, text);
  const parsed = parseJson('{"__proto__":{"x":1}}') as object;
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype);
});
