import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  evidenceOf,
  forgeCose,
  forgeJws,
  makeChain,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import type { Evidence } from '../evidence/index.ts';
import { makeSignature } from './algorithm.ts';
import { noRevocationEvidence } from './revocation.ts';
import { verifyNotation } from './verify.ts';

const chain = makeChain();
const [leaf, issuing, root] = chain;

function codeOf(evidence: Evidence): string {
  const authority = authorityOf({ 'ca:team': [issuing!, root!] });
  const answer = verifyNotation(
    evidence,
    signedImage,
    authority,
    signedRepository,
    noRevocationEvidence,
    Date.now(),
  );
  return answer.ok ? 'verified' : answer.code;
}

test('a certificate is issued by a key, not by a name: a forged leaf before the true authorities is refused', () => {
  const forged = makeChain();
  assert.equal(codeOf(forgeJws(chain)), 'verified');
  for (const forge of [forgeJws, forgeCose])
    for (const sent of [
      [forged[0], issuing!, root!],
      [forged[0], forged[1]!, root!],
    ])
      assert.equal(codeOf(forge(forged, { chain: sent })), 'certificate-untrusted');
});

test('a signature is by the one algorithm of its key, even when another one fits the bytes', () => {
  const envelope = JSON.parse(Buffer.from(forgeJws(chain, { head: { alg: 'ES384' } }).payload).toString());
  const signedBytes = Buffer.from(`${envelope.protected}.${envelope.payload}`);
  envelope.signature = makeSignature('ES384', signedBytes, leaf.key).toString('base64url');
  assert.equal(codeOf(evidenceOf(Buffer.from(JSON.stringify(envelope)))), 'algorithm-refused');
});
