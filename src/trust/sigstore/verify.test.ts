// Tests of Sigstore verification: what the services sign counts, and every way of bending it is refused for its own reason.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { before, test } from 'node:test';
import { preAuthEncoding } from '../../image/index.ts';
import {
  type Bench,
  type BundleDocument,
  bundleEvidence,
  issuer,
  keyAuthority,
  keylessAuthority,
  person,
  startBench,
} from '../../testing/bundles.ts';
import { writeDer } from '../certificate/index.ts';
import type { Answer, KeyAuthority, KeylessAuthority } from '../evidence/index.ts';
import { localSigner } from '../key/index.ts';
import { verifySigstore } from './index.ts';

const cleanups: (() => unknown)[] = [];
let bench: Bench;

before(async () => {
  bench = await startBench({ after: (clean) => void cleanups.push(clean as () => unknown) });
});
test.after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

function verify(
  document: BundleDocument,
  authority: KeyAuthority | KeylessAuthority = keylessAuthority(),
  change?: Parameters<Bench['material']>[0],
): Answer {
  return verifySigstore(bundleEvidence(document), authority, bench.material(change));
}

function code(answer: Answer): string {
  return answer.ok ? 'verified' : answer.code;
}

const build = () => keyAuthority(createPublicKey(bench.key));

test('a keyless signature counts with log version 1, whose promise is its time', async () => {
  const answer = verify(await bench.keyless());
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(answer.signer, { kind: 'keyless', issuer, subject: person });
  assert.equal(answer.times.length, 1);
  assert.equal(answer.attestation, undefined);
});

test('a keyless signature counts with log version 2 and a timestamp', async () => {
  const answer = verify(await bench.keyless({ log: 2, timestamp: true }));
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.equal(answer.times.length, 1);
});

test('log version 2 tells no time: without a timestamp nobody knows when the certificate was used', async () => {
  assert.equal(code(verify(await bench.keyless({ log: 2 }))), 'timestamp-missing');
});

test('a keyless signature without a log entry does not count', async () => {
  assert.equal(code(verify(await bench.keyless({ log: 'none', timestamp: true }))), 'log-missing');
});

test('a signature by a key counts by itself, and proofs are asked for only where the authority wants them', async () => {
  const bare = await bench.keyed();
  assert.equal(code(verify(bare, build())), 'verified');
  assert.equal(code(verify(bare, { ...build(), proofs: { log: true } })), 'log-missing');
  assert.equal(code(verify(bare, { ...build(), proofs: { timestamp: true } })), 'timestamp-missing');
  const proven = await bench.keyed({ log: 2, timestamp: true });
  assert.equal(code(verify(proven, { ...build(), proofs: { log: true, timestamp: true } })), 'verified');
});

test('a signature by another key does not count', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.equal(code(verify(await bench.keyed(), keyAuthority(publicKey))), 'key-unknown');
});

test('a certificate does not count as a key, nor a bare key as an identity', async () => {
  assert.equal(code(verify(await bench.keyless(), build())), 'key-unknown');
  assert.equal(code(verify(await bench.keyed())), 'certificate-untrusted');
});

test('an attestation tells its predicate type and is no signature of the image', async () => {
  const answer = verify(
    await bench.keyed({ predicateType: 'https://slsa.dev/provenance/v1', predicate: { a: 1 } }),
    build(),
  );
  assert.ok(answer.ok);
  assert.deepEqual(answer.attestation, {
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { a: 1 },
  });
});

test('a statement about another image does not count (N4)', async () => {
  assert.equal(
    code(verify(await bench.keyed({ digest: `sha256:${'c'.repeat(64)}` }), build())),
    'digest-other',
  );
});

test('a changed payload does not count', async () => {
  const document = await bench.keyed();
  const statement = JSON.parse(Buffer.from(document.dsseEnvelope.payload, 'base64').toString());
  statement.subject[0].name = 'other';
  document.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  assert.equal(code(verify(document, build())), 'key-unknown');
  const keyless = await bench.keyless({ log: 2, timestamp: true });
  keyless.dsseEnvelope.payload = document.dsseEnvelope.payload;
  assert.equal(code(verify(keyless)), 'log-entry-other');
});

test('an envelope of another payload type does not count (N3)', async () => {
  const payload = Buffer.from('{}');
  const signature = await localSigner(bench.key).sign(preAuthEncoding('text/plain', payload));
  const document = await bench.keyed();
  document.dsseEnvelope = {
    payload: payload.toString('base64'),
    payloadType: 'text/plain',
    signatures: [{ sig: signature.toString('base64') }],
  };
  assert.equal(code(verify(document, build())), 'payload-type');
});

test('a payload that does not parse is undecided, not counted and not passed over (N3)', async () => {
  const payload = Buffer.from('{"_type":');
  const type = 'application/vnd.in-toto+json';
  const signature = await localSigner(bench.key).sign(preAuthEncoding(type, payload));
  const document = await bench.keyed();
  document.dsseEnvelope = {
    payload: payload.toString('base64'),
    payloadType: type,
    signatures: [{ sig: signature.toString('base64') }],
  };
  const answer = verify(document, build());
  assert.ok(!answer.ok && answer.undecided && answer.code === 'signature-malformed');
});

test('a log entry of another signature proves nothing (N2)', async () => {
  const document = await bench.keyless();
  const other = await bench.keyless({ predicateType: 'https://example.com/other' });
  document.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
  assert.equal(code(verify(document)), 'log-entry-other');
});

test('a log entry of the same bytes by another key proves nothing (N2, CVE-2022-36056)', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const document = await bench.keyed({ log: 2, timestamp: true });
  const envelope = document.dsseEnvelope;
  const signed = preAuthEncoding(envelope.payloadType, Buffer.from(envelope.payload, 'base64'));
  envelope.signatures[0].sig = sign('sha256', signed, privateKey).toString('base64');
  const authority = keyAuthority(createPublicKey(privateKey), { proofs: { log: true } });
  assert.equal(code(verify(document, authority)), 'log-entry-other');
});

test('the log entry names the very certificate, not only its signature (N2, CVE-2026-22703)', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  document.verificationMaterial.tlogEntries[0].canonicalizedBody = replaced(
    document.verificationMaterial.tlogEntries[0].canonicalizedBody,
    (body) => {
      const verifier = body.spec.hashedRekordV002.signature.verifier;
      verifier.x509Certificate.rawBytes = bench.sigstore.authority.intermediate.toString('base64');
    },
  );
  assert.equal(code(verify(document)), 'log-entry-other');
});

// biome-ignore lint/suspicious/noExplicitAny: log bodies have many shapes
function replaced(base64: string, change: (body: any) => void): string {
  const body = JSON.parse(Buffer.from(base64, 'base64').toString());
  change(body);
  return Buffer.from(JSON.stringify(body)).toString('base64');
}

test('a log that the trust root does not name is as good as none', async () => {
  const document = await bench.keyless();
  assert.equal(code(verify(document, undefined, () => ({ tlogs: [] }))), 'log-missing');
});

test('the time of a log counts only with its promise over that time (N6, CVE-2026-48816)', async () => {
  const moved = await bench.keyless();
  moved.verificationMaterial.tlogEntries[0].integratedTime = String(Math.floor(Date.now() / 1000) - 100);
  assert.equal(code(verify(moved)), 'log-proof-wrong');
  const unpromised = await bench.keyless();
  delete unpromised.verificationMaterial.tlogEntries[0].inclusionPromise;
  assert.equal(code(verify(unpromised)), 'timestamp-missing');
});

test('an entry without promise and proof is not in a log', async () => {
  const document = await bench.keyless();
  delete document.verificationMaterial.tlogEntries[0].inclusionPromise;
  delete document.verificationMaterial.tlogEntries[0].inclusionProof;
  assert.equal(code(verify(document)), 'log-proof-wrong');
});

test('a path that leads to another root proves nothing', async () => {
  for (let made = 0; made < 3; made++) await bench.keyed({ log: 2 });
  const document = await bench.keyless({ log: 2, timestamp: true });
  const [entry] = document.verificationMaterial.tlogEntries;
  entry.inclusionProof.hashes[0] = Buffer.alloc(32).toString('base64');
  assert.equal(code(verify(document)), 'log-proof-wrong');
});

test('a checkpoint that the log did not sign proves nothing', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  const [entry] = document.verificationMaterial.tlogEntries;
  entry.inclusionProof.checkpoint.envelope = entry.inclusionProof.checkpoint.envelope.replace(
    /\n(\d+)\n/,
    (_: string, size: string) => `\n${Number(size) + 1}\n`,
  );
  assert.equal(code(verify(document)), 'log-proof-wrong');
});

test("a checkpoint counts only under the log's whole name", async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  const answer = verify(document, undefined, (root) => ({
    tlogs: root.tlogs.map((log) => ({ ...log, baseUrl: `${log['baseUrl']}.example` })),
  }));
  assert.equal(code(answer), 'log-proof-wrong');
});

test('a timestamp over another signature does not count', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  const other = await bench.keyless({ log: 2, timestamp: true, predicateType: 'https://example.com/other' });
  document.verificationMaterial.timestampVerificationData =
    other.verificationMaterial.timestampVerificationData;
  assert.equal(code(verify(document)), 'timestamp-wrong');
});

test('a timestamp of an authority that nobody trusts does not count (N6)', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  assert.equal(code(verify(document, undefined, () => ({ timestampAuthorities: [] }))), 'timestamp-wrong');
});

test('another identity or issuer does not count (N5)', async () => {
  const document = await bench.keyless();
  const as = (subject: string, by: string) =>
    keylessAuthority({ identities: [{ subject: { exact: subject }, issuer: { exact: by } }] });
  assert.equal(code(verify(document, as('builder@example.co', issuer))), 'identity-other');
  assert.equal(code(verify(document, as('uilder@example.com', issuer))), 'identity-other');
  assert.equal(code(verify(document, as(person, 'https://issuer.testing.example'))), 'identity-other');
  assert.equal(code(verify(document, as('.', issuer))), 'identity-other');
  assert.equal(code(verify(document, as('', ''))), 'identity-other');
  assert.equal(code(verify(document, keylessAuthority({ identities: [] }))), 'identity-other');
});

test('a pattern of identities fits the whole of it (N5)', async () => {
  const document = await bench.keyless();
  const as = (pattern: string) =>
    keylessAuthority({ identities: [{ subject: { pattern }, issuer: { exact: issuer } }] });
  assert.equal(code(verify(document, as('*@example.com'))), 'verified');
  assert.equal(code(verify(document, as('builder@example'))), 'identity-other');
  assert.equal(code(verify(document, as('*@example.co'))), 'identity-other');
});

test('a certificate of another authority does not count', async () => {
  const document = await bench.keyless();
  const answer = verify(document, undefined, () => ({ certificateAuthorities: [] }));
  assert.equal(code(answer), 'certificate-untrusted');
});

test('a certificate counts only while its authority does', async () => {
  const document = await bench.keyless();
  const answer = verify(document, undefined, (root) => ({
    certificateAuthorities: root.certificateAuthorities.map((one) => ({
      ...one,
      validFor: { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' },
    })),
  }));
  assert.equal(code(answer), 'certificate-expired');
});

test('a certificate that no log saw does not count', async () => {
  const answer = verify(await bench.keyless(), undefined, () => ({ ctlogs: [] }));
  assert.equal(code(answer), 'sct-missing');
});

test('a certificate used after it ran out does not count', async (context) => {
  const late = await startBench(context, { certificates: { at: Date.now() - 3_600_000 } });
  const answer = verifySigstore(bundleEvidence(await late.keyless()), keylessAuthority(), late.material());
  assert.equal(code(answer), 'certificate-expired');
});

test('a certificate for something else does not count', async (context) => {
  const server = await startBench(context, { certificates: { usage: ['1.3.6.1.5.5.7.3.1'] } });
  assert.equal(
    code(verifySigstore(bundleEvidence(await server.keyless()), keylessAuthority(), server.material())),
    'certificate-unfit',
  );
});

test('a certificate that was never logged does not count', async (context) => {
  const silent = await startBench(context, { certificates: { sct: false } });
  assert.equal(
    code(verifySigstore(bundleEvidence(await silent.keyless()), keylessAuthority(), silent.material())),
    'sct-missing',
  );
});

test('a certificate with two names is nobody’s', async (context) => {
  const names = writeDer(
    0x30,
    ...[person, 'admin@example.com'].map((name) => writeDer(0x81, Buffer.from(name))),
  );
  const two = await startBench(context, { certificates: { names } });
  assert.equal(
    code(verifySigstore(bundleEvidence(await two.keyless()), keylessAuthority(), two.material())),
    'certificate-unfit',
  );
});

test('clocks that are years off change nothing: the proven time decides', async (context) => {
  const old = await startBench(context, { clock: () => Date.parse('2022-06-01T00:00:00Z') });
  const document = await old.keyless();
  const material = { ...old.material(), now: Date.parse('2040-01-01T00:00:00Z') };
  assert.equal(code(verifySigstore(bundleEvidence(document), keylessAuthority(), material)), 'verified');
});

test('without a trust root nothing keyless can be judged, and that is not a denial', async () => {
  const answer = verifySigstore(bundleEvidence(await bench.keyless()), keylessAuthority(), {
    ...bench.material(),
    root: undefined,
  });
  assert.ok(!answer.ok && answer.undecided && answer.code === 'trust-root-unusable');
});

test('a key counts in its own time, and outside it only for what a trusted time puts inside', async () => {
  const pem = keyAuthority(createPublicKey(bench.key)).keys[0]!.pem;
  const ended = keyAuthority(bench.key, {
    keys: [{ pem, notAfter: new Date(Date.now() - 60_000).toISOString() }],
  });
  assert.equal(code(verify(await bench.keyed(), ended)), 'key-outside-window');
  assert.equal(
    code(verify(await bench.keyed({ log: 'none', timestamp: true }), ended)),
    'key-outside-window',
  );
  const later = keyAuthority(bench.key, {
    keys: [{ pem, notBefore: new Date(Date.now() + 60_000).toISOString() }],
  });
  assert.equal(code(verify(await bench.keyed(), later)), 'key-outside-window');
  const document = await bench.keyed({ timestamp: true });
  const tomorrow = { ...bench.material(), now: Date.now() + 86_400_000 };
  const today = keyAuthority(bench.key, {
    keys: [{ pem, notAfter: new Date(Date.now() + 60_000).toISOString() }],
  });
  assert.equal(code(verifySigstore(bundleEvidence(document), today, tomorrow)), 'verified');
  assert.equal(
    code(verifySigstore(bundleEvidence(await bench.keyed()), today, tomorrow)),
    'key-outside-window',
  );
});

test('an answer that rests on now says until when', async () => {
  const pem = keyAuthority(createPublicKey(bench.key)).keys[0]!.pem;
  const notAfter = new Date(Date.now() + 60_000).toISOString();
  const answer = verify(await bench.keyed(), keyAuthority(bench.key, { keys: [{ pem, notAfter }] }));
  assert.ok(answer.ok);
  assert.equal(answer.until, Date.parse(notAfter));
});

test('several signatures in one envelope are not counted', async () => {
  const document = await bench.keyed();
  document.dsseEnvelope.signatures.push(document.dsseEnvelope.signatures[0]);
  assert.equal(code(verify(document, build())), 'signature-malformed');
});

test('a bundle of another version, or of no one, is undecided', async () => {
  const document = await bench.keyed();
  const { verificationMaterial, dsseEnvelope } = document;
  for (const bent of [
    { ...document, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' },
    { ...document, verificationMaterial: { ...verificationMaterial, publicKey: undefined } },
    { ...document, dsseEnvelope: undefined },
    { ...document, dsseEnvelope: { ...dsseEnvelope, payload: '!' } },
  ]) {
    const answer = verify(bent, build());
    assert.ok(
      !answer.ok && answer.undecided && answer.code === 'signature-malformed',
      JSON.stringify(answer),
    );
  }
});

test('a signature of the manifest itself counts for that manifest alone', async () => {
  const manifest = Buffer.from('{"schemaVersion":2}');
  const document = await bench.keyed();
  delete document.dsseEnvelope;
  const signature = await localSigner(bench.key).sign(manifest);
  document.messageSignature = {
    messageDigest: { algorithm: 'SHA2_256', digest: '' },
    signature: signature.toString('base64'),
  };
  const material = bench.material();
  assert.equal(
    code(verifySigstore(bundleEvidence(document), build(), { ...material, manifest })),
    'verified',
  );
  assert.equal(
    code(verifySigstore(bundleEvidence(document), build(), { ...material, manifest: Buffer.from('{}') })),
    'key-unknown',
  );
  assert.equal(code(verifySigstore(bundleEvidence(document), build(), material)), 'digest-other');
});

test('a log that is named twice is one log (N7)', async () => {
  const document = await bench.keyless();
  const { tlogEntries } = document.verificationMaterial;
  tlogEntries.push(tlogEntries[0]);
  const answer = verify(document);
  assert.ok(answer.ok);
  assert.equal(new Set(answer.times).size, 1);
});
