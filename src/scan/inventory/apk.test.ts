import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { sharedData } from '../../testing/shareddata.ts';
import { apk } from './apk.ts';

const context = { limits: defaultLimits };
const path = 'lib/apk/db/installed';

test('both places are wanted', () => {
  assert.ok(apk.wants(openBuffer(path, '')) && apk.wants(openBuffer(`usr/${path}`, '')));
  assert.equal(apk.wants(openBuffer(`home/${path}`, '')), false);
});

test('name, version, origin and files come out of a stanza', () => {
  const text =
    'C:Q1x=\nP:libcrypto3\nV:3.1.0-r4\nA:x86_64\no:openssl\nF:\nR:top\nF:etc\nF:lib\nR:libcrypto.so.3\na:0:0:755\nZ:Q1y=\n\n';
  const found = apk.extract(openBuffer(path, text), context);
  assert.deepEqual(found.packages, [
    {
      type: 'apk',
      name: 'libcrypto3',
      version: '3.1.0-r4',
      source: { name: 'openssl', version: '3.1.0-r4' },
      arch: 'x86_64',
    },
  ]);
  assert.deepEqual(found.owned, [{ owner: 'libcrypto3', paths: ['top', 'lib/libcrypto.so.3'] }]);
  assert.deepEqual(found.undecided, []);
});

test('one long directory with countless names does not make the paths grow without bound', () => {
  const text = `P:a\nV:1\nF:${'d'.repeat(1 << 19)}\n${'R:x\n'.repeat(1 << 16)}\n`;
  const found = apk.extract(openBuffer(path, text), context);
  assert.ok(found.owned![0]!.paths.length < 10);
  assert.equal(found.undecided![0]!.code, 'limit-reached');
});

for (const [release, count] of [
  ['alpine-3.10.2', 14],
  ['alpine-3.16.2', 14],
  ['alpine-3.18.0', 15],
] as const) {
  test(`the ${count} packages of ${release} are found`, (t) => {
    const file = sharedData(t, `fixtures/apk/${release}/${path}`);
    if (file === undefined) return;
    const text = readFileSync(file, 'utf8');
    const names = [...text.matchAll(/^P:(.*)$/gm)].map((match) => match[1]);
    const found = apk.extract(openBuffer(path, text), context);
    assert.equal(names.length, count);
    assert.deepEqual(
      found.packages!.map(({ name }) => name),
      names,
    );
    assert.deepEqual(found.undecided, []);
  });
}
