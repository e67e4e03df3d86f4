// Tests of renewals while a registry is away, or refuses for good.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { renewing, usual } from '../testing/renewals.ts';
import { app, base, fixed, top, web, world } from '../testing/renewalscene.ts';
import { RemoteFault } from '../transport/index.ts';
import { listRenewals, readRenewal } from './list.ts';

for (const ledgers of testLedgers()) {
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
