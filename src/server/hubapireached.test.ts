import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Inventory } from '../scan/inventory/index.ts';
import { testRecord } from '../testing/feeds.ts';
import { inventoryOf, packageOf } from '../testing/inventories.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { noteAdvisories, type WatchTables, watchBook } from '../watch/index.ts';
import { allPages } from './contract/page.ts';
import { reachedPage } from './hubapireached.ts';
import type { HubParts } from './hubparts.ts';

for (const ledgers of testLedgers())
  test(`containers that run a platform or an index that a flaw reaches are listed, by any name of it (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [watchBook] });
    const scene = new WatchScene(t, ledger);
    const npm = [testRecord('GHSA-1', 'npm', 'left', '2.0.0', { aliases: ['CVE-2026-0001'] })];
    const report = await scene.publish({ npm });
    await ledger.write<WatchTables, boolean>((write) => noteAdvisories(write, report));
    await scene.add(
      new Map<string, Inventory>([
        ['sha256:old', inventoryOf(undefined, [packageOf('npm', 'left', '1.0.0')])],
        ['sha256:older', inventoryOf(undefined, [packageOf('npm', 'left', '0.9.0')])],
        ['sha256:new', inventoryOf(undefined, [packageOf('npm', 'left', '2.0.0')])],
      ]),
    );
    const runs = (name: string, digest: string) => ({
      cluster: 'prod',
      namespace: 'shop',
      kind: 'Deployment',
      name,
      container: 'web',
      reference: 'r.example/app:1',
      digest,
      reported_at: 0,
    });
    await ledger.write<WatchTables, void>(async (write) => {
      await write
        .insertInto('watch_platforms')
        .values({ parent: 'sha256:index', platform: 'linux/amd64', digest: 'sha256:old' })
        .execute();
      await write
        .insertInto('watch_running')
        .values([
          runs('by-platform', 'sha256:old'),
          runs('by-index', 'sha256:index'),
          runs('fixed', 'sha256:new'),
        ])
        .execute();
    });
    const parts = { ledger, database: scene.database } as HubParts;
    for (const id of ['CVE-2026-0001', 'GHSA-1']) {
      const { reached, workloads, next } = await reachedPage(parts, id);
      assert.equal(next, undefined);
      assert.deepEqual(
        workloads.map(({ name, digest, severity }) => [name, digest, severity]),
        [
          ['by-index', 'sha256:index', 'unknown'],
          ['by-platform', 'sha256:old', 'unknown'],
        ],
      );
      assert.deepEqual(
        reached.map(({ reference, fixedIn }) => [reference, fixedIn]),
        [
          ['r.example/sha256:old:1', '2.0.0'],
          ['r.example/sha256:older:1', '2.0.0'],
        ],
      );
    }
    assert.deepEqual(await reachedPage(parts, 'CVE-2026-0002'), { reached: [], workloads: [] });
    const whole = await reachedPage(parts, 'GHSA-1');
    for (const limit of ['1', '2', '3', '4']) {
      const pages = await allPages((after) =>
        reachedPage(parts, 'GHSA-1', { limit, ...(after === undefined ? {} : { after }) }),
      );
      assert.equal(pages.length, Math.ceil(4 / Number(limit)));
      assert.deepEqual(
        pages.flatMap(({ reached }) => reached),
        whole.reached,
      );
      assert.deepEqual(
        pages.flatMap(({ workloads }) => workloads),
        whole.workloads,
      );
    }
    for (const query of [
      { limit: '0' },
      { limit: '1001' },
      { limit: 'x' },
      { after: 'x' },
      { after: Buffer.from('["images","a"]').toString('base64url') },
      { after: Buffer.from('["__proto__"]').toString('base64url') },
      { after: 'A'.repeat(20_000) },
    ])
      await assert.rejects(reachedPage(parts, 'GHSA-1', query), { status: 400 }, JSON.stringify(query));
  });
