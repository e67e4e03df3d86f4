// Tests of kept verdicts: every part of the key tells two questions apart, and none outlives its reasons.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard, policyWith } from '../testing/yard.ts';
import type { Verdict } from './policy/index.ts';
import { rootsHash, VerdictCache, type VerdictKey } from './verdicts.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const parts: VerdictKey = {
  repository: 'example.com/app',
  digest: `sha256:${'a'.repeat(64)}`,
  given: 'digest',
  platforms: ['linux/amd64'],
  labels: [['environment', 'production']],
  policyHash: 'sha256:1',
  rootsHash: '1',
  credentialScope: 'agent',
  purpose: 'admission',
};
const allow: Verdict = {
  decision: 'allow',
  purpose: 'admission',
  image: 'example.com/app',
  digest: parts.digest,
  platforms: [],
  policy: { name: 'p', hash: 'h', rulesHash: 'r' },
  rules: [],
  at: now,
};
const same = async () => ['sha256:e'];

const others: { [Part in keyof VerdictKey]: VerdictKey[Part] } = {
  repository: 'example.com/other',
  digest: `sha256:${'b'.repeat(64)}`,
  given: 'tag',
  platforms: ['linux/arm64'],
  labels: [['environment', 'test']],
  policyHash: 'sha256:2',
  rootsHash: '2',
  credentialScope: 'secret',
  purpose: 'release',
};

for (const part of Object.keys(others) as (keyof VerdictKey)[])
  test(`a verdict is not the answer for another ${part}`, () => {
    const cache = new VerdictCache();
    cache.keep(cache.key(parts), allow, ['sha256:e'], now);
    assert.equal(cache.get(cache.key({ ...parts }), now, same), allow);
    assert.equal(cache.get(cache.key({ ...parts, [part]: others[part] }), now, same), undefined);
  });

test('values that run into each other are still two keys', () => {
  const cache = new VerdictCache();
  assert.notEqual(
    cache.key({ ...parts, platforms: ['a', 'b'] }),
    cache.key({ ...parts, platforms: ['a,b'] }),
  );
  assert.notEqual(rootsHash({ a: 'x', b: 'y' }), rootsHash({ a: 'xb', b: 'y' }));
});

test('a verdict ends at the first moment that a rule can change', () => {
  const cache = new VerdictCache();
  const key = cache.key(parts);
  cache.keep(key, { ...allow, until: now + 5000 }, [], now);
  assert.ok(cache.get(key, now + 4999, same));
  assert.equal(cache.get(key, now + 5000, same), undefined);
});

test('a verdict ends after its longest time, a denial sooner', () => {
  const cache = new VerdictCache({ longest: 1000, denied: 100, relist: 1e9 });
  const key = cache.key(parts);
  cache.keep(key, allow, [], now);
  assert.ok(cache.get(key, now + 999, same));
  assert.equal(cache.get(key, now + 1000, same), undefined);
  cache.keep(key, { ...allow, decision: 'deny' }, [], now);
  assert.equal(cache.get(key, now + 100, same), undefined);
});

test('a background listing that differs drops the verdict; one that fails does not', async () => {
  const cache = new VerdictCache({ relist: 10 });
  const key = cache.key(parts);
  cache.keep(key, allow, ['sha256:e'], now);
  assert.ok(cache.get(key, now + 10, async () => Promise.reject(new Error('away'))));
  await new Promise(setImmediate);
  assert.ok(cache.get(key, now + 20, same));
  await new Promise(setImmediate);
  assert.ok(cache.get(key, now + 30, async () => ['sha256:f']));
  await new Promise(setImmediate);
  assert.equal(cache.get(key, now + 31, same), undefined);
});

test('of too many verdicts the oldest goes', () => {
  const cache = new VerdictCache({ most: 2 });
  const keys = ['1', '2', '3'].map((policyHash) => cache.key({ ...parts, policyHash }));
  for (const key of keys) cache.keep(key, allow, [], now);
  assert.deepEqual(
    keys.map((key) => cache.get(key, now, same) !== undefined),
    [false, true, true],
  );
});

test('a signature that is withdrawn ends the verdict that leaned on it', async (context) => {
  const yard = await openYard(context);
  const key = newKey();
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  const policy = await policyWith(
    { build: key },
    { rules: [{ name: 'signed', signature: { by: ['build'] } }] },
  );
  const reference = `${yard.host}/team/app@${image.digest}`;
  let time = Date.now();
  const checker = yard.checker({
    cache: new VerdictCache({ relist: 1000 }),
    clock: { now: () => new Date(time) },
  });
  assert.equal((await checker.check({ reference, policy })).verdict.decision, 'allow');
  yard.meddle((request, reply) => (request.url.includes('/referrers/') ? reply.code(404).send() : undefined));
  time += 1000;
  assert.equal((await checker.check({ reference, policy })).verdict.decision, 'allow');
  for (let turns = 0; turns < 200; turns++) {
    await new Promise(setImmediate);
    if ((await checker.check({ reference, policy })).verdict.decision === 'deny') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail('expected the verdict to end');
});

test('a kept verdict names the image as the caller does', async (context) => {
  const yard = await openYard(context);
  const key = newKey();
  const image = await yard.push('team/app', [makeImage()], 'one');
  await yard.push('team/app', [makeImage()], 'two');
  await yard.sign(image, key);
  const policy = await policyWith(
    { build: key },
    { rules: [{ name: 'signed', signature: { by: ['build'] } }] },
  );
  const checker = yard.checker();
  await checker.check({ reference: `${yard.host}/team/app:one`, policy });
  const { verdict } = await checker.check({ reference: `${yard.host}/team/app:two`, policy });
  assert.equal(verdict.image, `${yard.host}/team/app:two`);
});

test('the last allow is held for its time, never past its own end, and a denial not at all', () => {
  const hour = 3_600_000;
  const cache = new VerdictCache({ held: 24 * hour });
  const [plain, ending, denied] = ['plain', 'ending', 'denied'] as const;
  cache.keep(plain, allow, [], now);
  cache.keep(ending, { ...allow, until: now + 2 * hour }, [], now);
  cache.keep(denied, { ...allow, decision: 'deny' }, [], now);
  const held = (key: string, hours: number) => cache.last(key, now + hours * hour) !== undefined;
  assert.deepEqual([held(plain, 23), held(plain, 24)], [true, false]);
  assert.deepEqual([held(ending, 1), held(ending, 2)], [true, false]);
  assert.equal(held(denied, 0), false);
});
