// Tests of renewals whose rebase is not safe: a pipeline builds, and is not believed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing, usual, type World } from '../testing/renewals.ts';
import { app, base, fixed, world } from '../testing/renewalscene.ts';
import { listRenewals, readRenewal } from './list.ts';
import type { Pipeline, RunState } from './pipeline/index.ts';

for (const ledgers of testLedgers()) {
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
}
