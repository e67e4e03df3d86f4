import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Ledger, listJobs, startWorkers } from '../ledger/index.ts';
import { type LineageTables, lineageBook, recordBase, recordSighting, standsOn } from '../lineage/index.ts';
import { type Cause, listRenewals, type RenewalTables, readRenewal, renewalBook } from '../renewal/index.ts';
import { testRecord } from '../testing/feeds.ts';
import { type MadeImage, makeImage, makeIndex } from '../testing/images.ts';
import { inventoryOf, packageOf } from '../testing/inventories.ts';
import { type TestLedger, testLedgers } from '../testing/ledgers.ts';
import { usual } from '../testing/renewals.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { noteAdvisories, type WatchTables, watchBook, watchTags } from '../watch/index.ts';
import { ageJob, bornAt, enqueueAge, lookAtAge } from './hubage.ts';
import { beginJob } from './hubbegin.ts';
import { fixedBy } from './hubfixes.ts';
import type { HubParts } from './hubparts.ts';
import { lookForReasons, released } from './hubreasons.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 10, 1);
const base = 'r.example/base:1';
const app = 'r.example/app:1';
const layers = (...names: string[]) => names.map((name) => [{ path: name, data: name }]);
const made = (names: string[], created?: string): MadeImage =>
  makeImage({ layers: layers(...names), config: created === undefined ? {} : { created } });

class Scene {
  readonly ledger: Ledger;
  now = start;
  readonly current = new Map<string, string>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  readonly parts = (): HubParts =>
    ({
      ledger: this.ledger,
      clock: { now: () => new Date(this.now) },
      settingsOf: () => usual({ maxAge: 30 * day }),
      renewal: {
        ledger: this.ledger,
        clock: { now: () => new Date(this.now) },
        workshop: { current: async (reference: string) => this.current.get(reference) },
      },
      policy: { current: () => ({ name: 'default', hash: 'sha256:0123456789abcdef' }) },
      config: { watch: { debounce: '30s' } },
      log: { warn: () => {}, info: () => {} },
    }) as unknown as HubParts;

  /** Seen and watched under a name; `on`: what it stands on. */
  async see(reference: string, images: readonly MadeImage[], on?: MadeImage): Promise<string> {
    const index = images.length === 1 ? undefined : makeIndex(images);
    const digest = (index ?? images[0]!).descriptor.digest;
    const [repository, tag] = [reference.slice(0, -2), '1'];
    this.current.set(reference, digest);
    await this.ledger.write<LineageTables & WatchTables, void>(async (write) => {
      const platforms = images.map(({ descriptor, bytes, config }) => ({
        ...{ digest: descriptor.digest, manifest: bytes, config },
      }));
      await recordSighting(write, { repository, tag, digest, platforms, isBase: on === undefined }, this.now);
      await watchTags(write, [reference], 'image');
      await write.updateTable('watch_tags').set({ digest }).where('reference', '=', reference).execute();
      if (on === undefined) return;
      for (const image of images)
        await recordBase(write, image.descriptor.digest, {
          kind: 'base',
          ...{ platformDigest: on.descriptor.digest, layers: on.diffIds.length, by: ['layers'] },
          ...{ references: [base], digests: [on.descriptor.digest] },
        } as unknown as Parameters<typeof recordBase>[2]);
    });
    return digest;
  }

  /** What was begun: the causes in their jobs. */
  async begun(): Promise<Cause[]> {
    const rows = await listJobs(this.ledger, { kind: beginJob });
    return rows.map(({ payload }) => payload['cause'] as Cause);
  }

  /** One look at the age, by a worker that is told so. */
  async look(t: TestContext): Promise<number> {
    let again = 0;
    const workers = startWorkers(this.ledger, {
      handlers: {
        [ageJob]: async (job) => {
          const end = await lookAtAge(this.parts(), job);
          again = end === 'done' ? 0 : end.again;
          return 'done';
        },
      },
    });
    t.after(() => workers.stop());
    await this.ledger.write((write) => enqueueAge(write, app));
    await workers.idle();
    await workers.stop();
    return again;
  }
}

const scene = async (t: TestContext, ledgers: TestLedger) =>
  new Scene(
    await ledgers.open(t, {
      books: [lineageBook, watchBook, renewalBook],
      clock: { now: () => new Date(start) },
    }),
  );

for (const ledgers of testLedgers()) {
  test(`an image is as old as the oldest of its platforms, never older than a date that is none (${ledgers.dialect})`, async (t) => {
    const here = await scene(t, ledgers);
    const { ledger } = here;
    const at = async (name: string, ...dates: (string | undefined)[]) => {
      const images = dates.map((date, i) => made([name, String(i)], date));
      const digest = await here.see(`r.example/${name}:1`, images);
      const born = await bornAt({ ledger }, `r.example/${name}:1`);
      assert.equal(born?.digest, digest);
      return born?.at;
    };
    const [young, old] = ['2026-10-20T00:00:00Z', '2026-09-01T00:00:00Z'];
    assert.equal(await at('dated', young, old), Date.parse(old));
    assert.equal(await at('undated', undefined, young), Date.parse(young));
    for (const none of ['1970-01-01T00:00:00Z', '1980-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 'soon'])
      assert.equal(await at(`none${none.slice(0, 4)}`, none), start, none);
    assert.equal(await bornAt({ ledger }, 'r.example/never:1'), undefined);
  });

  test(`an image that is older than allowed is begun when it is due, and one just rebuilt is not old (${ledgers.dialect})`, async (t) => {
    const here = await scene(t, ledgers);
    const bottom = made(['base']);
    const to = await here.see(base, [bottom]);
    const digest = await here.see(app, [made(['base', 'app'], '2026-10-12T00:00:00Z')], bottom);
    assert.equal(await here.look(t), 10 * day);
    assert.deepEqual(await here.begun(), []);
    here.now = start + 10 * day;
    assert.equal(await here.look(t), 30 * day, 'once more when it is twice as old');
    const cause = { kind: 'too-old', base, to, reference: app, digest, maxAge: '30d', due: here.now };
    assert.deepEqual(await here.begun(), [cause]);
    here.now += day;
    await here.look(t);
    assert.deepEqual(await here.begun(), [cause], 'due at the same date, it is the same');
    // its rebuild is dated as it was: a reproducible one
    await ledgerRow(here.ledger, { to_digest: digest, updated_at: here.now });
    assert.equal(await here.look(t), 30 * day);
    assert.equal((await here.begun()).length, 1);
  });

  test(`an image of which nobody knows what it stands on is named once (${ledgers.dialect})`, async (t) => {
    const here = await scene(t, ledgers);
    await here.see(app, [made(['app'], '2026-01-01T00:00:00Z')]);
    await here.look(t);
    await here.look(t);
    const [only, ...others] = await listRenewals(here.ledger);
    assert.deepEqual([only?.state, only?.cause, others], ['failed', `${app} is older than 30d`, []]);
    const [image] = (await readRenewal(here.ledger, only!.id)).images;
    assert.deepEqual([image?.state, image?.base.reference], ['unsafe', '']);
    assert.match(image!.text, /nobody knows what it stands on/);
    assert.deepEqual(await here.begun(), []);
  });

  test(`what the base fixes is what reaches an image by the base alone (${ledgers.dialect})`, async (t) => {
    const here = await scene(t, ledgers);
    const watch = new WatchScene(t, here.ledger);
    const npm = ['left', 'right', 'up'].map((name, i) =>
      testRecord(`GHSA-${i}`, 'npm', name, '2.0.0', { aliases: [`CVE-2026-000${i}`] }),
    );
    const report = await watch.publish({ npm });
    await here.ledger.write<WatchTables, boolean>((write) => noteAdvisories(write, report));
    const [bottom, moved, unseen] = [made(['base']), made(['base', 'fix']), made(['base', 'unseen'])];
    const top = made(['base', 'app']);
    const on = (layer: string | undefined, name: string, version: string) =>
      packageOf('npm', name, version, layer === undefined ? {} : { layer });
    const [below, above] = top.diffIds;
    const of = (image: MadeImage) => image.descriptor.digest;
    await watch.add(
      new Map([
        [
          of(top),
          inventoryOf(undefined, [
            on(below, 'left', '1.0.0'),
            on(below, 'up', '1.0.0'),
            on(above, 'right', '1.0.0'),
          ]),
        ],
        [of(moved), inventoryOf(undefined, [on(undefined, 'left', '2.0.0'), on(undefined, 'up', '1.0.0')])],
      ]),
    );
    const target = JSON.stringify({ layers: top.diffIds.map((diffId) => ({ diffId })) });
    await here.ledger.write<WatchTables, void>(async (write) => {
      await write
        .insertInto('watch_platforms')
        .values({ parent: of(unseen), platform: 'linux/amd64', digest: of(unseen) })
        .execute();
      await write.updateTable('watch_images').set({ target }).where('digest', '=', of(top)).execute();
    });
    await here.see(base, [bottom]);
    await here.see(app, [top], bottom);
    const image = { reference: app, digest: of(top), base, baseDigest: of(bottom), level: 1 };
    assert.deepEqual([...(await fixedBy(here, of(moved), [image]))], [[app, ['CVE-2026-0000']]]);
    assert.deepEqual([...(await fixedBy(here, of(unseen), [image]))], [], 'nobody looked into it');
  });

  test(`a change of policy or advisories looks at bases with something on their earlier digests (${ledgers.dialect})`, async (t) => {
    const here = await scene(t, ledgers);
    const bottom = made(['base']);
    await here.see(base, [bottom]);
    await here.see('r.example/other:1', [made(['other'])]);
    const digest = await here.see(app, [made(['base', 'app'])], bottom);
    const kinds = async () => (await here.begun()).map(({ kind, base: of }) => `${kind} ${of}`);
    const before = await standsOn(here.ledger.read(), app);
    assert.deepEqual(before, {
      reference: app,
      digest,
      base,
      baseDigest: bottom.descriptor.digest,
      level: 1,
    });
    await lookForReasons(here.parts());
    assert.deepEqual(await kinds(), []);
    const to = await here.see(base, [made(['base', 'fix'])]);
    await renewalRow(here.ledger, 'refused', to);
    await lookForReasons(here.parts());
    assert.deepEqual(await kinds(), [`base-moved ${base}`, `fix-available ${base}`, `again ${base}`]);
    await lookForReasons(here.parts());
    assert.equal((await kinds()).length, 3);
    await here.ledger.write<RenewalTables, void>((write) =>
      released(write, base, to, { by: 'ops', reason: 'mended', now: start }),
    );
    const again = (await here.begun()).at(-1);
    assert.deepEqual(again?.kind === 'again' && [again.change, again.text], [
      'release',
      'released by ops: mended',
    ]);
  });
}

async function renewalRow(ledger: Ledger, state: 'refused' | 'done', to: string): Promise<void> {
  const cause: Cause = { kind: 'base-moved', base, from: null, to };
  await ledger.write<RenewalTables, void>(async (write) => {
    await write
      .insertInto('renewal_renewals')
      .values({
        ...{ id: 'r1', cause: JSON.stringify(cause), base, base_digest: to, state, text: '' },
        ...{ created_at: start, ended_at: state === 'done' ? start : null },
      })
      .execute();
  });
}

async function ledgerRow(ledger: Ledger, row: { to_digest: string; updated_at: number }): Promise<void> {
  await renewalRow(ledger, 'done', 'sha256:to');
  await ledger.write<RenewalTables, void>(async (write) => {
    await write
      .insertInto('renewal_images')
      .values({
        ...{ id: 'r1.1', renewal: 'r1', reference: app, level: 1, from_digest: 'sha256:old', base },
        ...{ base_from: '', state: 'done', why: '', staging_tag: '', text: '', created_at: start, ...row },
      } as RenewalTables['renewal_images'])
      .execute();
  });
}
