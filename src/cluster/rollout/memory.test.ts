// Tests of what workloads remember: records and holds, and what is believed of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDigest, newImage, oldDigest, oldImage, repository } from '../../testing/rolloutobjects.ts';
import { type Hold, holdOf, parseHolds, withHold, withRelease } from './hold.ts';
import { formatRecord, parseRecord, type RolloutRecord } from './record.ts';

const record: RolloutRecord = {
  version: 1,
  id: 'a',
  state: 'moving',
  repository,
  from: oldDigest,
  to: newDigest,
  images: [{ role: 'container', name: 'main', before: oldImage, good: oldImage, after: newImage }],
  unavailable: 0,
  by: 'ana',
  started: '2026-11-27T12:00:00.000Z',
  patience: 600_000,
  deadline: '2026-11-27T12:10:00.000Z',
};

test('a record is read back as it was written', () => {
  assert.deepEqual(parseRecord(formatRecord(record)), record);
});

test('a record whose way back leads to another repository or digest is not believed', () => {
  const image = record.images[0]!;
  const elsewhere = [
    { ...image, good: `evil.example.com/team/app@${oldDigest}` },
    { ...image, good: `${repository}:1.2` },
    { ...image, good: newImage },
    { ...image, after: oldImage },
    { ...image, before: 'evil.example.com/x:1' },
  ];
  for (const wrong of elsewhere)
    assert.throws(() => parseRecord(JSON.stringify({ ...record, images: [wrong] })), {
      code: 'rollout-record-invalid',
    });
});

test('nonsense in place of a record is named, whatever its shape', () => {
  const wrong: unknown[] = [
    null,
    [],
    1,
    '',
    '{',
    { ...record, version: 2 },
    { ...record, state: 'x' },
    { ...record, images: [] },
    { ...record, deadline: 'soon' },
    { ...record, patience: -1 },
  ];
  for (const value of wrong)
    assert.throws(() => parseRecord(typeof value === 'string' ? value : JSON.stringify(value)), {
      code: 'rollout-record-invalid',
    });
  assert.throws(() => parseRecord(`{"version":1,${formatRecord(record).slice(1)}`), {
    code: 'rollout-record-invalid',
  });
});

const hold: Hold = {
  repository,
  digest: newDigest,
  reason: 'crashed',
  by: 'ana',
  since: '2026-11-27T12:00:00Z',
};
const at = (text: string) => Date.parse(text);
const noon = at('2026-11-27T12:00:00Z');

test('a release ends a hold until it expires; a digest that fails again is held anew', () => {
  const release = { by: 'bo', reason: 'mended', at: '2026-11-27T13:00:00Z', expires: '2026-11-28T00:00:00Z' };
  const released = withRelease([hold], newDigest, release, noon)!;
  assert.equal(holdOf(released, newDigest, at('2026-11-27T14:00:00Z')), undefined);
  assert.equal(holdOf(released, newDigest, at('2026-11-28T00:00:00Z'))?.reason, 'crashed');
  assert.equal(withRelease(released, newDigest, release, at('2026-11-27T14:00:00Z')), undefined);
  assert.deepEqual(withHold(released, { ...hold, reason: 'again' }), [{ ...hold, reason: 'again' }]);
  assert.equal(holdOf([hold], oldDigest, noon), undefined);
});

test('the newest holds are kept, and what is no list of holds is named', () => {
  const many = Array.from({ length: 30 }, (_, i) => ({
    ...hold,
    digest: `sha256:${String(i).padStart(64, '0')}`,
  }));
  const kept = many.reduce<Hold[]>((holds, one) => withHold(holds, one), []);
  assert.equal(kept.length, 16);
  assert.equal(kept[0]?.digest, many.at(-1)?.digest);
  assert.deepEqual(parseHolds(JSON.stringify(kept)), kept);
  for (const wrong of [
    '',
    '{}',
    '[1]',
    '[{}]',
    JSON.stringify([{ ...hold, since: 'x' }]),
    JSON.stringify([{ ...hold, release: {} }]),
  ])
    assert.throws(() => parseHolds(wrong), { code: 'rollout-record-invalid' }, wrong);
});
