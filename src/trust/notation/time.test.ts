import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  type Chain,
  forgeJws,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import { crlOf } from '../../testing/revocations.ts';
import { makeTimestamper, type TimestampOptions, timestampToken } from '../../testing/timestamps.ts';
import {
  basicConstraints,
  crlUrl,
  extendedKeyUsage,
  type Holder,
  keyUsage,
  makeIntermediate,
  makeRoot,
  purposes,
} from '../../testing/x509.ts';
import type { Answer, Evidence, NotationAuthority, RejectionCode } from '../evidence/index.ts';
import { noRevocationEvidence, type RevocationEvidence } from './revocation.ts';
import { chainsToCheck, verifyNotation } from './verify.ts';

const minute = 60_000;
/** The signature was made then, and the certificate ran out since. */
const then = Math.floor(Date.now() / 1000) * 1000 - 30 * minute;
const short = { notBefore: then - 5 * minute, notAfter: then + 5 * minute };
const ended = makeChain({ leaf: short });
const current = makeChain();
const tsaRoot = makeRoot('CN=tsa root,O=example.com,ST=WA,C=US');
const tsa = makeTimestamper('CN=tsa', tsaRoot);

function stamped(
  chain: Chain,
  time = then,
  by: Holder = tsa,
  options: TimestampOptions = {},
): Promise<Evidence> {
  return signedEvidence(chain, {
    now: then,
    timestamp: async (signature) => timestampToken(by, signature, time, options),
  });
}

function trusting(chain: Chain, verifyTimestamp?: 'always' | 'afterCertExpiry', tsas: Holder[] = [tsaRoot]) {
  const at = verifyTimestamp === undefined ? {} : { verifyTimestamp };
  return authorityOf(
    { 'ca:a': [chain.at(-1)!], ...(tsas.length === 0 ? {} : { 'tsa:t': tsas }) },
    { signatureVerification: { level: 'strict', ...at } },
  );
}

function verify(
  evidence: Evidence,
  authority: NotationAuthority,
  revocation: RevocationEvidence = noRevocationEvidence,
): Answer {
  return verifyNotation(evidence, signedImage, authority, signedRepository, revocation, Date.now());
}

function assertRejected(answer: Answer, code: RejectionCode, message?: RegExp): void {
  assert.ok(!answer.ok, `expected ${code}, got a verified signature`);
  assert.equal(answer.code, code, answer.message);
  if (message !== undefined) assert.match(answer.message, message);
}

test('a timestamp proves that a certificate was valid when it signed', async () => {
  for (const mode of [undefined, 'always', 'afterCertExpiry'] as const) {
    const answer = verify(await stamped(ended, then, tsa, { accuracy: 1500 }), trusting(ended, mode));
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.deepEqual(answer.times, [then]);
    assert.equal(answer.until, undefined);
  }
});

test('without a trust store for timestamps one proves nothing', async () => {
  assertRejected(verify(await stamped(ended), trusting(ended, 'always', [])), 'certificate-expired');
});

test('a timestamp is asked for always, or once a certificate of the chain has run out', async () => {
  const evidence = await signedEvidence(current);
  assertRejected(verify(evidence, trusting(current)), 'timestamp-missing');
  assertRejected(verify(evidence, trusting(current, 'always')), 'timestamp-missing');
  assert.ok(verify(evidence, trusting(current, 'afterCertExpiry')).ok);
  assertRejected(
    verify(await signedEvidence(ended, { now: then }), trusting(ended, 'afterCertExpiry')),
    'timestamp-missing',
  );
});

test('the accuracy of a timestamp has to lie in the validity of the whole chain, at both ends', async () => {
  for (const [time, accuracy] of [
    [short.notBefore + 1000, 2000],
    [short.notAfter - 1000, 2000],
    [short.notBefore - minute, 0],
    [short.notAfter + minute, 0],
  ] as const) {
    const answer = verify(await stamped(ended, time, tsa, { accuracy }), trusting(ended));
    assertRejected(answer, 'certificate-expired', /CN=signer/);
  }
  assert.ok(verify(await stamped(ended, short.notAfter - 3000, tsa, { accuracy: 2000 }), trusting(ended)).ok);
  const issuing = makeChain({ intermediate: { notBefore: then + minute, notAfter: Date.now() + minute } });
  assertRejected(verify(await stampedAs(issuing), trusting(issuing)), 'certificate-expired', /CN=issuing/);
});

/** As `stamped`, by a signer that is not checked when it signs. */
async function stampedAs(chain: Chain): Promise<Evidence> {
  const bare = forgeJws(chain);
  const envelope = JSON.parse(Buffer.from(bare.payload).toString()) as { signature: string };
  const token = timestampToken(tsa, Buffer.from(envelope.signature, 'base64url'), then);
  const text = Buffer.from(bare.payload).toString();
  const header = `"header":{"io.cncf.notary.timestampSignature":"${token.toString('base64')}",`;
  return { ...bare, payload: Buffer.from(text.replace('"header":{', header)) };
}

test('a timestamp over another signature, by a stranger or nonsense is refused', async () => {
  const over = (bytes: Buffer) => signedEvidence(ended, { now: then, timestamp: async () => bytes });
  const cases: [Evidence, RegExp][] = [
    [await over(timestampToken(tsa, Buffer.from('other'), then)), /this signature/],
    [await over(Buffer.from('300506032a0304', 'hex')), /./],
    [
      await stamped(ended, then, makeTimestamper('CN=tsa', makeRoot('CN=tsa root,O=example.com,ST=WA,C=US'))),
      /trusted/,
    ],
    [await stamped(ended, then, tsa, { named: tsaRoot.certificate }), /signing certificate/],
    [await stamped(ended, then, tsa, { contentType: '1.2.840.113549.1.7.1' }), /TSTInfo/],
  ];
  for (const [evidence, message] of cases)
    assertRejected(verify(evidence, trusting(ended)), 'timestamp-wrong', message);
});

test('a certificate for timestamps is for that alone, critical, and valid then', async () => {
  const by = (options: Parameters<typeof makeTimestamper>[2]) =>
    stamped(ended, then, makeTimestamper('CN=t', tsaRoot, options));
  for (const [options, code] of [
    [{ extensions: [keyUsage([0]), extendedKeyUsage([purposes.timeStamping])] }, 'timestamp-wrong'],
    [{ extensions: [keyUsage([0]), extendedKeyUsage([purposes.codeSigning], true)] }, 'timestamp-wrong'],
    [
      { extensions: [keyUsage([0]), extendedKeyUsage([purposes.timeStamping, purposes.codeSigning], true)] },
      'timestamp-wrong',
    ],
    [{ extensions: [keyUsage([0])] }, 'timestamp-wrong'],
    [{ notBefore: then + minute, notAfter: then + 2 * minute }, 'timestamp-wrong'],
    [{ extensions: [extendedKeyUsage([purposes.timeStamping], true)] }, 'certificate-unfit'],
    [
      { extensions: [keyUsage([0, 5]), extendedKeyUsage([purposes.timeStamping], true)] },
      'certificate-unfit',
    ],
    [{ keyKind: 'rsa1024' }, 'algorithm-refused'],
  ] as const)
    assertRejected(verify(await by(options), trusting(ended)), code);
});

test('a revoked authority of timestamps is refused like any other (CVE-2024-56138)', async () => {
  const list = 'http://crl.example.com/tsa.crl';
  const by = makeTimestamper('CN=t', tsaRoot, {
    extensions: [keyUsage([0]), extendedKeyUsage([purposes.timeStamping], true), crlUrl(list)],
  });
  const evidence = await stamped(ended, then, by);
  const crl = (revoked: { certificate: Buffer }[]) => ({
    ocsp: {},
    crls: { [list]: { bytes: crlOf({ issuer: tsaRoot, revoked }) } },
  });
  assert.ok(verify(evidence, trusting(ended), crl([])).ok);
  assertRejected(verify(evidence, trusting(ended), crl([by])), 'certificate-revoked', /CN=t/);
  assertRejected(verify(evidence, trusting(ended)), 'revocation-unknown');
  const asked = chainsToCheck(evidence, signedImage, trusting(ended), signedRepository, Date.now());
  assert.deepEqual(asked[0], [by.certificate, tsaRoot.certificate]);
});

test('an intermediate that comes in the token leads to the trusted root', async () => {
  const between = makeIntermediate('CN=between', tsaRoot);
  const by = makeTimestamper('CN=t', between);
  const certificates = [by.certificate, between.certificate];
  assert.ok(verify(await stamped(ended, then, by, { certificates }), trusting(ended)).ok);
  assertRejected(verify(await stamped(ended, then, by), trusting(ended)), 'timestamp-wrong');
});

test('a trust store for timestamps holds roots alone', async () => {
  const between = makeIntermediate('CN=between', tsaRoot, {
    extensions: [basicConstraints(true, 0), keyUsage([5, 6])],
  });
  assertRejected(
    verify(await stamped(ended), trusting(ended, 'always', [between])),
    'trust-root-unusable',
    /root certificates/,
  );
});

test('a signing authority vouches for its own time, within the validity of its certificates', () => {
  const name = (word: string) => `io.cncf.notary.${word}`;
  const by = (time: number, chain = ended) =>
    forgeJws(chain, {
      head: {
        [name('signingScheme')]: 'notary.x509.signingAuthority',
        [name('signingTime')]: undefined,
        [name('authenticSigningTime')]: new Date(time).toISOString(),
        crit: [name('signingScheme'), name('authenticSigningTime')],
      },
    });
  const authority = authorityOf({ 'signingAuthority:a': [ended[2]!] });
  const answer = verify(by(then), authority);
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(answer.times, [then]);
  assertRejected(verify(by(short.notAfter + 1000), authority), 'certificate-expired');
  assertRejected(verify(by(short.notBefore - 1000), authority), 'certificate-expired');
  assertRejected(verify(by(then), authorityOf({ 'ca:a': [ended[2]!] })), 'certificate-untrusted');
});
