// Tests of RFC 3161 timestamps: only the word of a trusted authority, over these bytes, in its own time.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  makeTimestamper,
  type TimestampOptions,
  timestampToken,
  timestampTokenOf,
} from '../../testing/timestamps.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  type Holder,
  keyUsage,
  makeIntermediate,
  makeKey,
  makeRoot,
  makeSigner,
  purposes,
  sequence,
} from '../../testing/x509.ts';
import { parseCertificate } from './certificate.ts';
import type { TimestampAuthority } from './stamper.ts';
import { verifyTimestamp } from './timestamp.ts';
import { writeInteger } from './write.ts';

const time = Math.floor(Date.now() / 1000) * 1000;
const signature = Buffer.from('a signature');
const root = makeRoot('CN=tsa root');
const tsa = makeTimestamper('CN=tsa', root);
const read = ({ certificate }: Holder) => parseCertificate(certificate);
const trusting: TimestampAuthority = { roots: [read(root)], intermediates: [] };

function token(by: Holder = tsa, options: TimestampOptions = {}): Buffer {
  return timestampToken(by, signature, time, options);
}

function assertRefused(bytes: Uint8Array, message: RegExp, authorities = [trusting], over = signature): void {
  assert.throws(() => verifyTimestamp(bytes, over, authorities), { name: 'CertificateFault', message });
}

test('a timestamp tells its time, its accuracy and its chain', () => {
  const found = verifyTimestamp(token(tsa, { accuracy: 1500 }), signature, [trusting]);
  assert.equal(found.time, time);
  assert.equal(found.accuracy, 1500);
  assert.deepEqual(
    found.chain.map(({ raw }) => raw),
    [tsa.certificate, root.certificate],
  );
});

test('a timestamp is over these bytes and no others', () => {
  assertRefused(token(), /over this signature/, [trusting], Buffer.from('another signature'));
});

test('a timestamp has to be signed by the key of its certificate', () => {
  assertRefused(token({ ...tsa, key: makeKey() }), /the signer's signature/);
});

test('a time that was changed after it was signed is refused', () => {
  const bytes = token();
  const text = Buffer.from(`${new Date(time).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`);
  const at = bytes.indexOf(text);
  assert.ok(at > 0);
  bytes[at + 3] = bytes[at + 3]! ^ 1;
  assertRefused(bytes, /the digest of the content|not valid at that time/);
});

test('the certificate that the signed attribute names has to be the signer’s own', () => {
  assertRefused(token(tsa, { named: root.certificate }), /signing certificate/);
});

test('a certificate makes timestamps only when it is for that alone, and critical', () => {
  for (const extensions of [
    [keyUsage([0])],
    [keyUsage([0]), extendedKeyUsage([purposes.timeStamping])],
    [keyUsage([0]), extendedKeyUsage([purposes.timeStamping, purposes.codeSigning], true)],
    [keyUsage([0]), extendedKeyUsage([purposes.codeSigning], true)],
    [keyUsage([0]), extendedKeyUsage([purposes.any], true)],
  ])
    assertRefused(token(makeTimestamper('CN=unfit', root, { extensions })), /not for timestamps alone/);
  assertRefused(token(makeSigner('CN=signer', root)), /not for timestamps alone/);
});

test('an authority that nobody trusts is refused, and so is its own word that it is one', () => {
  const stranger = makeRoot('CN=tsa root');
  const forged = makeTimestamper('CN=tsa', stranger);
  const certificates = [forged.certificate, stranger.certificate];
  assertRefused(token(forged, { certificates }), /not trusted/);
  assertRefused(token(), /none is trusted/, []);
});

test('a trusted certificate that lies in a token beside the true signer’s lends it nothing (CVE-2026-39984)', () => {
  const stranger = makeRoot('CN=stranger');
  const forged = makeTimestamper('CN=forged', stranger);
  for (const certificates of [
    [tsa.certificate, forged.certificate],
    [forged.certificate, tsa.certificate, root.certificate],
    [tsa.certificate, root.certificate, forged.certificate, stranger.certificate],
  ])
    assertRefused(token(forged, { certificates }), /not trusted/);
  assertRefused(token(forged, { certificates: [tsa.certificate] }), /whose certificate is not there/);
});

test('a timestamp with a weak digest of the bytes is refused', () => {
  const sha1 = { imprintHash: '1.3.14.3.2.26' };
  const imprint = createHash('sha1').update(signature).digest();
  assertRefused(timestampTokenOf(tsa, imprint, time, sha1), /SHA-256, SHA-384 or SHA-512/);
});

test('where the signer is known no other certificate of its authority counts', () => {
  const other = makeTimestamper('CN=other', root);
  const pinned = [{ ...trusting, leaf: read(tsa) }];
  assert.equal(verifyTimestamp(token(), signature, pinned).time, time);
  assertRefused(token(other), /signer whose certificate is not there/, pinned);
});

test('an authority counts in its own time, and its certificates in theirs', () => {
  assertRefused(token(), /outside the time/, [{ ...trusting, validTo: time - 1 }]);
  assertRefused(token(), /outside the time/, [{ ...trusting, validFrom: time + 1 }]);
  assert.equal(verifyTimestamp(token(), signature, [{ ...trusting, validFrom: time }]).time, time);
  const old = makeTimestamper('CN=old', root, { notBefore: time - 7_200_000, notAfter: time - 3_600_000 });
  assertRefused(token(old), /not valid at that time/);
});

test('an authority between root and signer may be narrowed to other purposes', () => {
  const between = (purpose: string) => {
    const authority = makeIntermediate('CN=between', root);
    const narrow = makeIntermediate('CN=between', root, {
      key: authority.key,
      extensions: [...caExtensions(), extendedKeyUsage([purpose])],
    });
    const signer = makeTimestamper('CN=tsa', narrow);
    return token(signer, { certificates: [signer.certificate, narrow.certificate] });
  };
  assert.equal(verifyTimestamp(between(purposes.timeStamping), signature, [trusting]).time, time);
  assertRefused(between(purposes.codeSigning), /may not issue timestamp certificates/);
});

test('an answer counts only when the authority granted it', () => {
  const answer = (status: number) => sequence(sequence(writeInteger(Buffer.from([status]))), token());
  assert.equal(verifyTimestamp(answer(0), signature, [trusting]).time, time);
  assert.equal(verifyTimestamp(answer(1), signature, [trusting]).time, time);
  assertRefused(answer(2), /granted/);
});

test('what is signed is a time, not any other message', () => {
  assertRefused(token(tsa, { contentType: '1.2.840.113549.1.7.1' }), /TSTInfo/);
});

test('nonsense and cut off tokens are refused', () => {
  const whole = token();
  for (const bytes of [Buffer.alloc(0), Buffer.from('no'), whole.subarray(0, -1), whole.subarray(1)])
    assert.throws(() => verifyTimestamp(bytes, signature, [trusting]), { name: 'CertificateFault' });
});

function caExtensions(): Buffer[] {
  return [basicConstraints(true, 0), keyUsage([5, 6])];
}
