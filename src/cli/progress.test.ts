import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalProgress } from './progress.ts';

test('nobody who is no terminal hears of progress', () => {
  assert.equal(terminalProgress({ write: () => assert.fail('written') }), undefined);
});

test('a terminal sees layers and bytes on one line that is gone in the end, and no strange name moves its cursor', () => {
  let written = '';
  const progress = terminalProgress({
    isTTY: true,
    columns: 40,
    write(text) {
      written += text;
    },
  })!;
  progress.stage('opening \u001b[2Jevil\u202ename that is long enough for more than one line');
  progress.layers(2, 5_000_000);
  progress.bytes(1_000_000);
  progress.layerDone();
  progress.clear();
  assert.match(written, /opening \?\[2Jevil\?name/);
  const lines = written.split('\r\u001b[2K').filter((line) => line !== '');
  for (const line of lines) assert.ok(line.length < 40 && !line.includes('\u001b'), JSON.stringify(line));
  assert.ok(written.endsWith('\r\u001b[2K'));
});
