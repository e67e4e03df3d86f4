// Tests of keys under a password and of what counts as a key.
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  decryptKey,
  encryptKey,
  isEncrypted,
  makeKeyPair,
  openKey,
  readPrivateKey,
  readPublicKey,
} from './index.ts';

const options = { readFile: () => pair.privateKey, env: {}, password: async () => 'secret' };
const pair = makeKeyPair('secret');

test('a new key signs once its password is given, and its public half verifies', async () => {
  assert.ok(isEncrypted(pair.privateKey));
  const signer = await openKey('cosign.key', options);
  const signature = await signer.sign(Buffer.from('bytes'));
  assert.ok(verify('sha256', Buffer.from('bytes'), readPublicKey(pair.publicKey, 'cosign.pub'), signature));
});

test('a wrong password is named as such', () => {
  assert.throws(() => decryptKey(pair.privateKey, 'other'), { code: 'key-password' });
});

test('a key file that asks for unheard-of work is refused before the work is done', () => {
  const inner = pair.privateKey.split('\n').slice(1, -2).join('');
  const document = JSON.parse(Buffer.from(inner, 'base64').toString('utf8'));
  document.kdf.params.N = 2 ** 30;
  const pem = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${Buffer.from(JSON.stringify(document)).toString('base64')}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
  assert.throws(() => decryptKey(pem, 'secret'), { code: 'key-invalid' });
});

test('an existing key is taken under a password and comes back the same', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  assert.ok(decryptKey(encryptKey(privateKey, 'p'), 'p').equals(privateKey));
});

test('weak and foreign keys are refused', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  assert.throws(() => readPrivateKey(small.toString()), { code: 'key-invalid' });
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  assert.throws(() => readPrivateKey(curve.toString()), { code: 'key-invalid' });
  assert.throws(() => readPrivateKey('no key'), { code: 'key-invalid' });
});

test('a private key is not taken for a public one', () => {
  assert.throws(() => readPublicKey(pair.privateKey, 'cosign.pub'), {
    code: 'key-invalid',
    message: /public key in cosign.pub, got a private one/,
  });
});

test('a key of a service that is not there says what can be used instead', async () => {
  await assert.rejects(openKey('azurekms://vault.example/key', options), { code: 'key-service-unknown' });
  await assert.rejects(openKey('env://NOWHERE', options), { code: 'key-invalid' });
});

test('a key service is one function', async () => {
  const { localSigner } = await import('./index.ts');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const service = {
    scheme: 'vault',
    async open(name: string) {
      assert.equal(name, 'a/b');
      return localSigner(privateKey);
    },
  };
  const signer = await openKey('vault://a/b', { ...options, services: [service] });
  assert.equal((await signer.sign(Buffer.from('x'))).length > 60, true);
});
