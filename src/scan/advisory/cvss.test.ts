import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseScoreOf } from './cvss.ts';

test('vectors of every CVSS version get the base score that FIRST gives for them', () => {
  // Examples of FIRST's documents: v2 guide 3.3.1, v3.1 examples, v4.0 examples.
  assert.equal(baseScoreOf('AV:N/AC:L/Au:N/C:N/I:N/A:C'), 7.8);
  assert.equal(baseScoreOf('CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N'), 6.1);
  assert.equal(baseScoreOf('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'), 9.8);
  assert.equal(baseScoreOf('CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N'), 7.3);
});

test('text that is no complete vector has no score', () => {
  for (const text of [
    '',
    'garbage',
    'CVSS:3.1/AV:N',
    'CVSS:4.0/AV:N',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Q',
    'x'.repeat(1000),
  ])
    assert.equal(baseScoreOf(text), undefined, text);
});
