// Text for a terminal: nothing of a stranger's moves the cursor, and no line is wider than asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain, widthOf, wrap } from './text.ts';

test('control characters, bidi overrides, invisible characters and lone surrogates are replaced visibly', () => {
  for (const code of [0, 7, 0x0a, 0x1b, 0x7f, 0x9b, 0xad, 0x200b, 0x202e, 0x2066, 0xfeff, 0xd800])
    assert.equal(plain(`a${String.fromCharCode(code)}b`), 'a\ufffdb', code.toString(16));
  assert.equal(plain('größe 大 😀'), 'größe 大 😀');
});

test('a word wider than the line is broken between characters, wide ones counted twice', () => {
  const word = '大'.repeat(30) + '😀'.repeat(30) + 'a'.repeat(30);
  const lines = wrap(word, 20);
  assert.equal(lines.join(''), word);
  for (const line of lines) {
    assert.ok(widthOf(line) <= 20, line);
    assert.ok(line.isWellFormed(), line);
  }
});

test('words move to the next line whole, and the indent counts', () => {
  assert.deepEqual(wrap('one two three four five', 16, '  '), ['  one two three', '  four five']);
});
