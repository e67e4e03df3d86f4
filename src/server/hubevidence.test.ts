// Tests of evidence that is made anew for what runs: when it is due, and of what it never is; on both databases.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type LeasedJob, listJobs, sql, type Write } from '../ledger/index.ts';
import { type RenewalTables, renewalBook } from '../renewal/index.ts';
import { testRecord } from '../testing/feeds.ts';
import { debian12, inventoryOf, packageOf } from '../testing/inventories.ts';
import { type TestLedger, testLedgers } from '../testing/ledgers.ts';
import { WatchScene } from '../testing/watchscene.ts';
import { RemoteFault } from '../transport/index.ts';
import { noteAdvisories, rejudgeBatch, type WatchTables, watchBook, watchTags } from '../watch/index.ts';
import { evidenceJobs, lookForEvidence, makeEvidence } from './hubevidence.ts';
import type { HubParts } from './hubparts.ts';

const hour = 3_600_000;
const digest = `sha256:${'a'.repeat(64)}`;
const ours = `r.example/team/app@${digest}`;
const asking = { rules: [{ kind: 'vulnerabilities', by: ['scans'] }], authorities: [{ name: 'scans' }] };

/** An image of one package that a server knows, whose scans are written down instead of made. */
async function yard(t: TestContext, ledgers: TestLedger, policy: object = asking) {
  const ledger = await ledgers.open(t, { books: [watchBook, renewalBook] });
  const scene = new WatchScene(t, ledger);
  let now = Date.UTC(2026, 1, 1);
  let serial = 0;
  const publish = async (...names: string[]) => {
    serial++;
    const records = names.map((name) =>
      testRecord(`DSA-${name}`, 'Debian:12', name, '2', { modified: `2026-01-0${serial}T00:00:00Z` }),
    );
    const report = await scene.publish({ Debian: records });
    await ledger.write<WatchTables, boolean>((write) => noteAdvisories(write, report));
    for (let judged = 1; judged > 0; ) judged = (await rejudgeBatch(scene))?.judged ?? 0;
  };
  await publish('elsewhere');
  const zlib = packageOf('deb', 'zlib', '1', { namespace: 'debian' });
  await scene.add(new Map([[digest, inventoryOf(debian12, [zlib])]]));
  await ledger.write<WatchTables, void>((write) => watchTags(write, ['r.example/team/app:1'], 'image'));
  const made: string[] = [];
  const failing: Error[] = [];
  const scan = async (reference: string, of: string) => {
    const error = failing.pop();
    if (error !== undefined) throw error;
    made.push(`${reference}@${of}`);
  };
  const parts = {
    ...{ ledger, config: {}, database: scene.database, workshop: { scan } },
    clock: { now: () => new Date(now) },
    policy: { current: () => policy },
    log: { info: () => {}, warn: () => {} },
  } as unknown as HubParts;
  return {
    ...{ ledger, publish, failing },
    runs: (...references: string[]) =>
      ledger.write<WatchTables, void>(async (write) => {
        for (const reference of references) {
          const where = { cluster: 'c', namespace: 'n', kind: 'Pod', name: reference, container: 'app' };
          const row = { ...where, reference, digest, reported_at: now };
          await write.insertInto('watch_running').values(row).execute();
        }
      }),
    /** What was signed by all that a look asks for. */
    look: async () => {
      await lookForEvidence(parts);
      for (const { payload } of await listJobs(ledger, { kind: evidenceJobs.make }))
        await makeEvidence(parts, { payload } as unknown as LeasedJob);
      await ledger.write((write) => sql`delete from ledger_jobs`.execute(write));
      return made.splice(0);
    },
    pass(ms: number): void {
      now += ms;
    },
    now: () => now,
  };
}

for (const ledgers of testLedgers()) {
  const said = (title: string) => `${title} (${ledgers.dialect})`;

  test(
    said('what runs of repositories that are ours gets evidence once, and nothing else does'),
    async (t) => {
      const { look, runs, pass } = await yard(t, ledgers);
      assert.deepEqual(await look(), [], 'nothing runs');
      await runs(
        `r.example/team/app:1@${digest}`,
        `r.example/team/app@${digest}`,
        `other.example/app@${digest}`,
        // what some runtimes say of images that have no name any more
        digest,
        '<none>',
      );
      assert.deepEqual(await look(), [ours]);
      pass(240 * hour);
      assert.deepEqual(await look(), [], 'the same advisories say the same');
    },
  );

  test(
    said('other advisories make it anew at once where they say something else, else when it is old'),
    async (t) => {
      const { look, runs, pass, publish } = await yard(t, ledgers);
      await runs(`r.example/team/app:1@${digest}`);
      await look();
      pass(hour);
      await publish('elsewhere', 'nowhere');
      assert.deepEqual(await look(), [], 'it is an hour old and says what it would say now');
      pass(12 * hour);
      assert.deepEqual(await look(), [ours]);
      pass(hour);
      await publish('elsewhere', 'nowhere', 'zlib');
      assert.deepEqual(await look(), [ours]);
    },
  );

  test(said('a policy that asks for no scan gets none'), async (t) => {
    const { look, runs } = await yard(t, ledgers, { rules: [], authorities: [] });
    await runs(`r.example/team/app:1@${digest}`);
    assert.deepEqual(await look(), []);
  });

  test(said('a registry that does not take it is asked again at the next look'), async (t) => {
    const { look, runs, failing } = await yard(t, ledgers);
    await runs(`r.example/team/app:1@${digest}`);
    failing.push(new RemoteFault('access-denied', 'no'));
    assert.deepEqual(await look(), []);
    assert.deepEqual(await look(), [ours]);
  });

  test(said('what a renewal made has the evidence of that renewal'), async (t) => {
    const { ledger, look, runs, now, pass, publish } = await yard(t, ledgers);
    await ledger.write<RenewalTables, void>((write) => renewed(write, now()));
    await runs(`r.example/team/app:1@${digest}`);
    assert.deepEqual(await look(), []);
    pass(13 * hour);
    await publish('elsewhere', 'nowhere');
    assert.deepEqual(await look(), [ours]);
  });
}

async function renewed(write: Write<RenewalTables>, now: number): Promise<void> {
  const common = { state: 'done', text: '', created_at: now } as const;
  await write
    .insertInto('renewal_renewals')
    .values({ id: 'r1', cause: '{}', base: 'b', base_digest: 'd', ended_at: now, ...common })
    .execute();
  await write
    .insertInto('renewal_images')
    .values({
      ...{ id: 'r1.1', renewal: 'r1', reference: 'r.example/team/app:1', level: 1, from_digest: 'old' },
      ...{
        base: 'b',
        base_from: '',
        why: '',
        staging_tag: '',
        to_digest: digest,
        updated_at: now,
        ...common,
      },
    } as RenewalTables['renewal_images'])
    .execute();
}
