import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToken, plainText } from './token.ts';

test('a name or version is one word without control characters', () => {
  for (const text of ['a', '1:2.3-4~b+c', '@scope', 'é', 'x'.repeat(512)]) assert.ok(isToken(text), text);
  for (const text of [undefined, '', 'a b', 'a\n', '\u001b[31m', '\u009b31m', 'a\ufffd', 'x'.repeat(513)])
    assert.equal(isToken(text), false);
});

test('text for people is one line of bounded length that no terminal obeys', () => {
  assert.equal(plainText('a\u001b[31m\n\u009b\u202eb'), 'a\ufffd[31m\ufffd\ufffd\ufffdb');
  assert.equal(plainText('x'.repeat(1000), 10), `${'x'.repeat(9)}…`);
  assert.equal(plainText('SUSE LLC <https://www.suse.com/>'), 'SUSE LLC <https://www.suse.com/>');
});
