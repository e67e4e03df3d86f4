import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Inventory, Package } from '../scan/inventory/index.ts';
import { type TestRecord, testRecord } from '../testing/feeds.ts';
import { alpine318, debian12, inventoryOf, packageOf } from '../testing/inventories.ts';
import { type TestLedger, testLedgers } from '../testing/ledgers.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { watchBook } from './book.ts';
import {
  keepOlderImages,
  noteAdvisories,
  rejudgeBatch,
  type TagNews,
  takeNews,
  type WatchTables,
} from './index.ts';

async function scene(t: TestContext, ledgers: TestLedger): Promise<WatchScene> {
  const made = new WatchScene(t, await ledgers.open(t, { books: [watchBook] }));
  return made;
}

type Report = Awaited<ReturnType<WatchScene['publish']>>;

const note = (scene: WatchScene, report: Report) =>
  scene.ledger.write<WatchTables, boolean>((write) => noteAdvisories(write, report));

async function rejudge(scene: WatchScene): Promise<number> {
  let all = 0;
  for (;;) {
    const batch = await rejudgeBatch(scene);
    assert.notEqual(batch, undefined);
    if (batch!.judged === 0) return all;
    all += batch!.judged;
  }
}

async function news(scene: WatchScene, most = 100): Promise<{ references: string[]; news: TagNews[] }> {
  return (await takeNews(scene.ledger, most, async () => {})) ?? { references: [], news: [] };
}

const deb = (name: string, version: string, more: Partial<Package> = {}) =>
  packageOf('deb', name, version, more);
const later = { modified: '2026-01-20T00:00:00Z' };

/** One image of Debian with an application, one of Alpine. */
const two = () =>
  new Map<string, Inventory>([
    [
      'sha256:debian',
      inventoryOf(debian12, [
        deb('zlib1g', '1.0', { source: { name: 'zlib', version: '1.0' }, layer: 'a' }),
        deb('bash', '5.0', { layer: 'a' }),
        packageOf('npm', 'left', '1.0.0', { layer: 'b' }),
      ]),
    ],
    [
      'sha256:alpine',
      inventoryOf(alpine318, [packageOf('apk', 'zlib', '1.0'), packageOf('npm', 'left', '1.0.0')]),
    ],
  ]);

const start = {
  Debian: [testRecord('DSA-1', 'Debian:12', 'bash', '6.0'), testRecord('DSA-2', 'Debian:12', 'other', '2')],
  Alpine: [testRecord('ALPINE-1', 'Alpine:v3.18', 'curl', '2')],
  npm: [testRecord('GHSA-1', 'npm', 'left', '2.0.0', { aliases: ['CVE-2026-0001'] })],
};

for (const ledgers of testLedgers()) {
  test(`an advisory touches the packages it names, and their tags hear of it once (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    assert.equal(await made.add(two()), true);
    assert.deepEqual(await made.stored(), made.judged());
    assert.equal((await made.stored()).length, 3);
    const zlib = testRecord('DSA-3', 'Debian:12', 'zlib', '9');
    const report = await made.publish({ Debian: [...start.Debian, zlib] });
    assert.equal(await note(made, report), true);
    assert.deepEqual(await made.marked(), ['pkg:deb/zlib1g@1.0']);
    assert.equal(await rejudge(made), 1);
    assert.deepEqual(await made.stored(), made.judged());
    assert.deepEqual(await news(made), {
      references: ['r.example/sha256:debian:1'],
      news: [{ reference: 'r.example/sha256:debian:1', added: ['DSA-3'], gone: [] }],
    });
    assert.deepEqual(await news(made), { references: [], news: [] });
    assert.equal(await note(made, await made.publish({ Debian: start.Debian })), true);
    await rejudge(made);
    assert.deepEqual((await news(made)).news, [
      { reference: 'r.example/sha256:debian:1', added: [], gone: ['DSA-3'] },
    ]);
  });

  test(`what stays a finding keeps its day, what two images share is judged once (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    await made.add(two());
    const before = await made.ledger
      .read<WatchTables>()
      .selectFrom('watch_item_findings')
      .selectAll()
      .execute();
    await made.ledger.write<WatchTables, void>(async (write) => {
      await write.updateTable('watch_item_findings').set({ since: 5 }).execute();
    });
    const npm = [
      testRecord('GHSA-1', 'npm', 'left', '3.0.0', { aliases: ['CVE-2026-0001'], ...later }),
      testRecord('GHSA-2', 'npm', 'left', '2.5.0'),
    ];
    await note(made, await made.publish({ npm }));
    assert.equal(await rejudge(made), 1);
    const after = await made.ledger
      .read<WatchTables>()
      .selectFrom('watch_item_findings')
      .select(['id', 'fixed_in', 'since'])
      .orderBy('id')
      .execute();
    assert.equal(before.length, 2);
    assert.deepEqual(after, [
      { id: 'CVE-2026-0001', fixed_in: '3.0.0', since: 5 },
      { id: 'DSA-1', fixed_in: '6.0', since: 5 },
      { id: 'GHSA-2', fixed_in: '2.5.0', since: made.clock.now().getTime() },
    ]);
    assert.equal((await news(made)).references.length, 2);
  });

  test(`an ecosystem that the database did not have reaches images seen before (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish({ npm: start.npm }));
    await made.add(two());
    await note(made, await made.publish({ Debian: start.Debian }));
    assert.deepEqual(await made.marked(), ['pkg:deb/bash@5.0', 'pkg:deb/zlib1g@1.0']);
    await rejudge(made);
    assert.deepEqual(await made.stored(), made.judged());
    assert.ok((await made.stored()).some((line) => line.includes('DSA-1')));
  });

  test(`a distribution that gets advisories speaks for what it packaged, in images seen before (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    const PyPI = [testRecord('PYSEC-1', 'PyPI', 'six', '2.0')];
    await note(made, await made.publish({ PyPI }));
    const ownedBy = {
      type: 'deb' as const,
      name: 'python3-six',
      version: '1',
      maintainer: 'a <a@debian.org>',
    };
    const six = packageOf('pypi', 'six', '1.0', { ownedBy });
    await made.add(new Map([['sha256:six', inventoryOf(debian12, [deb('bash', '5.0'), six])]]));
    assert.equal((await made.stored()).length, 1);
    await note(made, await made.publish({ Debian: [testRecord('DSA-9', 'Debian:12', 'other', '2')] }));
    await rejudge(made);
    assert.deepEqual(made.judged(), []);
    assert.deepEqual(await made.stored(), []);
  });

  test(`an entry in the catalogue of exploited flaws asks for verdicts though findings stay (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    await made.add(two());
    await note(made, await made.publish({}, ['CVE-1999-0001', 'CVE-2026-0001']));
    assert.deepEqual(await made.marked(), ['pkg:npm/left@1.0.0']);
    await rejudge(made);
    const told = await news(made);
    assert.equal(told.references.length, 2);
    assert.deepEqual(told.news, []);
  });

  test(`an update that nobody noted, or no known one, has everything judged again (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    await made.add(two());
    // the server died between this update and the note of it
    await made.publish({ Debian: [...start.Debian, testRecord('DSA-3', 'Debian:12', 'zlib', '9')] });
    const next = await made.publish({
      npm: [...start.npm, testRecord('GHSA-9', 'npm', 'right', '2')],
    });
    assert.equal(await note(made, next), true);
    assert.equal((await made.marked()).length, 4);
    await rejudge(made);
    assert.deepEqual(await made.stored(), made.judged());
    assert.equal(await note(made, next), false);
  });

  test(`what is judged while the advisories change is judged again (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    const report = await made.publish({
      Debian: [...start.Debian, testRecord('DSA-3', 'Debian:12', 'zlib', '9')],
    });
    // the database is the new one, the book is still at the old one
    assert.equal(await made.add(two()), false);
    assert.equal(await rejudgeBatch(made), undefined);
    await note(made, report);
    assert.equal(await rejudge(made), 4);
    assert.deepEqual(await made.stored(), made.judged());
  });

  test(`images that were looked into before there were items are taken apart (${ledgers.dialect})`, async (t) => {
    const made = await scene(t, ledgers);
    await note(made, await made.publish(start));
    await made.row(two());
    assert.equal(await note(made, await made.publish({})), true);
    assert.equal(await keepOlderImages(made), 2);
    assert.equal(await keepOlderImages(made), 0);
    assert.deepEqual(await made.stored(), made.judged());
  });

  test(`whatever changes, the book says what judging everything again would say (${ledgers.dialect})`, async (t) => {
    let all = 0;
    let spared = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const random = generator(seed);
      const made = await scene(t, ledgers);
      let feeds = randomFeeds(random, {});
      await note(made, await made.publish(feeds, randomKev(random)));
      await made.add(randomImages(random));
      assert.deepEqual(await made.stored(), made.judged(), `seed ${seed}`);
      for (let round = 0; round < 6; round++) {
        const before = new Set(made.judged());
        feeds = randomFeeds(random, feeds);
        await note(made, await made.publish(feeds, randomKev(random)));
        const marked = new Set(await made.marked());
        const after = made.judged();
        const moved = [...before]
          .filter((one) => !after.includes(one))
          .concat(after.filter((one) => !before.has(one)));
        for (const line of moved)
          assert.ok(marked.has(line.split(' ')[2]!), `seed ${seed}, round ${round}: ${line} was not touched`);
        all += moved.length;
        const items = await made.ledger.read<WatchTables>().selectFrom('watch_items').select('id').execute();
        spared += items.length - (await rejudge(made));
        assert.deepEqual(await made.stored(), after, `seed ${seed}, round ${round}`);
      }
    }
    assert.ok(all > 500 && spared > 100, `${all} findings moved, ${spared} items were left alone`);
  });
}

type Random = (below: number) => number;

function generator(seed: number): Random {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

const ecosystems = [
  ['Debian', 'Debian:12'],
  ['Debian', 'Debian:13'],
  ['Alpine', 'Alpine:v3.18'],
  ['npm', 'npm'],
  ['PyPI', 'PyPI'],
] as const;
const debian13 = { ...debian12, versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' };

function randomImages(random: Random): Map<string, Inventory> {
  const images = new Map<string, Inventory>();
  for (let at = 0; at < 12; at++) {
    const os = [debian12, debian13, alpine318, undefined][random(4)];
    const packages: Package[] = [];
    for (let n = 0; n < 12; n++) {
      const type =
        random(2) === 0 && os !== undefined
          ? os === alpine318
            ? 'apk'
            : 'deb'
          : ['npm', 'pypi'][random(2)]!;
      const owned =
        type === 'pypi' && os !== undefined && random(3) === 0
          ? {
              ownedBy: {
                type: os === alpine318 ? ('apk' as const) : ('deb' as const),
                name: 'owner',
                version: '1',
                maintainer: 'a <a@debian.org>',
              },
            }
          : {};
      packages.push(
        packageOf(type, `p${random(8)}`, `${1 + random(5)}.0`, { layer: `layer${random(3)}`, ...owned }),
      );
    }
    images.set(`sha256:image${at}`, inventoryOf(os, packages));
  }
  return images;
}

/** Records come, go and change, link to each other by alias, rate each other's CVEs; sometimes a release has none at all. */
function randomFeeds(random: Random, before: Record<string, TestRecord[]>): Record<string, TestRecord[]> {
  const feeds: Record<string, TestRecord[]> = { Debian: [], Alpine: [], npm: [], PyPI: [] };
  for (const [feed, records] of Object.entries(before))
    feeds[feed] = records.filter(
      (record) => random(8) > 0 && !(random(20) === 0 && record.id.includes('13')),
    );
  const without = random(3) === 0 ? ecosystems[random(ecosystems.length)]![1] : undefined;
  for (let n = 0; n < 14; n++) {
    const [feed, ecosystem] = ecosystems[random(ecosystems.length)]!;
    const id = random(3) === 0 ? `CVE-2026-${1000 + random(12)}` : `${feed}-${random(16)}`;
    const cve = () => `CVE-2026-${1000 + random(12)}`;
    const record = testRecord(id, ecosystem, `p${random(8)}`, `${1 + random(6)}.0`, {
      modified: `2026-01-${String(10 + random(18)).padStart(2, '0')}T0${random(10)}:00:00Z`,
      aliases: random(3) === 0 ? [cve()] : random(4) === 0 ? [`npm-${random(16)}`] : [],
      upstream: random(4) === 0 ? [cve()] : [],
      ...(random(4) === 0 ? { database_specific: { severity: ['HIGH', 'LOW', 'CRITICAL'][random(3)] } } : {}),
      ...(random(10) === 0 ? { withdrawn: '2026-01-05T00:00:00Z' } : {}),
    });
    feeds[feed] = [...feeds[feed]!.filter((other) => other.id !== id), record];
  }
  if (without !== undefined)
    for (const [feed, records] of Object.entries(feeds))
      feeds[feed] = records.filter((record) => !JSON.stringify(record).includes(`"${without}"`));
  for (const [feed, records] of Object.entries(feeds))
    if (records.length === 0) feeds[feed] = [testRecord(`${feed}-none`, `${feed}:none`, 'none', '1')];
  return feeds;
}

function randomKev(random: Random): string[] {
  return ['CVE-1999-0001', `CVE-2026-${1000 + random(12)}`];
}
