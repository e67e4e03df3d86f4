import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Inventory } from '../scan/inventory/index.ts';
import { testRecord } from '../testing/feeds.ts';
import { inventoryOf, packageOf } from '../testing/inventories.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { noteAdvisories, type WatchTables, watchBook } from '../watch/index.ts';
import { reached, reachedWorkloads } from './hubapitags.ts';
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
      const workloads = await reachedWorkloads(parts, id);
      assert.deepEqual(
        workloads.map(({ name, digest }) => [name, digest]),
        [
          ['by-index', 'sha256:index'],
          ['by-platform', 'sha256:old'],
        ],
      );
      assert.deepEqual(
        (await reached(parts, id)).map(({ reference, fixedIn }) => [reference, fixedIn]),
        [['r.example/sha256:old:1', '2.0.0']],
      );
    }
    assert.deepEqual(await reachedWorkloads(parts, 'CVE-2026-0002'), []);
  });
