import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type Order, readOrder, signOrder } from './order.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const order: Order = {
  id: 'r1.1.prod',
  cluster: 'prod',
  sequence: 7,
  domain: 'r.example',
  repository: 'team/app',
  from: `sha256:${'1'.repeat(64)}`,
  to: `sha256:${'2'.repeat(64)}`,
  cause: 'a base moved',
  issuedAt: 1000,
  expiresAt: 2000,
};

test('an order that its server signed is read back as it was', () => {
  assert.deepEqual(readOrder(signOrder(order, privateKey), publicKey, 'prod', 1500), order);
});

const forged: [string, () => unknown, RegExp][] = [
  [
    'one by another key',
    () => readOrder(signOrder(order, generateKeyPairSync('ed25519').privateKey), publicKey, 'prod', 1500),
    /by another key/,
  ],
  [
    'one that was changed on the way',
    () => {
      const signed = signOrder(order, privateKey);
      const changed = JSON.stringify({ ...order, to: `sha256:${'3'.repeat(64)}` });
      return readOrder(
        { ...signed, payload: Buffer.from(changed).toString('base64') },
        publicKey,
        'prod',
        1500,
      );
    },
    /changed on the way/,
  ],
  [
    'one to another cluster',
    () => readOrder(signOrder(order, privateKey), publicKey, 'dev', 1500),
    /an order to dev, got one to prod/,
  ],
  [
    'one that has expired',
    () => readOrder(signOrder(order, privateKey), publicKey, 'prod', 2000),
    /has not expired/,
  ],
  [
    'a signed document of another shape',
    () => readOrder(signOrder({ ...order, to: 'latest' }, privateKey), publicKey, 'prod', 1500),
    /expected an order, got another document/,
  ],
  [
    'one without a signature',
    () => readOrder({ ...signOrder(order, privateKey), signature: '' }, publicKey, 'prod', 1500),
    /by another key/,
  ],
  [
    'one that is too long',
    () => readOrder(signOrder({ ...order, cause: 'x'.repeat(20_000) }, privateKey), publicKey, 'prod', 1500),
    /at most 16384 bytes/,
  ],
];
for (const [name, read, message] of forged)
  test(`${name} is not obeyed`, () => {
    assert.throws(read, { code: 'order-invalid', message });
  });
