import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing, target, usual } from '../testing/renewals.ts';
import { app, base, fixed, over, top, web, world } from '../testing/renewalscene.ts';
import { approveImage, declineImage } from './decide.ts';
import { listHolds, releaseBase } from './holds.ts';
import { listRenewals, readRenewal } from './list.ts';

for (const ledgers of testLedgers()) {
  describe(`a base moved (${ledgers.dialect})`, () => {
    test('every image on it is renewed, level by level, and the record says so', async (t) => {
      const made = world();
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      assert.deepEqual([summary?.state, summary?.text, summary?.images], ['done', '3 done', 3]);
      const { images } = await readRenewal(ledger, summary!.id);
      assert.deepEqual(
        images.map(({ reference, level, state, means }) => [reference, level, state, means]),
        [
          [app, 1, 'done', 'rebase'],
          [web, 1, 'done', 'rebase'],
          [top, 2, 'done', 'rebase'],
        ],
      );
      assert.deepEqual(
        images[0]!.steps.map(({ step, ledTo }) => `${step}>${ledTo}`),
        [
          'waiting>making',
          'making>scanning',
          'scanning>judging',
          'judging>signing',
          'signing>checking',
          'checking>tagging',
          'tagging>done',
        ],
      );
      assert.deepEqual([images[0]!.before?.levels.critical, images[0]!.after?.levels.critical], [1, 0]);
      const { tags, images: known } = made;
      assert.equal(known.get(tags.get(top)!)!.on, tags.get(app), 'what stands on it stands on the new one');
      assert.equal(known.get(tags.get(app)!)!.on, digest('base-2'));
      assert.equal(tags.get(`${app}-keep`), digest('app-1'), 'what the tag left has a tag of its own');
    });

    test('the same event again, and the tags that were moved by us, begin nothing', async (t) => {
      const made = world();
      const { ledger, begin } = await renewing(t, made, ledgers);
      const cause = made.move(base, fixed());
      await begin(cause);
      const deeds = made.deeds.length;
      await begin(cause);
      await begin({ kind: 'base-moved', base: app, from: digest('app-1'), to: made.tags.get(app)! });
      assert.equal(made.deeds.length, deeds);
      assert.deepEqual(
        (await listRenewals(ledger)).map(({ state }) => state),
        ['done'],
      );
    });

    test('an unsigned base moves nothing, until it is signed', async (t) => {
      const made = world();
      const { ledger, begin } = await renewing(t, made, ledgers);
      const cause = made.move(base, { ...fixed(), isSigned: false });
      await begin(cause);
      assert.deepEqual(made.deeds, []);
      const [refused] = await listRenewals(ledger);
      assert.equal(refused?.state, 'refused');
      assert.match(refused!.text, /is not allowed itself, deny: signed: /);
      made.images.get(digest('base-2'))!.isSigned = true;
      await begin(cause);
      assert.deepEqual(
        (await listRenewals(ledger)).map(({ state }) => state),
        ['done'],
      );
    });

    test('a newer digest takes the place of what has moved no tag yet', async (t) => {
      const made = world();
      made.settings = () => usual({ approval: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      await begin(made.move(base, fixed('base-3')));
      const [newer, older] = await listRenewals(ledger);
      assert.deepEqual([older?.state, newer?.state], ['superseded', 'running']);
      const { images } = await readRenewal(ledger, newer!.id);
      for (const { id, level } of images) if (level === 1) await approveImage(ledger, id, 'ops');
    });

    test('an image of which nothing is configured stays as it is', async (t) => {
      const made = world();
      made.settings = (reference) => (reference === web ? undefined : usual());
      const { begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      assert.equal(made.tags.get(web), digest('web-1'));
      assert.notEqual(made.tags.get(app), digest('app-1'));
    });
  });

  describe(`trust (${ledgers.dialect})`, () => {
    test('is not laundered: what its predecessor did not meet, a renewal does not sign', async (t) => {
      const made = world();
      made.images.get(digest('app-1'))!.isSigned = false;
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      const of = (reference: string) => images.find((image) => image.reference === reference)!;
      assert.equal(of(app).state, 'stopped');
      assert.match(of(app).text, /did not meet signed: a renewal vouches for nothing/);
      assert.equal(made.deeds.includes(`sign ${app}`), false);
      assert.equal(made.tags.get(app), digest('app-1'));
      assert.deepEqual([of(top).state, of(top).text], ['skipped', `${app} was not renewed`]);
      assert.equal(of(web).state, 'done');
    });

    test('what is worse than its predecessor stops before it is signed', async (t) => {
      const made = world();
      made.images.get(digest('base-1'))!.findings = [['CVE-1', 'low']];
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, { ...fixed(), findings: [['CVE-2', 'high']] }));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      assert.equal(images[0]!.state, 'stopped');
      assert.match(images[0]!.text, /1 more high findings than its predecessor: CVE-2 in zlib 1/);
      assert.equal(
        made.deeds.some((deed) => deed.startsWith('sign')),
        false,
      );
    });

    test('somebody’s own push under the tag is never overwritten', async (t) => {
      const made = world();
      made.settings = () => usual({ approval: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      made.put(app, { digest: digest('pushed'), on: digest('base-2'), findings: [], isSigned: true });
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      const waiting = images.find(({ reference }) => reference === app)!;
      assert.match(waiting.text, /seaworthy approve/);
      await approveImage(ledger, waiting.id, 'ops');
      await over(ledger, waiting.id);
      assert.equal(made.tags.get(app), digest('pushed'));
      const after = (await readRenewal(ledger, summary!.id)).images.find(
        ({ reference }) => reference === app,
      )!;
      assert.deepEqual([after.state, after.approvedBy], ['superseded', 'ops']);
    });
  });

  describe(`a rollout (${ledgers.dialect})`, () => {
    test('that comes back takes the tag back, and holds the base until it is released', async (t) => {
      const made = world();
      let state: 'returned' | 'done' = 'returned';
      made.targets.set(
        'prod',
        target(made, () => ({ state, text: 'Deployment app crashed' })),
      );
      made.settings = (reference) => (reference === app ? usual({ rollout: ['prod'] }) : undefined);
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      assert.equal(images[0]!.state, 'returned');
      assert.match(images[0]!.text, /prod: Deployment app crashed; the tag names the old digest again/);
      assert.equal(made.tags.get(app), digest('app-1'));
      assert.deepEqual(
        (await listHolds(ledger)).map((hold) => hold.base),
        [base],
      );
      state = 'done';
      const again = made.move(base, fixed('base-3'));
      await begin(again);
      assert.deepEqual((await listRenewals(ledger))[0]?.state, 'held');
      assert.equal(made.tags.get(app), digest('app-1'));
      await releaseBase(ledger, base, 'ops', 'the app was mended', made.now);
      await assert.rejects(releaseBase(ledger, base, 'ops', 'again', made.now), {
        code: 'nothing-to-decide',
      });
      await begin(again);
      assert.equal(made.images.get(made.tags.get(app)!)!.on, digest('base-3'));
    });

    test('of an image that somebody moved meanwhile leaves that tag alone', async (t) => {
      const made = world();
      made.targets.set(
        'prod',
        target(made, () => {
          made.put(app, { digest: digest('pushed'), on: digest('base-2'), findings: [], isSigned: true });
          return { state: 'failed', text: 'crashed' };
        }),
      );
      made.settings = (reference) => (reference === app ? usual({ rollout: ['prod'] }) : undefined);
      const { begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      assert.equal(made.tags.get(app), digest('pushed'));
    });
  });

  describe(`a person (${ledgers.dialect})`, () => {
    test('declines: the image keeps what it has, and what stands on it too', async (t) => {
      const made = world();
      made.settings = () => usual({ approval: true });
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      const one = images.find(({ reference }) => reference === app)!;
      await declineImage(ledger, one.id, 'ops', 'freeze', made.now);
      await assert.rejects(approveImage(ledger, one.id, 'ops'), { code: 'nothing-to-decide' });
      await assert.rejects(approveImage(ledger, 'none', 'ops'), { code: 'nothing-to-decide' });
      const after = (await readRenewal(ledger, summary!.id)).images;
      assert.deepEqual(
        after.filter(({ reference }) => reference !== web).map(({ reference, state }) => [reference, state]),
        [
          [app, 'declined'],
          [top, 'skipped'],
        ],
      );
      await assert.rejects(readRenewal(ledger, 'none'), { code: 'renewal-unknown' });
    });
  });
}
