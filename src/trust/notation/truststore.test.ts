import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { authorityOf, makeChain, pemOf } from '../../testing/notation.ts';
import { makeHolder } from '../../testing/x509.ts';
import type { NotationTrustPolicy } from '../evidence/index.ts';
import { NotationFault } from './fault.ts';
import { readTrustStores } from './truststore.ts';

const chain = makeChain();
const [leaf, issuing, root] = chain;

function folder(t: TestContext, store = 'ca/team'): { home: string; at: string } {
  const home = mkdtempSync(join(tmpdir(), 'seaworthy-stores-'));
  t.after(() => rmSync(home, { recursive: true }));
  const at = join(home, 'truststore', 'x509', store);
  mkdirSync(at, { recursive: true });
  return { home, at };
}

function policy(...trustStores: string[]): NotationTrustPolicy {
  return authorityOf({}, { trustStores }).trustPolicy;
}

async function assertRefused(home: string, stores: NotationTrustPolicy, message: RegExp): Promise<void> {
  await assert.rejects(
    readTrustStores(home, stores),
    (error) =>
      error instanceof NotationFault && error.code === 'trust-store-invalid' && message.test(error.message),
    String(message),
  );
}

test('the stores that a policy names are read: PEM with one or more certificates, and DER', async (t) => {
  const { home, at } = folder(t);
  writeFileSync(join(at, 'a.pem'), `# a comment\n${pemOf([root!, issuing!])}`);
  writeFileSync(join(at, 'b.der'), issuing!.certificate);
  mkdirSync(join(home, 'truststore', 'x509', 'ca', 'unnamed'));
  writeFileSync(join(home, 'truststore', 'x509', 'ca', 'unnamed', 'x'), 'nonsense');
  assert.deepEqual(await readTrustStores(home, policy('ca:team', 'ca:team')), {
    'ca:team': [pemOf([root!]), pemOf([issuing!]), pemOf([issuing!])],
  });
});

test('a certificate that signs itself may be in a store, one that an authority issued may not', async (t) => {
  const { home, at } = folder(t);
  writeFileSync(join(at, 'own.pem'), pemOf([makeHolder('CN=own', undefined)]));
  assert.equal((await readTrustStores(home, policy('ca:team')))['ca:team']?.length, 1);
  writeFileSync(join(at, 'leaf.pem'), pemOf([leaf]));
  await assertRefused(home, policy('ca:team'), /authorities in the trust store ca:team/);
});

test('a store for timestamps holds roots alone', async (t) => {
  const { home, at } = folder(t, 'tsa/team');
  writeFileSync(join(at, 'a.pem'), pemOf([root!]));
  await readTrustStores(home, policy('tsa:team'));
  writeFileSync(join(at, 'b.pem'), pemOf([issuing!]));
  await assertRefused(home, policy('tsa:team'), /root certificates/);
});

test('a store that is missing, empty or holds something else is named', async (t) => {
  const { home, at } = folder(t);
  await assertRefused(home, policy('ca:other'), /the trust store ca:other/);
  await assertRefused(home, policy('ca:team'), /certificates in the trust store ca:team, got none/);
  writeFileSync(join(at, 'a.pem'), 'nonsense');
  await assertRefused(home, policy('ca:team'), /certificates in .*a\.pem/);
  writeFileSync(join(at, 'a.pem'), Buffer.alloc((1 << 20) + 1));
  await assertRefused(home, policy('ca:team'), /at most/);
  rmSync(join(at, 'a.pem'));
  mkdirSync(join(at, 'folder'));
  await assertRefused(home, policy('ca:team'), /files alone/);
});

test('neither a name nor a link leads out of the directory of stores', async (t) => {
  const { home, at } = folder(t);
  const outside = folder(t);
  writeFileSync(join(outside.at, 'a.pem'), pemOf([root!]));
  for (const store of ['ca:../../..', 'ca:..', 'ca:.', 'ca:a/b', 'ca:', '../ca:team', 'x:team', 'ca'])
    await assertRefused(home, policy(store), /a trust store TYPE:NAME/);
  symlinkSync(outside.at, join(home, 'truststore', 'x509', 'ca', 'linked'));
  await assertRefused(home, policy('ca:linked'), /no link/);
  symlinkSync(join(outside.at, 'a.pem'), join(at, 'a.pem'));
  await assertRefused(home, policy('ca:team'), /no links/);
});
