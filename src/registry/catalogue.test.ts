import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../core/index.ts';
import { openLedger } from '../ledger/index.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { memoryCatalogue, type StoredManifest } from './catalogue.ts';
import { bookCatalogue, registryBook } from './cataloguebook.ts';

const one = `sha256:${'1'.repeat(64)}`;
const two = `sha256:${'2'.repeat(64)}`;

function manifest(digest: string, more: Partial<StoredManifest> = {}): StoredManifest {
  return {
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    bytes: Buffer.from(`{"of":"${digest}"}`),
    annotations: {},
    ...more,
  };
}

for (const [name, open] of [
  ['memory', async () => memoryCatalogue()],
  ...testLedgers().map(
    (ledgers) =>
      [
        `a book (${ledgers.dialect})`,
        async (t: TestContext) =>
          bookCatalogue(await ledgers.open(t, { books: [registryBook], clock: systemClock })),
      ] as const,
  ),
] as const)
  describe(`a catalogue in ${name}`, () => {
    test('knows which repository has which blobs', async (t) => {
      const catalogue = await open(t);
      assert.equal(await catalogue.hasBlob('a', one), false);
      await catalogue.linkBlob('a', one);
      await catalogue.linkBlob('a', one);
      await catalogue.linkBlob('b', one);
      assert.deepEqual(
        [
          await catalogue.hasBlob('a', one),
          await catalogue.hasBlob('a', two),
          await catalogue.hasBlob('c', one),
        ],
        [true, false, false],
      );
      assert.equal(await catalogue.findBlob(one, async (repository) => repository === 'b'), 'b');
      assert.equal(await catalogue.findBlob(one, async () => false), undefined);
      assert.deepEqual(
        [await catalogue.unlinkBlob('a', one), await catalogue.unlinkBlob('a', one)],
        [true, false],
      );
      assert.deepEqual(await catalogue.repositories(), ['a', 'b']);
    });

    test('keeps manifests byte for byte, moves tags, and forgets both together', async (t) => {
      const catalogue = await open(t);
      const kept = manifest(one, { artifactType: 'type/one', annotations: { k: 'ü' } });
      await catalogue.putManifest('team/app', kept, ['v1', 'B', 'a']);
      assert.deepEqual(await catalogue.manifest('team/app', one), kept);
      assert.equal(await catalogue.manifest('team/other', one), undefined);
      assert.deepEqual(await catalogue.tags('team/app'), ['B', 'a', 'v1']);
      await catalogue.putManifest('team/app', manifest(two), ['v1']);
      assert.equal(await catalogue.tagged('team/app', 'v1'), two);
      assert.equal(await catalogue.tagged('team/app', 'a'), one);
      assert.deepEqual(
        [await catalogue.deleteTag('team/app', 'a'), await catalogue.deleteTag('team/app', 'a')],
        [true, false],
      );
      assert.equal(await catalogue.deleteManifest('team/app', one), true);
      assert.equal(await catalogue.deleteManifest('team/app', one), false);
      assert.deepEqual(await catalogue.tags('team/app'), ['v1']);
      assert.equal(await catalogue.tags('nobody'), undefined);
      await catalogue.linkBlob('empty', one);
      assert.deepEqual(await catalogue.tags('empty'), []);
    });

    test('lists what refers to a digest in the order it was pushed', async (t) => {
      const catalogue = await open(t);
      const digests = ['9', '5', '7'].map((digit) => `sha256:${digit.repeat(64)}`);
      for (const digest of digests) await catalogue.putManifest('a', manifest(digest, { subject: one }), []);
      await catalogue.putManifest('a', manifest(digests[0]!, { subject: one }), []);
      await catalogue.putManifest('b', manifest(two, { subject: one }), []);
      assert.deepEqual(
        (await catalogue.referrers('a', one)).map(({ digest }) => digest),
        digests,
      );
      assert.deepEqual(await catalogue.referrers('a', two), []);
    });
  });

test('what was pushed is there after a restart', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-catalogue-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const open = () =>
    openLedger({ url: `sqlite:${join(dir, 'ledger.db')}`, books: [registryBook], clock: systemClock });
  const ledger = await open();
  await bookCatalogue(ledger).putManifest('a', manifest(one), ['v1']);
  await ledger.close();
  const again = await open();
  assert.equal(await bookCatalogue(again).tagged('a', 'v1'), one);
  assert.deepEqual((await bookCatalogue(again).manifest('a', one))?.bytes, manifest(one).bytes);
  await again.close();
});
