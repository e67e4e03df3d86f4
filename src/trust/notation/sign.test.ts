import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  evidenceOf,
  makeChain,
  pemOf,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import { makeTimestamper, timestampToken } from '../../testing/timestamps.ts';
import { keyUsage, makeKey, makeRoot, sequence } from '../../testing/x509.ts';
import { CertificateFault, parseCertificate, writeInteger } from '../certificate/index.ts';
import { makeSignature } from './algorithm.ts';
import { parseEnvelope } from './envelope.ts';
import { NotationFault } from './fault.ts';
import { noRevocationEvidence } from './revocation.ts';
import { type SignNotationOptions, signNotation } from './sign.ts';
import { verifyNotation } from './verify.ts';

const chain = makeChain();
const now = Date.now();
const usual: SignNotationOptions = {
  subject: signedImage,
  chain: pemOf(chain),
  key: chain[0].key,
  format: 'jws',
  now,
};

async function assertRefused(options: Partial<SignNotationOptions>, message: RegExp): Promise<void> {
  await assert.rejects(
    signNotation({ ...usual, ...options }),
    (error) =>
      error instanceof NotationFault && error.code === 'signing-refused' && message.test(error.message),
    String(message),
  );
}

test('a signature comes with its media type and the annotations of its manifest', async () => {
  for (const format of ['jws', 'cose'] as const) {
    const { mediaType, annotations } = await signNotation({ ...usual, format });
    assert.equal(mediaType, format === 'jws' ? 'application/jose+json' : 'application/cose');
    const prints = JSON.parse(annotations['io.cncf.notary.x509chain.thumbprint#S256'] ?? '') as string[];
    assert.equal(prints.length, 3);
    assert.match(prints[0]!, /^[0-9a-f]{64}$/);
    assert.match(annotations['org.opencontainers.image.created']!, /^\d{4}-.*T[\d:]{8}Z$/);
  }
});

test('a key service signs, and is believed only when its signature fits', async () => {
  const asked: string[] = [];
  const { payload } = await signNotation({
    ...usual,
    chain: chain.map(({ certificate }) => parseCertificate(certificate)),
    async key(data, algorithm) {
      asked.push(algorithm);
      return makeSignature(algorithm, data, chain[0].key);
    },
  });
  assert.deepEqual(asked, ['ES256']);
  const authority = authorityOf({ 'ca:a': [chain[2]!] });
  assert.ok(
    verifyNotation(evidenceOf(payload), signedImage, authority, signedRepository, noRevocationEvidence, now)
      .ok,
  );
  const other = makeKey();
  await assertRefused(
    { key: async (data, algorithm) => makeSignature(algorithm, data, other) },
    /by another/,
  );
});

test('only what is described of the image is signed, not what else its descriptor holds', async () => {
  const subject = { ...signedImage, annotations: { a: 'b' }, platform: { os: 'linux' } };
  const { payload } = await signNotation({ ...usual, subject, annotations: { c: 'd' } });
  const { payload: signed } = JSON.parse(payload.toString()) as { payload: string };
  assert.deepEqual(JSON.parse(Buffer.from(signed, 'base64url').toString()), {
    targetArtifact: { ...signedImage, annotations: { c: 'd' } },
  });
});

test('what nobody would verify is not signed', async () => {
  const minute = 60_000;
  await assertRefused({ key: makeKey() }, /private key of the leaf/);
  await assertRefused({ chain: pemOf(chain.slice(0, 2)) }, /signs itself/);
  await assertRefused({ chain: pemOf([chain[0], chain[2]!]) }, /issued by/);
  await assertRefused({ chain: [] }, /a chain/);
  const authority = makeChain({ leaf: { extensions: [keyUsage([0, 5])] } });
  await assertRefused({ chain: pemOf(authority), key: authority[0].key }, /bit 5/);
  await assertRefused({ now: now + 2 * 86_400_000 }, /valid now/);
  await assertRefused({ expiry: now - minute }, /expiry in the future/);
  await assertRefused({ expiry: now }, /expiry in the future/);
  const weak = makeChain({ leaf: { keyKind: 'rsa1024' } });
  await assertRefused({ chain: pemOf(weak), key: weak[0].key }, /rsa 1024/);
});

test('the whole answer of a timestamp authority is cut down to its token, and nonsense is not put in', async () => {
  const tsa = makeTimestamper('CN=tsa', makeRoot('CN=tsa root'));
  const answers: Buffer[] = [];
  const { payload } = await signNotation({
    ...usual,
    async timestamp(signature) {
      const token = timestampToken(tsa, signature, now);
      answers.push(token);
      return sequence(sequence(writeInteger(Buffer.from([0]))), token);
    },
  });
  assert.deepEqual(parseEnvelope('application/jose+json', payload).timestamp, answers[0]);
  await assert.rejects(
    signNotation({ ...usual, timestamp: async () => Buffer.from('nonsense') }),
    CertificateFault,
  );
});
