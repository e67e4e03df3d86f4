// Tests of single certificates: read in one way only, and their signatures with strong algorithms alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basicConstraints,
  extendedKeyUsage,
  extension,
  keyUsage,
  makeHolder,
  makeKey,
  makeRoot,
  purposes,
  sequence,
} from '../../testing/x509.ts';
import { parseCertificate } from './certificate.ts';
import { parseDer, sequenceOf } from './der.ts';
import { isSignedBy } from './issued.ts';
import { certificatePem, parseCertificates } from './pem.ts';
import { writeDer } from './write.ts';

const refused = { name: 'CertificateFault' };
const root = makeRoot('CN=root');

function withExtensions(...extensions: Buffer[]) {
  return parseCertificate(makeHolder('CN=a', root, { extensions }).certificate);
}

function usage(...bytes: number[]): Buffer {
  return extension('2.5.29.15', true, Buffer.from(bytes));
}

test('a certificate says what it is for', () => {
  const authority = withExtensions(basicConstraints(true, 2), keyUsage([5, 6]));
  assert.deepEqual([authority.ca, authority.pathLength, [...authority.keyUsage!]], [true, 2, [5, 6]]);
  assert.deepEqual(authority.extendedKeyUsage, undefined);
  const leaf = withExtensions(basicConstraints(false), extendedKeyUsage([purposes.codeSigning]));
  assert.deepEqual([leaf.ca, leaf.pathLength, leaf.keyUsage], [false, undefined, undefined]);
  assert.deepEqual(leaf.extendedKeyUsage, [purposes.codeSigning]);
  const bare = withExtensions();
  assert.deepEqual([bare.ca, bare.extensions.size], [undefined, 0]);
});

test('a key usage with bits that it declares unused is refused, for it can be read in two ways', () => {
  assert.deepEqual([...withExtensions(usage(0x03, 0x02, 0x02, 0x04)).keyUsage!], [5]);
  for (const bytes of [
    [0x03, 0x02, 0x03, 0x04],
    [0x03, 0x02, 0x08, 0x00],
    [0x03, 0x00],
    [0x03, 0x01, 0x01],
    [0x04, 0x02, 0x02, 0x04],
  ])
    assert.throws(() => withExtensions(usage(...bytes)), refused, bytes.join());
});

test('an extension that comes twice is refused, for readers would pick different ones', () => {
  assert.throws(() => withExtensions(keyUsage([0]), keyUsage([5])), /2\.5\.29\.15 twice/);
});

test('the algorithm inside and outside has to be the same', () => {
  const [tbs, , signature] = sequenceOf(parseDer(root.certificate));
  const [, other] = sequenceOf(parseDer(makeRoot('CN=b', { keyKind: 'ed25519' }).certificate));
  assert.throws(
    () => parseCertificate(sequence(tbs!.raw, other!.raw, signature!.raw)),
    /the same signature algorithm inside and outside/,
  );
});

test('what is too large, cut off or followed by something is refused', () => {
  const { certificate } = root;
  for (const bytes of [
    writeDer(0x30, Buffer.alloc(70_000)),
    certificate.subarray(0, -1),
    Buffer.concat([certificate, Buffer.from([0])]),
    Buffer.alloc(0),
  ])
    assert.throws(() => parseCertificate(bytes), refused);
});

test('a PEM text gives each of its certificates, and one without any is refused', () => {
  const pem = certificatePem({ raw: root.certificate });
  assert.deepEqual(
    parseCertificates(`a comment\n${pem}\n${pem}`).map(({ raw }) => raw),
    [root.certificate, root.certificate],
  );
  for (const text of ['', 'no', pem.replaceAll('CERTIFICATE', 'PUBLIC KEY')])
    assert.throws(() => parseCertificates(text), refused);
});

test('a signature counts by the key that made it, on every curve and for RSA, and never with SHA-1', () => {
  for (const keyKind of ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'] as const) {
    const issuer = makeRoot('CN=issuer', { keyKind });
    const [authority, other] = [issuer, makeRoot('CN=issuer', { keyKind })].map((holder) =>
      parseCertificate(holder.certificate),
    );
    const leaf = parseCertificate(makeHolder('CN=leaf', issuer).certificate);
    assert.equal(isSignedBy(leaf, authority!), true, keyKind);
    assert.equal(isSignedBy(leaf, other!), false, keyKind);
    if (keyKind === 'ed25519') continue;
    const weak = parseCertificate(makeHolder('CN=leaf', issuer, { hash: 'sha1' }).certificate);
    assert.equal(isSignedBy(weak, authority!), false, `${keyKind} with SHA-1`);
  }
});

test('an issuer with a key of another kind than the algorithm made nothing', () => {
  const leaf = parseCertificate(makeHolder('CN=leaf', root).certificate);
  for (const keyKind of ['rsa2048', 'ed25519'] as const) {
    const other = parseCertificate(makeRoot('CN=root', { key: makeKey(keyKind) }).certificate);
    assert.equal(isSignedBy(leaf, other), false, keyKind);
  }
});
