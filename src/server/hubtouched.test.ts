// Tests of whose verdict another policy may change, on both databases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRecord } from '../testing/feeds.ts';
import { debian12, inventoryOf, packageOf } from '../testing/inventories.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { parsePolicy } from '../trust/index.ts';
import { watchBook } from '../watch/index.ts';
import { touchedTags } from './hubtouched.ts';

const suppression = {
  ...{ id: 'CVE-2026-1', purl: 'pkg:deb/debian/zlib', kind: 'accepted', reason: 'not reached' },
  ...{ author: 'ops', expires: '2999-01-01' },
};

function policyOf(spec: object) {
  const head = { apiVersion: 'seaworthy.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'default' } };
  return parsePolicy(JSON.stringify({ ...head, spec }), 'policy.yaml', () => '');
}

for (const ledgers of testLedgers())
  test(`where only suppressions differ, tags with such a finding are judged anew, else all (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [watchBook] });
    const scene = new WatchScene(t, ledger);
    await scene.publish({
      Debian: ['zlib', 'curl'].map((name) => testRecord(`DSA-${name}`, 'Debian:12', name, '2')),
    });
    const image = (name: string) =>
      inventoryOf(debian12, [packageOf('deb', name, '1', { namespace: 'debian' })]);
    const names = ['zlib', 'curl', 'bash'];
    await scene.add(new Map(names.map((name) => [name, image(name)])));
    const plain = await policyOf({ registries: ['r.example/**'] });
    const touched = (before: object, after: object) =>
      Promise.all([policyOf(before), policyOf(after)]).then(([one, other]) =>
        touchedTags(ledger.read(), one, other),
      );
    const registries = ['r.example/**'];
    const all = names.map((name) => `r.example/${name}:1`).sort();
    assert.deepEqual(await touchedTags(ledger.read(), plain, plain), []);
    const withOne = { registries, suppressions: [suppression] };
    assert.deepEqual(await touched({ registries }, withOne), ['r.example/zlib:1']);
    assert.deepEqual(await touched(withOne, { registries }), ['r.example/zlib:1']);
    const later = { ...suppression, expires: '2999-02-02' };
    assert.deepEqual(await touched(withOne, { registries, suppressions: [later] }), ['r.example/zlib:1']);
    const other = { ...suppression, purl: 'pkg:deb/debian/openssl' };
    assert.deepEqual(await touched(withOne, { registries, suppressions: [suppression, other] }), []);
    assert.deepEqual(await touched({ registries }, { registries: ['r.example/team/**'] }), all);
    assert.deepEqual(await touched(withOne, { registries: ['r.example/team/**'] }), all);
  });
