// Tests of the agent's clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedClock } from '../core/index.ts';
import { clockOf } from './clock.ts';

const local = fixedClock('2019-01-01T00:00:00Z');
const year = 365 * 86_400_000;

test('a clock that is years off goes by the API server’s, either way', () => {
  assert.equal(
    clockOf({ clockAhead: 7 * year }, local)
      .now()
      .getTime(),
    local.now().getTime() + 7 * year,
  );
  assert.equal(clockOf({ clockAhead: -year }, local).now().getTime(), local.now().getTime() - year);
});

test('a second more or less is the way here, and changes nothing', () => {
  for (const clockAhead of [0, 900, -900, 4_999])
    assert.deepEqual(clockOf({ clockAhead }, local).now(), local.now());
});
