// Tests of every kind of key that Notation signs with; apart from the others, since large RSA keys take long to make.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  leafName,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import { noRevocationEvidence } from './revocation.ts';
import { verifyNotation } from './verify.ts';

for (const keyKind of ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096'] as const) {
  const made = makeChain({ leaf: { keyKind } });
  const authority = authorityOf({ 'ca:team': [made[2]!] });
  for (const format of ['jws', 'cose'] as const)
    test(`a signature as ${format} by a key of ${keyKind} is verified`, async () => {
      const answer = verifyNotation(
        await signedEvidence(made, { format, agent: 'test', annotations: { a: 'b' } }),
        signedImage,
        authority,
        signedRepository,
        noRevocationEvidence,
        Date.now(),
      );
      assert.ok(answer.ok, JSON.stringify(answer));
      assert.equal(answer.signer.kind === 'notation' && answer.signer.subject, leafName);
      assert.equal(answer.format, 'notation');
      assert.deepEqual(answer.times, []);
      assert.equal(answer.warnings, undefined);
      assert.ok(answer.until !== undefined && answer.until > Date.now());
    });
}
