import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ledger } from '../ledger/index.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { builder, digest, renewing, target, usual, World } from '../testing/renewals.ts';
import type { RenewalTables } from './book.ts';
import type { Cause } from './cause.ts';
import { approveImage } from './decide.ts';
import { isOnTheWay } from './follow.ts';
import { releaseBase } from './holds.ts';
import { listRenewals, readRenewal } from './list.ts';

const base = 'r.example/base:1';
const app = 'r.example/app:1';
const web = 'r.example/web:1';

/** base ← app, base ← web; nothing is wrong with any of them. */
function world(): World {
  const made = new World();
  made.put(base, { digest: digest('base-1'), findings: [], isSigned: true });
  made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
  made.put(web, { digest: digest('web-1'), on: digest('base-1'), findings: [], isSigned: true });
  return made;
}

const next = (isSigned = true) => ({ digest: digest('base-2'), findings: [] as [], isSigned });
const old = (due: number, to = digest('base-1'), of = digest('app-1')): Cause => ({
  kind: 'too-old',
  ...{ base, to, reference: app, digest: of, maxAge: '30d', due },
});
const fix = (to = digest('base-2')): Cause => ({ kind: 'fix-available', base, to, ids: [] });

/** The newest first: its cause, its state, and each image with what became of it. */
async function record(ledger: Ledger): Promise<string[]> {
  const lines: string[] = [];
  for (const { id, cause, state } of await listRenewals(ledger)) {
    const { images } = await readRenewal(ledger, id);
    lines.push(
      `${cause}: ${state}${images.map((one) => ` ${one.reference.slice(10, 13)} ${one.state}`).join()}`,
    );
  }
  return lines;
}

for (const ledgers of testLedgers()) {
  describe(`an image that is too old (${ledgers.dialect})`, () => {
    const aged = async (t: Parameters<typeof renewing>[0], made: World, pipeline?: string) => {
      made.settings = () => usual(pipeline === undefined ? {} : { pipeline });
      return renewing(t, made, ledgers);
    };

    test('is rebuilt on the base that did not move, once for each date that it was due at', async (t) => {
      const made = world();
      const asked = builder(made, 'ci');
      const { ledger, begin, minute } = await aged(t, made, 'ci');
      await begin(old(1));
      await minute();
      assert.deepEqual(await record(ledger), [`${app} is older than 30d: done app done`]);
      assert.equal(made.tags.get(app), digest('built-1'));
      assert.equal(made.deeds.includes(`rebase ${app}`), false);
      await begin(old(1));
      await minute();
      assert.deepEqual(asked, [`r.example/app ${digest('base-1').slice(7, 19)}`]);
      assert.equal((await listRenewals(ledger)).length, 1);
      await begin(old(2, digest('base-1'), digest('built-1')));
      await minute();
      assert.equal(asked.length, 2);
    });

    test('of which nothing is configured to rebuild it is named, with why, once', async (t) => {
      const made = world();
      const { ledger, begin } = await aged(t, made);
      await begin(old(1));
      await begin(old(1));
      const [only, ...others] = await listRenewals(ledger);
      assert.deepEqual(others, []);
      const { images } = await readRenewal(ledger, only!.id);
      assert.deepEqual(
        [images[0]!.state, images[0]!.text],
        [
          'unsafe',
          'no rebase: its base did not move, only a rebuild makes it anew; nothing is configured to rebuild it',
        ],
      );
    });

    test('is rebased where its base has moved meanwhile, and left alone where somebody pushed it', async (t) => {
      const made = world();
      const asked = builder(made, 'ci');
      const { ledger, begin, minute } = await aged(t, made, 'ci');
      made.move(base, next());
      await begin(old(1, digest('base-2')));
      assert.deepEqual([made.images.get(made.tags.get(app)!)!.on, asked], [digest('base-2'), []]);
      const { current } = made.workshop;
      let looks = 0;
      made.workshop.current = async (reference) =>
        reference === app && ++looks > 1 ? digest('pushed') : current(reference);
      const cause = old(2, digest('base-2'), made.tags.get(app)!);
      await begin(cause);
      await minute();
      assert.match((await record(ledger))[0]!, /superseded app superseded$/, 'between look and rebuild');
      await begin({ ...cause, due: 3 } as Cause);
      assert.equal((await listRenewals(ledger)).length, 2, 'before the look');
      assert.deepEqual(asked, []);
    });

    test('that waits for its base, and was pushed meanwhile, waits no more', async (t) => {
      const made = world();
      made.images.get(digest('base-1'))!.isSigned = false;
      const { ledger, begin } = await aged(t, made, 'ci');
      await begin(old(1));
      const waits = `${app} is older than 30d: refused`;
      assert.deepEqual(await record(ledger), [waits]);
      made.put(app, { digest: digest('pushed'), on: digest('base-1'), findings: [], isSigned: true });
      await begin(old(1));
      assert.deepEqual(await record(ledger), [waits.replace('refused', 'nothing')]);
    });

    test('whose rebuild gives the very same image moves no tag and rolls out nothing', async (t) => {
      const made = world();
      builder(made, 'ci', true);
      made.targets.set(
        'prod',
        target(made, () => ({ state: 'failed', text: 'never asked' })),
      );
      made.settings = () => usual({ pipeline: 'ci', rollout: ['prod'] });
      const { ledger, begin, minute } = await renewing(t, made, ledgers);
      await begin(old(1));
      await minute();
      assert.deepEqual(await record(ledger), [`${app} is older than 30d: done app done`]);
      assert.deepEqual(
        made.deeds.filter((deed) => /^(tag|rollout)/.test(deed)),
        [],
      );
    });
  });

  describe(`a fix that is in the base already (${ledgers.dialect})`, () => {
    test('begins again what stands on the old base and has the flaw from it, once for each flaw', async (t) => {
      const made = world();
      made.unproven.set(app, 'packages');
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, next()));
      await begin(fix());
      assert.equal((await listRenewals(ledger)).length, 1, 'there is nothing to fix');
      made.images.get(digest('base-1'))!.findings = [['CVE-9', 'low']];
      await begin(fix());
      await begin(fix());
      const again = `fix of CVE-9 became available in ${base}: failed app unsafe`;
      const first = `${base} moved to ${digest('base-2').slice(0, 19)}: partly app unsafe, web done`;
      assert.deepEqual(await record(ledger), [again, first]);
      made.images.get(digest('base-1'))!.findings.push(['CVE-10', 'low']);
      made.unproven.delete(app);
      await begin(fix());
      assert.deepEqual(
        (await record(ledger))[0],
        `fix of CVE-10, CVE-9 became available in ${base}: done app done`,
      );
      await begin(fix());
      assert.equal((await listRenewals(ledger)).length, 3);
    });

    test('waits for a base that is not allowed, and takes no place of what its move begins', async (t) => {
      const made = world();
      made.images.get(digest('base-1'))!.findings = [['CVE-9', 'low']];
      made.settings = () => usual({ approval: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      const moved = made.move(base, next(false));
      made.images.get(digest('web-1'))!.on = digest('base-2');
      await begin(fix());
      assert.match((await record(ledger))[0]!, /CVE-9.*: refused$|: refused$/);
      assert.deepEqual(made.deeds, []);
      made.images.get(digest('base-2'))!.isSigned = true;
      await begin(fix());
      made.images.get(digest('web-1'))!.on = digest('base-1');
      await begin(moved);
      assert.deepEqual(
        (await record(ledger)).map((line) => line.replace(/^.*: /, '')),
        ['running web approval', 'running app approval'],
        'the move begins what does not follow yet, and ends nothing of the same digest',
      );
      const images = await made.standingOn(base);
      assert.equal(await isOnTheWay(ledger.read(), { images, fixes: new Map() }), false, 'people are asked');
      await ledger.write<RenewalTables, void>(async (write) => {
        await write.updateTable('renewal_images').set({ state: 'making' }).execute();
      });
      assert.equal(await isOnTheWay(ledger.read(), { images, fixes: new Map() }), true);
      assert.equal(await isOnTheWay(ledger.read(), { images: [], fixes: new Map() }), false);
    });
  });

  describe(`an image that somebody put on the new base meanwhile (${ledgers.dialect})`, () => {
    test('is left as it is, and what stands on it is put on it', async (t) => {
      const made = world();
      const top = 'r.example/top:1';
      made.put(top, { digest: digest('top-1'), on: digest('app-1'), findings: [], isSigned: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      const cause = made.move(base, next());
      const { judgeBase } = made.workshop;
      made.workshop.judgeBase = async (...of) => {
        made.move(app, { digest: digest('app-2'), on: digest('base-2'), findings: [], isSigned: true });
        return judgeBase(...of);
      };
      await begin(cause);
      assert.match((await record(ledger))[0]!, /: done app done, web done, top done$/);
      assert.equal(made.tags.get(app), digest('app-2'));
      assert.equal(made.images.get(made.tags.get(top)!)!.on, digest('app-2'));
    });
  });

  describe(`the same digest again (${ledgers.dialect})`, () => {
    const again = (change: 'release' | 'policy', id: string): Cause => ({
      kind: 'again',
      ...{ base, to: digest('base-2'), change, id, text: 'why' },
    });

    test('after a release: what came back from it, once', async (t) => {
      const made = world();
      let state: 'returned' | 'done' = 'returned';
      made.targets.set(
        'prod',
        target(made, () => ({ state, text: 'it crashed' })),
      );
      made.settings = (reference) => usual(reference === app ? { rollout: ['prod'] } : {});
      made.unproven.set(web, 'never');
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, next()));
      await releaseBase(ledger, base, 'ops', 'mended', made.now);
      state = 'done';
      await begin(again('release', '1'));
      await begin(again('release', '1'));
      assert.deepEqual(
        (await record(ledger)).map((line) => line.replace(/: (?=\S+ )/, ' | ')),
        [
          `${base} is tried again | why: done app done`,
          `${base} moved to ${digest('base-2').slice(0, 19)} | failed app returned, web unsafe`,
        ],
      );
    });

    test('under another policy: what the policy stopped, and not what it has judged itself', async (t) => {
      const made = world();
      made.images.get(digest('app-1'))!.isSigned = false;
      made.unproven.set(web, 'never');
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, next()));
      await begin(again('policy', 'h'));
      assert.equal((await listRenewals(ledger)).length, 1, 'the same policy');
      made.policy = 'other';
      await begin(again('policy', 'other'));
      made.images.get(digest('app-1'))!.isSigned = true;
      await begin(again('policy', 'other'));
      assert.match((await record(ledger))[0]!, /failed app stopped$/);
      assert.equal((await listRenewals(ledger)).length, 2, 'once for a policy');
      made.policy = 'third';
      await begin(again('policy', 'third'));
      assert.match((await record(ledger))[0]!, /done app done$/);
    });

    test('asked for by a person for one image does not hinder the move of all', async (t) => {
      const made = world();
      made.settings = () => usual({ approval: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      const moved = made.move(base, next());
      await begin({ kind: 'asked', base, to: digest('base-2'), by: 'ops', reference: app });
      await begin(moved);
      assert.deepEqual(
        (await record(ledger)).map((line) => line.replace(/^.*: /, '')),
        ['running web approval', 'running app approval'],
      );
      for (const { id } of await listRenewals(ledger))
        for (const image of (await readRenewal(ledger, id)).images)
          await approveImage(ledger, image.id, 'ops');
    });
  });
}
