import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { listAudit } from '../../ledger/index.ts';
import { type TestLedger, testLedgers } from '../../testing/ledgers.ts';
import { accessBook, roles } from './book.ts';
import { mayDo, type Right } from './may.ts';
import { registryAccess } from './registry.ts';
import { createTokens } from './tokens.ts';

async function room(t: TestContext, ledgers: TestLedger) {
  let now = Date.UTC(2026, 10, 27);
  const clock = { now: () => new Date(now) };
  const ledger = await ledgers.open(t, { books: [accessBook], clock });
  const pass = (ms: number) => {
    now += ms;
  };
  return { ledger, tokens: createTokens(ledger, clock), pass };
}

for (const ledgers of testLedgers()) {
  test(`a token is known again, and by nothing of it that is kept (${ledgers.dialect})`, async (t) => {
    const { ledger, tokens } = await room(t, ledgers);
    const token = await tokens.create({ name: 'ci', role: 'push' }, 'admin');
    assert.match(token, /^sw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const found = await tokens.find(token);
    assert.deepEqual([found?.name, found?.role], ['ci', 'push']);
    const rows = await ledger
      .read<{ access_tokens: Record<string, string> }>()
      .selectFrom('access_tokens')
      .selectAll()
      .execute();
    assert.equal(JSON.stringify(rows).includes(token.slice(16)), false);
    assert.deepEqual(
      (await listAudit(ledger)).map(({ actor, action, subject }) => [actor, action, subject]),
      [['admin', 'token.created', 'ci']],
    );
  });

  test(`another secret, an unknown id, another shape, an expired and a revoked one are nobody (${ledgers.dialect})`, async (t) => {
    const { tokens, pass } = await room(t, ledgers);
    const token = await tokens.create(
      { name: 'a', role: 'reader', expiresAt: Date.UTC(2026, 10, 28) },
      'admin',
    );
    const id = token.slice(3, 15);
    for (const wrong of [
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      `sw_${'0'.repeat(12)}${token.slice(15)}`,
      '',
      'Bearer',
      `${token}x`,
    ])
      assert.equal(await tokens.find(wrong), undefined, wrong);
    assert.ok(await tokens.find(token));
    assert.equal(await tokens.revoke(id, 'admin'), true);
    assert.equal(await tokens.revoke(id, 'admin'), false);
    assert.equal(await tokens.find(token), undefined);
    pass(1000);
    const brief = await tokens.create(
      { name: 'b', role: 'reader', expiresAt: Date.UTC(2026, 10, 28) },
      'admin',
    );
    assert.ok(await tokens.find(brief));
    pass(86_400_000);
    assert.equal(await tokens.find(brief), undefined);
    const listed = await tokens.list();
    assert.deepEqual(
      listed.map(({ name, revokedAt }) => [name, revokedAt !== undefined]),
      [
        ['a', true],
        ['b', false],
      ],
    );
  });

  test('each role may what stands in the table, and only an admin makes tokens', () => {
    const rights: Right[] = [
      'read',
      'renew',
      'approve',
      'release',
      'tokens',
      'report',
      'pull',
      'push',
      'delete',
    ];
    const table = Object.fromEntries(
      roles.map((role) => [role, rights.filter((right) => mayDo({ role }, right)).join(' ')]),
    );
    assert.deepEqual(table, {
      admin: 'read renew approve release tokens pull push delete',
      operator: 'read renew approve release pull push',
      reader: 'read pull',
      agent: 'report pull',
      push: 'pull push',
      pull: 'pull',
    });
  });

  test(`the registry lets in by token under any name, and anonymously only as far as it was told (${ledgers.dialect})`, async (t) => {
    const { tokens } = await room(t, ledgers);
    const token = await tokens.create({ name: 'puller', role: 'pull' }, 'admin');
    const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`;
    const closed = registryAccess(tokens, 'none');
    const ask = (action: 'pull' | 'push' | 'delete' | 'catalog', authorization?: string, access = closed) =>
      access({ authorization, repository: 'team/app', action });
    assert.deepEqual(await ask('pull'), { allow: false, challenge: 'Basic realm="seaworthy"' });
    assert.deepEqual(await ask('pull', basic(token)), { allow: true });
    assert.deepEqual(await ask('catalog', basic(token)), { allow: true });
    assert.deepEqual(await ask('push', basic(token)), {
      allow: false,
      reason: 'expected a token that may push, got one of role pull',
    });
    assert.deepEqual(await ask('pull', basic('wrong')), {
      allow: false,
      challenge: 'Basic realm="seaworthy"',
    });
    assert.deepEqual(await ask('pull', 'Bearer x'), { allow: false, challenge: 'Basic realm="seaworthy"' });
    const open = registryAccess(tokens, 'push');
    assert.deepEqual(await ask('push', undefined, open), { allow: true });
    assert.deepEqual(await ask('delete', undefined, open), {
      allow: false,
      challenge: 'Basic realm="seaworthy"',
    });
    assert.deepEqual(await ask('pull', basic('wrong'), open), {
      allow: false,
      challenge: 'Basic realm="seaworthy"',
    });
  });
}
