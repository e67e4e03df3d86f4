import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import { noRevocationEvidence } from './revocation.ts';
import { verifyNotation } from './verify.ts';

test('an old image whose signature ran out, served again, is refused by strict and named by permissive (CVE-2024-23332)', async () => {
  const chain = makeChain();
  const now = Date.now();
  const evidence = await signedEvidence(chain, { now: now - 60_000, expiry: now - 1000 });
  const verify = (level: 'strict' | 'permissive', override = {}) =>
    verifyNotation(
      evidence,
      signedImage,
      authorityOf({ 'ca:a': [chain[2]!] }, { signatureVerification: { level, override } }),
      signedRepository,
      noRevocationEvidence,
      now,
    );
  const strict = verify('strict');
  assert.ok(!strict.ok && strict.code === 'signature-expired' && !strict.undecided);
  const permissive = verify('permissive');
  assert.ok(permissive.ok);
  assert.match(
    permissive.warnings?.join() ?? '',
    /^expiry: expected a signature in force, got one that expired/,
  );
  const enforced = verify('permissive', { expiry: 'enforce' });
  assert.ok(!enforced.ok && enforced.code === 'signature-expired');
  const logged = verify('strict', { expiry: 'log' });
  assert.ok(logged.ok && logged.warnings?.length === 1);
});
