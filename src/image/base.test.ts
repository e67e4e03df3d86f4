import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseLayers, claimedBase } from './base.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const name = 'org.opencontainers.image.base.name';
const of = 'org.opencontainers.image.base.digest';

test('a base is claimed by annotation before label, by digest where one is given and is a digest', () => {
  assert.equal(claimedBase({}, {}), undefined);
  assert.equal(claimedBase({ [name]: '' }, { [name]: 'b:1' }), 'b:1');
  assert.equal(claimedBase({ [name]: 'a:1' }, { [name]: 'b:1' }), 'a:1');
  assert.equal(claimedBase({ [name]: 'r:5000/a', [of]: digest }, {}), `r:5000/a@${digest}`);
  assert.equal(claimedBase({ [name]: 'r:5000/a:1', [of]: digest }, {}), `r:5000/a@${digest}`);
  assert.equal(claimedBase({ [name]: 'a:1', [of]: 'latest' }, {}), 'a:1');
});

test('only a true prefix of the layers proves a base', () => {
  assert.equal(baseLayers(['a', 'b', 'c'], ['a', 'b']), 2);
  assert.equal(baseLayers(['a'], ['a']), 1, 'an image that only changes the config');
  assert.equal(baseLayers(['a', 'b'], ['b']), undefined);
  assert.equal(baseLayers(['a', 'b'], ['a', 'c']), undefined);
  assert.equal(baseLayers(['a'], ['a', 'b']), undefined);
  assert.equal(baseLayers(['a'], []), undefined, 'no layers prove nothing');
});
