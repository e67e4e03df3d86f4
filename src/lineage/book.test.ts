import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Ledger } from '../ledger/index.ts';
import { type MadeImage, makeImage, makeIndex } from '../testing/images.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { ancestorsOf } from './ancestors.ts';
import { type LineageTables, lineageBook } from './book.ts';
import { dependentsOf } from './graph.ts';
import { lineageOf } from './lineage.ts';
import { forgetTag, recordBase, recordSighting } from './record.ts';
import { basesUnder, keptDocument } from './seen.ts';
import { staleOn } from './stale.ts';
import { standsOn } from './standing.ts';

const layer = (name: string) => [{ path: name, data: name }];
const made = (...layers: string[]) => makeImage({ layers: layers.map(layer) });
const repository = (name: string) => `r.example/${name}`;

class Scene {
  readonly ledger: Ledger;
  #now = 1_000;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Seen under `name:tag`; what it stands on is looked up and recorded. */
  async see(
    name: string,
    images: readonly MadeImage[],
    { isBase = false, tag = '1', isPast = false, says = '' } = {},
  ): Promise<string> {
    const index = images.length === 1 ? undefined : makeIndex(images);
    const digest = index?.descriptor.digest ?? images[0]!.descriptor.digest;
    const sighting = {
      repository: repository(name),
      tag,
      digest,
      ...(index === undefined ? {} : { index: index.bytes }),
      platforms: images.map(({ descriptor, bytes, config }) => ({
        digest: descriptor.digest,
        manifest: bytes,
        config,
      })),
      isBase,
      isPast,
    };
    this.#now++;
    await this.ledger.write<LineageTables, void>((write) => recordSighting(write, sighting, this.#now));
    for (const image of images) {
      const bases = await basesUnder(this.ledger.read(), { diffIds: image.diffIds });
      const facts = { digest: image.descriptor.digest, repository: repository(name), diffIds: image.diffIds };
      const annotations: Record<string, string> =
        says === '' ? {} : { 'org.opencontainers.image.base.name': repository(says) };
      const lineage = lineageOf({ ...facts, annotations, labels: {}, provenance: [] }, bases);
      await this.ledger.write<LineageTables, void>((write) =>
        recordBase(write, image.descriptor.digest, lineage),
      );
    }
    return digest;
  }

  async levels(reference: string): Promise<string[]> {
    const { images } = await dependentsOf(this.ledger.read(), { reference: repository(reference) });
    return images.map((image) => `${image.level} ${image.reference.slice(10)}`);
  }

  async stale(reference: string): Promise<string[]> {
    const found = await staleOn(this.ledger.read(), repository(reference));
    return found.map((one) => `${one.level} ${one.reference.slice(10)} on ${one.base.slice(10)}`);
  }
}

for (const ledgers of testLedgers()) {
  const name = (title: string) => `${title} (${ledgers.dialect})`;
  const open = async (t: TestContext) => new Scene(await ledgers.open(t, { books: [lineageBook] }));

  test(
    name('bases under an image are found by their chain in one query, with every name they had'),
    async (t) => {
      const scene = await open(t);
      const base = made('a', 'b');
      await scene.see('base', [base], { isBase: true });
      await scene.see('base', [base], { isBase: true, tag: 'latest' });
      await scene.see('other', [made('b', 'a')], { isBase: true });
      const image = made('a', 'b', 'x');
      const found = await basesUnder(scene.ledger.read(), { diffIds: image.diffIds });
      assert.deepEqual(
        found.map(({ references, platformDigest, isBase }) => [references, platformDigest, isBase]),
        [[['r.example/base:latest', 'r.example/base:1'], base.descriptor.digest, true]],
      );
      assert.deepEqual(await basesUnder(scene.ledger.read(), { diffIds: [] }), []);
    },
  );

  test(name('a base that is claimed is found by its index, its manifest or its name'), async (t) => {
    const scene = await open(t);
    const both = [
      made('a'),
      makeImage({ layers: [layer('a')], platform: { os: 'linux', architecture: 'arm64' } }),
    ];
    const index = await scene.see('base', both, { isBase: true });
    const count = async (query: { digests?: string[]; references?: string[] }) =>
      (await basesUnder(scene.ledger.read(), { diffIds: [], ...query })).length;
    assert.equal(await count({ digests: [index] }), 2);
    assert.equal(await count({ digests: [both[1]!.descriptor.digest] }), 1);
    assert.equal(await count({ references: ['r.example/base:1'] }), 2);
    assert.equal(await count({ references: ['r.example/base:2'] }), 0);
  });

  test(name('documents of a base whose tag moved on are kept'), async (t) => {
    const scene = await open(t);
    const old = made('a');
    const index = await scene.see('base', [old, made('b')], { isBase: true });
    await scene.see('base', [made('c')], { isBase: true });
    await scene.ledger.write<LineageTables, void>((write) => forgetTag(write, repository('base'), '1'));
    const read = scene.ledger.read<LineageTables>();
    assert.deepEqual(await keptDocument(read, old.descriptor.digest), old.bytes);
    assert.deepEqual(await keptDocument(read, JSON.parse(old.bytes.toString()).config.digest), old.config);
    assert.deepEqual(await keptDocument(read, index), makeIndex([old, made('b')]).bytes);
    assert.equal(await keptDocument(read, 'sha256:none'), undefined);
  });

  test(name('everything that stands on a base comes in levels, by each name that is current'), async (t) => {
    const scene = await open(t);
    await scene.see('base', [made('a')], { isBase: true });
    await scene.see('mid', [made('a', 'm')], { isBase: true });
    await scene.see('low', [made('a', 'l')]);
    await scene.see('top', [made('a', 'm', 't')]);
    await scene.see('top', [made('a', 'm', 't')], { tag: 'latest' });
    await scene.see('stranger', [made('z')]);
    assert.deepEqual(await scene.levels('base:1'), ['1 low:1', '1 mid:1', '2 top:1', '2 top:latest']);
    assert.deepEqual(await scene.levels('mid:1'), ['1 top:1', '1 top:latest']);
    assert.deepEqual(await scene.levels('nobody:1'), []);
    const above = await ancestorsOf(scene.ledger.read(), made('a', 'm', 't').descriptor.digest);
    assert.deepEqual(
      above.map(({ references, layers, by }) => [references, layers, by]),
      [
        [['r.example/mid:1'], 2, ['layers']],
        [['r.example/base:1'], 1, ['layers']],
      ],
    );
  });

  test(
    name('when a base moves, what stands on the old one is stale, and what stands on that, and nothing else'),
    async (t) => {
      const scene = await open(t);
      await scene.see('base', [made('a')], { isBase: true });
      await scene.see('mid', [made('a', 'm')], { isBase: true });
      await scene.see('top', [made('a', 'm', 't')]);
      assert.deepEqual(await scene.stale('base:1'), [], 'nothing moved');
      await scene.see('base', [made('A')], { isBase: true });
      assert.deepEqual(await scene.stale('base:1'), ['1 mid:1 on base:1', '2 top:1 on mid:1']);
      await scene.see('fresh', [made('A', 'f')]);
      assert.deepEqual(
        await scene.stale('base:1'),
        ['1 mid:1 on base:1', '2 top:1 on mid:1'],
        'what is on the new one is not',
      );
      await scene.see('mid', [made('A', 'm')], { isBase: true });
      assert.deepEqual(await scene.stale('base:1'), ['2 top:1 on mid:1'], 'what is between has been renewed');
      await scene.see('top', [made('A', 'm', 't')]);
      assert.deepEqual(await scene.stale('base:1'), [], 'renewed images are no reason to renew');
    },
  );

  test(
    name('a digest that a tag stood for once is a base, and the tag does not go back to it'),
    async (t) => {
      const scene = await open(t);
      await scene.see('base', [made('A')], { isBase: true });
      await scene.see('base', [made('a')], { isBase: true, isPast: true });
      await scene.see('app', [made('a', 'x')]);
      assert.deepEqual(await scene.stale('base:1'), ['1 app:1 on base:1']);
    },
  );

  test(name('an index that was pushed again with the same manifests moves nothing'), async (t) => {
    const scene = await open(t);
    const amd64 = made('a');
    const arm = (text: string) =>
      makeImage({ layers: [layer(text)], platform: { os: 'linux', architecture: 'arm64' } });
    await scene.see('base', [amd64], { isBase: true });
    await scene.see('app', [made('a', 'x')]);
    await scene.see('base', [amd64, arm('b')], { isBase: true });
    assert.deepEqual(await scene.stale('base:1'), []);
    await scene.see('base', [amd64, arm('c')], { isBase: true });
    assert.deepEqual(await scene.stale('base:1'), [], 'another platform moved, which it is not on');
  });

  test(name('a circle of claims ends and is named'), async (t) => {
    const scene = await open(t);
    const [a, b] = [made('a'), made('a', 'b')];
    await scene.see('a', [a]);
    await scene.see('b', [b]);
    const found = { references: [], digest: '', layers: 1, by: [], claims: [], kind: 'base' as const };
    await scene.ledger.write<LineageTables, void>(async (write) => {
      await recordBase(write, a.descriptor.digest, { ...found, platformDigest: b.descriptor.digest });
      await recordBase(write, b.descriptor.digest, { ...found, platformDigest: a.descriptor.digest });
    });
    const { circle } = await dependentsOf(scene.ledger.read(), { reference: repository('a:1') });
    assert.deepEqual(circle.sort(), [a.descriptor.digest, b.descriptor.digest].sort());
    assert.equal((await ancestorsOf(scene.ledger.read(), a.descriptor.digest)).length, 1);
  });

  test(name('no image stands on itself, and what is no longer known is not kept as known'), async (t) => {
    const scene = await open(t);
    const [base, app] = [made('a'), made('a', 'x')];
    await scene.see('base', [base], { isBase: true });
    await scene.see('app', [app]);
    assert.deepEqual(await scene.levels('base:1'), ['1 app:1']);
    await scene.ledger.write<LineageTables, void>((write) =>
      recordBase(write, app.descriptor.digest, { kind: 'unknown', why: 'x', claims: [] }),
    );
    assert.deepEqual(await scene.levels('base:1'), []);
    const self = { kind: 'base' as const, references: [], digest: '', layers: 1, by: [], claims: [] };
    await scene.ledger.write<LineageTables, void>((write) =>
      recordBase(write, base.descriptor.digest, { ...self, platformDigest: base.descriptor.digest }),
    );
    assert.deepEqual(await scene.levels('base:1'), []);
  });

  test(name('of two names of one digest an image follows the one that it names itself'), async (t) => {
    const scene = await open(t);
    const base = made('a');
    for (const tag of ['20', 'lts']) await scene.see('node', [base], { isBase: true, tag });
    await scene.see('app', [made('a', 'app')], { says: 'node:20' });
    await scene.see('mute', [made('a', 'mute')]);
    await scene.see('node', [made('b')], { isBase: true, tag: 'lts' });
    assert.deepEqual(await scene.stale('node:lts'), ['1 mute:1 on node:lts']);
    assert.deepEqual(await scene.stale('node:20'), []);
    assert.equal((await standsOn(scene.ledger.read(), repository('app:1')))?.base, repository('node:20'));
    await scene.see('node', [made('c')], { isBase: true, tag: '20' });
    assert.deepEqual(await scene.stale('node:20'), ['1 app:1 on node:20', '1 mute:1 on node:20']);
  });
}
