import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { openSetting, untilStopped } from './setting.ts';

test('who is told to stop while still starting stops, and does not wait for another word', async (t) => {
  const before = openSetting(new Command());
  t.after(() => before.close());
  process.emit('SIGTERM');
  await untilStopped(before.signal);
  const later = openSetting(new Command());
  t.after(() => later.close());
  const stopped = untilStopped(later.signal);
  assert.equal(later.signal.aborted, false);
  process.emit('SIGINT');
  await stopped;
});
