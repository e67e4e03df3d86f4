import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rejected } from './answer.ts';
import { Rejection, type RejectionCode, rejections } from './rejection.ts';
import { type Signer, signerName } from './signer.ts';

const about = {
  format: 'bundle',
  manifest: `sha256:${'a'.repeat(64)}`,
  authority: 'release',
} as const;

test('a rejection says what was looked at and by whose rule, and nothing else of it', () => {
  const evidence = { ...about, payload: new Uint8Array(3) };
  assert.deepEqual(rejected(evidence, 'signature-wrong', 'expected …, got …'), {
    ok: false,
    ...about,
    code: 'signature-wrong',
    message: 'expected …, got …',
    undecided: false,
  });
});

test('only what could not be judged is undecided, everything else is a no', () => {
  const codes = Object.keys(rejections) as RejectionCode[];
  assert.deepEqual(
    codes.filter((code) => rejected(about, code, '').undecided),
    ['signature-malformed', 'signature-too-large', 'revocation-unknown', 'trust-root-unusable'],
  );
});

test('a signer has one name, so that nobody counts twice', () => {
  const name = (signer: Signer) => signerName(signer);
  const one = { kind: 'keyless', issuer: 'https://issuer.test', subject: 'one@example.com' } as const;
  assert.equal(name(one), 'one@example.com (https://issuer.test)');
  assert.notEqual(name(one), name({ ...one, issuer: 'https://other.test' }));
  assert.notEqual(name(one), name({ ...one, subject: 'two@example.com' }));
  assert.equal(name({ kind: 'key', fingerprint: 'sha256:a' }), 'key sha256:a');
});

test('a signer of Notation keeps its name when its certificate is renewed', () => {
  const old = { kind: 'notation', subject: 'CN=build,O=Team', fingerprint: 'sha256:a' } as const;
  assert.equal(signerName(old), signerName({ ...old, fingerprint: 'sha256:b' }));
  assert.notEqual(signerName(old), signerName({ ...old, subject: 'CN=build,O=Other' }));
});

test('a rejection that is thrown carries its reason', () => {
  const thrown = new Rejection('digest-other', 'expected a, got b');
  assert.equal(thrown.code, 'digest-other');
  assert.equal(thrown.message, 'expected a, got b');
});
