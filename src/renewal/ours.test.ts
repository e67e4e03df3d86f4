// Tests of tags that a renewal moved itself: they are no news to what stands on them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing } from '../testing/renewals.ts';
import { app, base, fixed, top, world } from '../testing/renewalscene.ts';
import { listRenewals } from './list.ts';

for (const ledgers of testLedgers())
  test(`what our own tag left behind is not begun again, also where it is no base that would be allowed (${ledgers.dialect})`, async (t) => {
    const made = world();
    made.unproven.set(top, 'packages');
    const { ledger, begin } = await renewing(t, made, ledgers);
    await begin(made.move(base, fixed()));
    const states = async () => (await listRenewals(ledger)).map(({ state }) => state);
    assert.deepEqual(await states(), ['partly']);
    const to = made.tags.get(app)!;
    made.images.get(to)!.isSigned = false;
    made.history.set(app, new Set([digest('app-1')]));
    await begin({ kind: 'base-moved', base: app, from: digest('app-1'), to });
    assert.deepEqual(await states(), ['partly']);
    await begin(made.move(app, { digest: digest('app-2'), findings: [], isSigned: false }));
    assert.deepEqual(await states(), ['refused', 'partly'], 'somebody else’s push is news');
  });
