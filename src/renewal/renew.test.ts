import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing, target, usual, World } from '../testing/renewals.ts';
import { RemoteFault } from '../transport/index.ts';
import { approveImage, declineImage } from './decide.ts';
import { listHolds, releaseBase } from './holds.ts';
import { listRenewals, readRenewal } from './list.ts';
import type { Pipeline, RunState } from './pipeline/index.ts';
import { isEnd } from './state.ts';

const base = 'r.example/base:1';
const app = 'r.example/app:1';
const web = 'r.example/web:1';
const top = 'r.example/top:1';

/** base ← app ← top, base ← web; the base has a critical flaw. */
function world(): World {
  const made = new World();
  made.put(base, { digest: digest('base-1'), findings: [['CVE-1', 'critical']], isSigned: true });
  made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
  made.put(web, { digest: digest('web-1'), on: digest('base-1'), findings: [], isSigned: true });
  made.put(top, { digest: digest('top-1'), on: digest('app-1'), findings: [], isSigned: true });
  return made;
}

const fixed = (name = 'base-2') => ({ digest: digest(name), findings: [] as [], isSigned: true });

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

  describe(`an unsafe rebase (${ledgers.dialect})`, () => {
    const unsafe = () => {
      const made = world();
      made.unproven.set(app, 'libssl.so.3 is not in the new base');
      return made;
    };

    test('is rebuilt by a pipeline that is asked once and not believed', async (t) => {
      const made = unsafe();
      const looks: RunState[] = [
        { state: 'running', text: 'queued' },
        { state: 'succeeded', digest: digest('built') },
      ];
      const asked: string[] = [];
      made.pipelines.set('azure', {
        kind: 'azure-pipelines',
        start: async ({ id, stagingTag, image, base: on }) => {
          asked.push(`${image} ${on.image}@${on.digest.slice(7, 19)} ${stagingTag === `seaworthy-${id}`}`);
          made.put(`${image}:${stagingTag}`, {
            digest: digest('built'),
            on: on.digest,
            findings: [],
            isSigned: false,
          });
          return { run: 7 };
        },
        follow: async () => {
          made.now += 60_000;
          return looks.shift() ?? { state: 'failed', text: 'asked too often' };
        },
        cancel: async () => {},
        probe: async () => {},
      } satisfies Pipeline);
      made.settings = () => usual({ pipeline: 'azure' });
      const { ledger, begin, workers } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      for (let i = 0; i < 5; i++) {
        made.now += 60_000;
        await workers.wake();
        await workers.idle();
      }
      assert.deepEqual(asked, [`r.example/app r.example/base@${digest('base-2').slice(7, 19)} true`]);
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      const built = images.find(({ reference }) => reference === app)!;
      assert.deepEqual([built.state, built.means], ['done', 'rebuild']);
      assert.match(built.why!, /no rebase: libssl\.so\.3 is not in the new base/);
      assert.equal(made.tags.get(app), digest('built'));
    });

    const lies: [string, RunState, (made: World, staging: string) => void, RegExp][] = [
      ['pushes nothing', { state: 'succeeded' }, () => {}, /pushed nothing/],
      [
        'names another digest than it pushed',
        { state: 'succeeded', digest: digest('other') },
        (made, staging) =>
          made.put(staging, { digest: digest('built'), on: digest('base-2'), findings: [], isSigned: true }),
        /says that it pushed/,
      ],
      [
        'builds on another base',
        { state: 'succeeded' },
        (made, staging) =>
          made.put(staging, { digest: digest('built'), on: digest('base-1'), findings: [], isSigned: true }),
        /on another base/,
      ],
      [
        'leaves out a platform',
        { state: 'succeeded' },
        (made, staging) => {
          made.images.get(digest('app-1'))!.platforms = ['linux/amd64', 'linux/arm64'];
          made.put(staging, { digest: digest('built'), on: digest('base-2'), findings: [], isSigned: true });
        },
        /built nothing for linux\/arm64/,
      ],
      ['fails', { state: 'failed', text: 'exit 1' }, () => {}, /ci: exit 1/],
    ];
    for (const [name, look, does, said] of lies)
      test(`whose pipeline ${name} ends there, and nothing is signed`, async (t) => {
        const made = unsafe();
        made.pipelines.set('ci', {
          kind: 'jenkins',
          start: async ({ image, stagingTag }) => {
            does(made, `${image}:${stagingTag}`);
            return {};
          },
          follow: async () => look,
          cancel: async () => {},
          probe: async () => {},
        });
        made.settings = (reference) => (reference === app ? usual({ pipeline: 'ci' }) : undefined);
        const { ledger, begin, workers } = await renewing(t, made, ledgers);
        await begin(made.move(base, fixed()));
        made.now += 60_000;
        await workers.wake();
        await workers.idle();
        const [summary] = await listRenewals(ledger);
        const { images } = await readRenewal(ledger, summary!.id);
        assert.equal(images[0]!.state, 'failed');
        assert.match(images[0]!.text, said);
        assert.deepEqual(made.deeds, []);
      });

    test('of which nothing is configured is named, with the proof that failed', async (t) => {
      const made = unsafe();
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      const one = images.find(({ reference }) => reference === app)!;
      assert.equal(one.state, 'unsafe');
      assert.match(one.text, /libssl\.so\.3 is not in the new base; nothing is configured to rebuild it/);
    });

    test('whose pipeline hangs is cancelled after its time', async (t) => {
      const made = unsafe();
      let cancelled = 0;
      made.pipelines.set('ci', {
        kind: 'jenkins',
        start: async () => ({}),
        follow: async () => ({ state: 'running', text: 'hangs' }),
        cancel: async () => void cancelled++,
        probe: async () => {},
      });
      made.settings = (reference) =>
        reference === app ? usual({ pipeline: 'ci', patience: 60_000 }) : undefined;
      const { ledger, begin, workers } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      made.now += 61_000;
      await workers.wake();
      await workers.idle();
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      assert.match(images[0]!.text, /ci did not end within 60 s/);
      assert.equal(cancelled, 1);
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

  describe(`bad days (${ledgers.dialect})`, () => {
    for (const deed of ['rebase', 'scan', 'sign', 'tag'])
      test(`the registry goes away before the ${deed}: it is tried again, and nothing is done twice`, async (t) => {
        const made = world();
        made.failing.set(deed, new RemoteFault('registry-failed', 'expected an answer, got none'));
        const { ledger, begin, workers } = await renewing(t, made, ledgers);
        await begin(made.move(base, fixed()));
        await workers.wake();
        await workers.idle();
        assert.deepEqual(
          (await listRenewals(ledger)).map(({ state }) => state),
          ['done'],
        );
        assert.deepEqual(made.deeds.filter((text) => text.startsWith('tag ')).sort(), [
          `tag ${app}`,
          `tag ${top}`,
          `tag ${web}`,
        ]);
      });

    test('what a registry refuses for good ends that image, and says why', async (t) => {
      const made = world();
      made.settings = (reference) => (reference === app ? usual() : undefined);
      made.failing.set('rebase', new RemoteFault('access-denied', 'expected to push, got 403'));
      const { ledger, begin } = await renewing(t, made, ledgers);
      await begin(made.move(base, fixed()));
      const [summary] = await listRenewals(ledger);
      const { images } = await readRenewal(ledger, summary!.id);
      assert.deepEqual([images[0]!.state, images[0]!.text], ['failed', 'making: expected to push, got 403']);
    });
  });
}

/** Until the image is over. */
async function over(ledger: Parameters<typeof readRenewal>[0], image: string): Promise<void> {
  for (;;) {
    const { images } = await readRenewal(ledger, image.slice(0, image.indexOf('.')));
    if (isEnd(images.find(({ id }) => id === image)!.state)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
