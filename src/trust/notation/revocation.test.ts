import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import {
  type CrlOptions,
  crlOf,
  type OcspOptions,
  ocspAnswer,
  ocspRefusal,
} from '../../testing/revocations.ts';
import {
  authorityKeyId,
  basicConstraints,
  crlUrl,
  extendedKeyUsage,
  extension,
  type Holder,
  keyUsage,
  makeHolder,
  makeIntermediate,
  makeRoot,
  makeSigner,
  ocspUrl,
  purposes,
  sequence,
} from '../../testing/x509.ts';
import { parseCertificate, writeDer, writeInteger, writeOid } from '../certificate/index.ts';
import { checkRevocation, type Fetched, ocspKey, type RevocationEvidence } from './revocation.ts';
import { verifyNotation } from './verify.ts';

const minute = 60_000;
const now = Date.now();
const responder = 'http://ocsp.example.com';
const list = 'http://crl.example.com/a.crl';

const root = makeRoot('CN=root,O=example.com,ST=WA,C=US');
const signing = [keyUsage([0]), extendedKeyUsage([purposes.codeSigning])];

function leafWith(...pointers: Buffer[]): Holder {
  return makeSigner('CN=leaf,O=example.com,ST=WA,C=US', root, { extensions: [...signing, ...pointers] });
}

function judge(leaf: Holder, evidence: Partial<RevocationEvidence>, at = now, signedAt?: number) {
  const chain = [leaf, root].map(({ certificate }) => parseCertificate(certificate));
  return checkRevocation(chain, { ocsp: {}, crls: {}, ...evidence }, at, signedAt);
}

function ocsp(leaf: Holder, answer: Fetched, url = responder): Partial<RevocationEvidence> {
  return { ocsp: { [ocspKey({ raw: leaf.certificate }, url)]: answer } };
}

const byOcsp = leafWith(ocspUrl(responder));
const byList = leafWith(crlUrl(list));

function asked(options: Partial<OcspOptions> = {}, at = now, signedAt?: number) {
  const bytes = ocspAnswer({ issuer: root, certificate: byOcsp.certificate, ...options });
  return judge(byOcsp, ocsp(byOcsp, { bytes }), at, signedAt);
}

function listed(options: Partial<CrlOptions> = {}, at = now, signedAt?: number) {
  return judge(byList, { crls: { [list]: { bytes: crlOf({ issuer: root, ...options }) } } }, at, signedAt);
}

function assertUnknown(found: ReturnType<typeof judge>, message: RegExp): void {
  assert.equal(found.state, 'unknown', JSON.stringify(found));
  assert.match('message' in found ? found.message : '', message);
}

const revoked = [{ certificate: byList.certificate }];

test('a certificate that names nobody to ask cannot be revoked', () => {
  assert.deepEqual(judge(leafWith(), {}), { state: 'good' });
});

test('an OCSP answer is believed by the word of the issuer, until it runs out', () => {
  const nextUpdate = Math.floor(now / 1000) * 1000 + 10 * minute;
  for (const options of [{}, { byKey: true }, { hash: 'sha256' }] as const)
    assert.deepEqual(asked({ nextUpdate, ...options }), { state: 'good', until: nextUpdate });
  const found = asked({ state: 'revoked', revokedAt: Date.parse('2026-01-02T03:04:05Z') });
  assert.equal(found.state, 'revoked');
  assert.match('message' in found ? found.message : '', /CN=leaf.*revoked at 2026-01-02T03:04:05/);
});

test('a delegate of the issuer answers as well, when its certificate is for that', () => {
  const delegateWith = (issuer: Holder, ...extensions: Buffer[]) =>
    makeHolder('CN=responder', issuer, { extensions });
  const purpose = extendedKeyUsage([purposes.ocspSigning]);
  const noCheck = extension('1.3.6.1.5.5.7.48.1.5', false, writeDer(0x05));
  for (const delegate of [
    delegateWith(root, purpose),
    delegateWith(root, purpose, keyUsage([0]), noCheck, ocspUrl(responder)),
  ])
    for (const byKey of [true, false]) assert.equal(asked({ delegate, byKey }).state, 'good');
  assert.equal(asked({ delegate: delegateWith(root, purpose), state: 'revoked' }).state, 'revoked');
  assertUnknown(asked({ delegate: delegateWith(root) }), /purpose OCSPSigning/);
  assertUnknown(
    asked({ delegate: delegateWith(root, extendedKeyUsage([purposes.codeSigning])) }),
    /purpose OCSPSigning/,
  );
  assertUnknown(
    asked({ delegate: delegateWith(makeRoot('CN=root,O=example.com,ST=WA,C=US'), purpose) }),
    /issuer itself/,
  );
  const below = makeIntermediate('CN=below', root);
  assertUnknown(asked({ delegate: delegateWith(below, purpose) }), /issuer itself/);
  assertUnknown(asked({ delegate: delegateWith(root, purpose, keyUsage([5])) }), /may sign/);
  assertUnknown(asked({ delegate: delegateWith(root, purpose, ocspUrl(responder)) }), /ocsp-nocheck/);
  const past = { extensions: [purpose], notBefore: now - 10 * minute, notAfter: now - minute };
  assertUnknown(asked({ delegate: makeHolder('CN=responder', root, past) }), /valid/);
});

test('an OCSP answer that is not about this certificate, by a stranger, old or from the future says nothing', () => {
  const stranger = makeRoot('CN=root,O=example.com,ST=WA,C=US');
  assertUnknown(asked({ signer: stranger }), /does not fit/);
  assertUnknown(asked({ digest: 'sha1' }), /does not fit/);
  assertUnknown(asked({ certificate: byList.certificate }), /about this certificate/);
  assertUnknown(asked({ nextUpdate: now - minute }), /run out/);
  assertUnknown(asked({ nextUpdate: null }), /nextUpdate/);
  assertUnknown(asked({ thisUpdate: now + 10 * minute }), /future/);
  assert.equal(asked({ thisUpdate: now + minute }).state, 'good', 'clocks differ by a minute');
  assertUnknown(asked({ state: 'unknown' }), /does not know/);
  const other = ocspAnswer({ issuer: stranger, certificate: byOcsp.certificate, signer: root });
  assertUnknown(judge(byOcsp, ocsp(byOcsp, { bytes: other })), /neither|about this certificate/);
});

test('refusals of a responder, nonsense and failures leave it unknown, each by name', () => {
  for (const [status, message] of [
    [1, /malformedRequest/],
    [2, /internalError/],
    [3, /tryLater/],
    [6, /unauthorized/],
    [9, /status 9/],
  ] as const)
    assertUnknown(judge(byOcsp, ocsp(byOcsp, { bytes: ocspRefusal(status) })), message);
  assertUnknown(judge(byOcsp, ocsp(byOcsp, { bytes: Buffer.from('<html>') })), /ocsp\.example\.com/);
  assertUnknown(judge(byOcsp, ocsp(byOcsp, { problem: 'status 500' })), /status 500/);
  assertUnknown(judge(byOcsp, {}), /was not asked/);
});

test('a list is believed by the word of the issuer, until it runs out', () => {
  const nextUpdate = Math.floor(now / 1000) * 1000 + 10 * minute;
  assert.deepEqual(listed({ nextUpdate }), { state: 'good', until: nextUpdate });
  assert.equal(listed({ revoked: [{ certificate: byOcsp.certificate }] }).state, 'good');
  assert.equal(listed({ revoked }).state, 'revoked');
  assert.equal(listed({ revoked: [{ ...revoked[0]!, reason: 6 }] }).state, 'revoked', 'on hold');
  assert.equal(listed({ revoked: [{ ...revoked[0]!, reason: 8 }] }).state, 'good', 'taken off');
  const many = Array.from({ length: 300 }, () => ({
    certificate: makeSigner('CN=x', root, { key: byList.key }).certificate,
  }));
  assert.equal(listed({ revoked: [...many, ...revoked] }).state, 'revoked');
  assert.equal(listed({ revoked: many }).state, 'good');
});

test('a list by a stranger, of another authority, old, in part or with unknown parts says nothing', () => {
  const stranger = makeRoot('CN=root,O=example.com,ST=WA,C=US');
  assertUnknown(listed({ signer: stranger }), /does not fit/);
  assertUnknown(listed({ digest: 'sha1' }), /does not fit/);
  assertUnknown(listed({ issuer: makeRoot('CN=other') }), /another authority/);
  assertUnknown(listed({ nextUpdate: now - minute }), /run out/);
  assertUnknown(listed({ nextUpdate: null }), /nextUpdate/);
  assertUnknown(listed({ thisUpdate: now + 10 * minute }), /future/);
  assertUnknown(
    listed({ extensions: [extension('2.5.29.27', true, writeInteger(Buffer.from([1])))] }),
    /delta/,
  );
  assertUnknown(listed({ extensions: [extension('1.2.3.4', true, writeDer(0x05))] }), /1\.2\.3\.4/);
  assert.equal(listed({ extensions: [extension('1.2.3.4', false, writeDer(0x05))] }).state, 'good');
  const strange = [extension('1.2.3.4', true, writeDer(0x05))];
  assertUnknown(listed({ revoked: [{ ...revoked[0]!, extensions: strange }] }), /1\.2\.3\.4/);
  assertUnknown(judge(byList, { crls: { [list]: { bytes: Buffer.from('<html>') } } }), /crl\.example\.com/);
  assertUnknown(judge(byList, {}), /was not asked/);
});

test('an issuer that may not sign lists is not believed about any', () => {
  const mute = makeRoot('CN=mute', { extensions: [basicConstraints(true), keyUsage([5])] });
  const leaf = makeSigner('CN=leaf', mute, { extensions: [...signing, crlUrl(list)] });
  const chain = [leaf, mute].map(({ certificate }) => parseCertificate(certificate));
  assertUnknown(
    checkRevocation(chain, { ocsp: {}, crls: { [list]: { bytes: crlOf({ issuer: mute }) } } }, now),
    /sign CRLs/,
  );
});

test('a part of the list that another certificate belongs to does not stand in for the right one', () => {
  const scope = (...parts: Buffer[]) => ({ extensions: [extension('2.5.29.28', true, sequence(...parts))] });
  const point = (url: string) => writeDer(0xa0, writeDer(0xa0, writeDer(0x86, Buffer.from(url))));
  const yes = Buffer.from([0xff]);
  assert.equal(listed(scope(point(list))).state, 'good');
  assert.equal(listed(scope(point(list), writeDer(0x81, yes))).state, 'good', 'users alone');
  assertUnknown(listed(scope(point('http://crl.example.com/b.crl'))), /another part/);
  assertUnknown(listed(scope(writeDer(0x82, yes))), /covers/);
  assertUnknown(listed(scope(writeDer(0x83, Buffer.from([1, 6])))), /covers/);
  assertUnknown(listed(scope(writeDer(0x84, yes))), /covers/);
  assertUnknown(listed(scope(writeDer(0x85, yes))), /covers/);
});

test('the list decides where the responder does not, and every point of it has to be there', () => {
  const second = 'http://crl.example.com/b.crl';
  const leaf = leafWith(ocspUrl(responder), crlUrl(list, second));
  const bytes = ocspAnswer({ issuer: root, certificate: leaf.certificate, state: 'unknown' });
  const good = { bytes: crlOf({ issuer: root }) };
  const bad = { bytes: crlOf({ issuer: root, revoked: [{ certificate: leaf.certificate }] }) };
  for (const answer of [{ bytes }, { problem: 'none in time' }, { bytes: Buffer.from('x') }]) {
    const told = ocsp(leaf, answer);
    assert.equal(judge(leaf, { ...told, crls: { [list]: good, [second]: good } }).state, 'good');
    assert.equal(judge(leaf, { ...told, crls: { [list]: good, [second]: bad } }).state, 'revoked');
    assertUnknown(judge(leaf, { ...told, crls: { [list]: good } }), /b\.crl: was not asked/);
    assertUnknown(judge(leaf, told), /a\.crl/);
  }
  const right = ocspAnswer({ issuer: root, certificate: leaf.certificate });
  assert.equal(
    judge(leaf, { ...ocsp(leaf, { bytes: right }), crls: { [list]: bad } }).state,
    'good',
    'OCSP is first',
  );
});

test('an invalidity date after a vouched signing time leaves the signature good, and no other time does', () => {
  const invalidFrom = now - 30 * minute;
  for (const found of [
    (signedAt?: number) => asked({ state: 'revoked', invalidFrom }, now, signedAt),
    (signedAt?: number) => listed({ revoked: [{ ...revoked[0]!, invalidFrom }] }, now, signedAt),
  ]) {
    assert.equal(found(invalidFrom - minute).state, 'good');
    assert.equal(found(invalidFrom + minute).state, 'revoked');
    assert.equal(found(undefined).state, 'revoked');
  }
  assert.equal(
    asked({ state: 'revoked' }, now, now - 60 * minute).state,
    'revoked',
    'without an invalidity date',
  );
});

test('a revoked certificate weighs more than one about which nothing is known', () => {
  const issuer = makeIntermediate('CN=issuer', root, {
    extensions: [basicConstraints(true), keyUsage([5, 6]), crlUrl(list), authorityKeyId(root.key)],
  });
  const leaf = makeSigner('CN=leaf', issuer, { extensions: [...signing, ocspUrl(responder)] });
  const chain = [leaf, issuer, root].map(({ certificate }) => parseCertificate(certificate));
  const crls = { [list]: { bytes: crlOf({ issuer: root, revoked: [{ certificate: issuer.certificate }] }) } };
  assert.equal(checkRevocation(chain, { ocsp: {}, crls }, now).state, 'revoked');
  assertUnknown(
    checkRevocation(chain, { ocsp: {}, crls: { [list]: { bytes: crlOf({ issuer: root }) } } }, now),
    /CN=leaf/,
  );
});

test('a signature by a revoked certificate is refused, and one that is not known is undecided, unless the policy skips it', async () => {
  const chain = makeChain({ leaf: { extensions: [...signing, crlUrl(list)] } });
  const evidence = await signedEvidence(chain);
  const verify = (level: object, crls: Record<string, Fetched>) =>
    verifyNotation(
      evidence,
      signedImage,
      authorityOf({ 'ca:a': [chain[2]!] }, { signatureVerification: { level: 'strict', ...level } }),
      signedRepository,
      structuredClone({ ocsp: {}, crls }),
      Date.now(),
    );
  const issuer = chain[1]!;
  const bad = { [list]: { bytes: crlOf({ issuer, revoked: [{ certificate: chain[0].certificate }] }) } };
  const denied = verify({}, bad);
  assert.ok(!denied.ok && denied.code === 'certificate-revoked' && !denied.undecided);
  const open = verify({}, {});
  assert.ok(!open.ok && open.code === 'revocation-unknown' && open.undecided);
  assert.ok(verify({}, { [list]: { bytes: crlOf({ issuer }) } }).ok);
  assert.ok(verify({ override: { revocation: 'skip' } }, bad).ok);
  const logged = verify({ level: 'permissive' }, bad);
  assert.ok(logged.ok && /^revocation: .*revoked/.test(logged.warnings!.join()));
});

test('an OCSP request names one certificate by its issuer and serial number', async () => {
  const { ocspRequest } = await import('./ocsp.ts');
  const request = ocspRequest(parseCertificate(byOcsp.certificate), parseCertificate(root.certificate));
  assert.ok(request.includes(Buffer.from(parseCertificate(byOcsp.certificate).serial, 'hex')));
  assert.ok(request.includes(writeOid('1.3.14.3.2.26')));
});
