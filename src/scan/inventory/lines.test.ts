import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBuffer } from '../../testing/openfile.ts';
import { readLines } from './lines.ts';

function linesOf(text: string): { lines: string[]; ended: boolean } {
  const lines: string[] = [];
  const ended = readLines(openBuffer('f', text), 1 << 30, (line) => lines.push(line));
  return { lines, ended };
}

test('lines come without their line feed, and whether the last was ended is told', () => {
  assert.deepEqual(linesOf('a\n\nb\n'), { lines: ['a', '', 'b'], ended: true });
  assert.deepEqual(linesOf('a\nb'), { lines: ['a', 'b'], ended: false });
  assert.deepEqual(linesOf(''), { lines: [], ended: true });
});

test('lines and characters that cross the edge of a piece stay whole', () => {
  const line = 'ü'.repeat(1000);
  const text = `${`${line}\n`.repeat(1500)}end`;
  const { lines } = linesOf(text);
  assert.equal(lines.length, 1501);
  assert.ok(lines.slice(0, -1).every((each) => each === line));
  assert.equal(lines.at(-1), 'end');
});
