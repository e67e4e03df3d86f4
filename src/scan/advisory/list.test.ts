import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isId, parseModifiedCsv } from './list.ts';

test('a list gives ids with their times, those of year 1 too', () => {
  const text =
    '2026-01-02T03:04:05Z,GHSA-aaaa\n0001-01-01T00:00:00Z,PYSEC-2024-55\r\n2026-01-02T03:04:05.123456789Z,a.b:c\n';
  assert.deepEqual(
    [...parseModifiedCsv(text)],
    [
      ['GHSA-aaaa', '2026-01-02T03:04:05Z'],
      ['PYSEC-2024-55', '0001-01-01T00:00:00Z'],
      ['a.b:c', '2026-01-02T03:04:05.123456789Z'],
    ],
  );
});

test('one wrong line, or a last one that was cut, makes the list wrong', () => {
  const good = '2026-01-02T03:04:05Z,GHSA-aaaa\n';
  for (const text of [
    '',
    good.slice(0, -1),
    `${good}<html>\n`,
    `${good}yesterday,X\n`,
    `${good}2026-01-02T03:04:05Z,../x\n`,
    `${good}2026-13-02T03:04:05Z,X\n`,
    `${good}\n`,
    `${good}2026-01-02T03:04:05Z,\n`,
  ])
    assert.throws(() => parseModifiedCsv(text), { code: 'feed-unreadable' }, JSON.stringify(text));
});

test('an id can be part of a path and stays one', () => {
  for (const id of ['GHSA-aaaa-bbbb-cccc', 'RHSA-2024:1234', 'x_NSWG-ECO-472', 'openSUSE-SU-2024:1-1'])
    assert.ok(isId(id));
  for (const id of ['', '..', '../x', 'a/b', 'a..b', '-x', 'a b', 'x'.repeat(201), 'a\0'])
    assert.ok(!isId(id), id);
});
