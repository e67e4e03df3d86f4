import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageOf } from '../testing/inventories.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing, usual, World } from '../testing/renewals.ts';
import { listRenewals, readRenewal } from './list.ts';
import { notesOf } from './notes.ts';
import { packageDiff } from './packagediff.ts';

const base = 'r.example/base:1';
const app = 'r.example/app:1';

for (const ledgers of testLedgers())
  test(`the record has packages and findings before and after, and what its proofs leave to say (${ledgers.dialect})`, async (t) => {
    const made = new World();
    made.put(base, {
      ...{ digest: digest('base-1'), findings: [['CVE-1', 'critical']], isSigned: true },
      packages: { zlib: '1.2', bash: '5.2', gone: '1', same: '1' },
    });
    made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
    const { rebase } = made.workshop;
    const conflict = { field: 'config.Env.PATH', text: 'both changed it' };
    made.workshop.rebase = async (order) => ({
      ...(await rebase(order)),
      proofs: [{ platform: 'linux/amd64', proofs: [], conflicts: [conflict] }],
    });
    made.settings = () => usual();
    const { ledger, begin } = await renewing(t, made, ledgers);
    await begin(
      made.move(base, {
        ...{ digest: digest('base-2'), findings: [['CVE-2', 'low']], isSigned: true },
        packages: { zlib: '1.3', bash: '5.1', fresh: '1', same: '1' },
      }),
    );
    const [summary] = await listRenewals(ledger);
    const [image] = (await readRenewal(ledger, summary!.id)).images;
    assert.deepEqual(image?.packages, {
      counts: { downgraded: 1, removed: 1, unordered: 0, upgraded: 1, added: 1 },
      changes: [
        { kind: 'downgraded', name: 'bash', before: '5.2', after: '5.1' },
        { kind: 'removed', name: 'gone', before: '1' },
        { kind: 'upgraded', name: 'zlib', before: '1.2', after: '1.3' },
        { kind: 'added', name: 'fresh', after: '1' },
      ],
    });
    assert.deepEqual(image?.notes, ['config.Env.PATH: both changed it']);
    assert.deepEqual([image?.before?.named, image?.after?.named], [['CVE-1 in zlib 1'], ['CVE-2 in zlib 1']]);
  });

test('a change that platforms share is there once, and the record of however many stays small', () => {
  const packages = (version: string) =>
    Array.from({ length: 300 }, (_, i) => packageOf('deb', `${i}${'p'.repeat(5000)}`, version));
  const both = (version: string) =>
    ['linux/amd64', 'linux/arm64'].map((platform) => ({ platform, packages: packages(version) }));
  const diff = packageDiff(both('1'), [...both('2'), { platform: 'linux/new', packages: packages('1') }]);
  assert.deepEqual([diff.changes.length, JSON.stringify(diff).length < 30_000], [100, true]);
  const one = (name: string) => [{ platform: 'linux/amd64', packages: [packageOf('npm', name, '1.0.0')] }];
  assert.deepEqual(packageDiff(one('a'), one('b')).counts, {
    ...{ downgraded: 0, removed: 1, unordered: 0, upgraded: 0, added: 1 },
  });
});

test('notes name the platforms they are true of, and say who answers for what does not hold', () => {
  const proof = (holds: string, more = {}) => ({
    name: 'overwrites',
    holds,
    text: 'it overwrites /a',
    ...more,
  });
  const conflict = { field: 'config.User', text: 'kept' };
  assert.deepEqual(
    notesOf([
      {
        platform: 'linux/amd64',
        proofs: [proof('yes'), proof('no', { waived: 'author' })],
        conflicts: [conflict],
      },
      { platform: 'linux/arm64', proofs: [], conflicts: [conflict] },
    ]),
    ['config.User: kept', 'linux/amd64: overwrites: it overwrites /a (the image’s author answers for it)'],
  );
  const many = Array.from({ length: 30 }, (_, i) => ({ field: `f${i}`, text: 'kept' }));
  assert.equal(notesOf([{ platform: 'linux/amd64', conflicts: many }]).at(-1), 'and 10 more');
  for (const none of [null, {}, [], 'x']) assert.deepEqual(notesOf(none), []);
});
