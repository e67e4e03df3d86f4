// Tests of cosign's first format: payload in a layer, signature and proofs in annotations.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { before, test } from 'node:test';
import {
  type Bench,
  image,
  issuer,
  keyAuthority,
  keylessAuthority,
  person,
  startBench,
} from '../../testing/bundles.ts';
import { MerkleTree } from '../../testing/merkle.ts';
import { promised } from '../../testing/rekor.ts';
import { timestampToken } from '../../testing/timestamps.ts';
import { sequence } from '../../testing/x509.ts';
import { certificatePem, writeInteger } from '../certificate/index.ts';
import type { Answer, Evidence } from '../evidence/index.ts';
import { cosignAnnotations, envelopeType, simpleSigningType, verifySigstore } from './index.ts';

const cleanups: (() => unknown)[] = [];
const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let bench: Bench;

before(async () => {
  bench = await startBench({ after: (clean) => void cleanups.push(clean as () => unknown) });
});
test.after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

function payloadOf(digest = image.digest, type = 'cosign container image signature'): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: { identity: { 'docker-reference': '' }, image: { 'docker-manifest-digest': digest }, type },
      optional: null,
    }),
  );
}

function evidence(
  payload: Buffer,
  annotations: Record<string, string>,
  mediaType: string = simpleSigningType,
): Evidence {
  return {
    format: 'cosign',
    manifest: `sha256:${'d'.repeat(64)}`,
    subject: image.digest,
    mediaType,
    payload,
    annotations,
  };
}

function signedBy(payload: Buffer, signer = key): Record<string, string> {
  return { [cosignAnnotations.signature]: sign('sha256', payload, signer).toString('base64') };
}

function code(answer: Answer): string {
  return answer.ok ? 'verified' : answer.code;
}

const byKey = (payload: Buffer, annotations: Record<string, string>, proofs = {}) =>
  code(verifySigstore(evidence(payload, annotations), keyAuthority(publicKey, { proofs }), bench.material()));

/** Annotations of a keyless signature with a hashedrekord entry of Rekor v1. */
function keyless(
  payload: Buffer,
  change: { entryFor?: Buffer; logKey?: typeof key } = {},
): Record<string, string> {
  const certificate = bench.sigstore.certificate(publicKey, { issuer, subject: person, at: Date.now() });
  const pem = certificatePem({ raw: certificate });
  const signature = sign('sha256', payload, key).toString('base64');
  const entry = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: {
        hash: {
          algorithm: 'sha256',
          value: createHash('sha256')
            .update(change.entryFor ?? payload)
            .digest('hex'),
        },
      },
      signature: { content: signature, publicKey: { content: Buffer.from(pem).toString('base64') } },
    },
  };
  const said = promised(
    Buffer.from(JSON.stringify(entry)),
    new MerkleTree(),
    change.logKey ?? bench.sigstore.keys.rekor1,
    'rekor',
    Date.now(),
  );
  const { verification, ...Payload } = said;
  return {
    [cosignAnnotations.signature]: signature,
    [cosignAnnotations.certificate]: pem,
    [cosignAnnotations.chain]:
      certificatePem({ raw: bench.sigstore.authority.intermediate }) +
      certificatePem({ raw: bench.sigstore.authority.root }),
    [cosignAnnotations.bundle]: JSON.stringify({
      SignedEntryTimestamp: verification.signedEntryTimestamp,
      Payload,
    }),
  };
}

test('a signature by a key counts', () => {
  const payload = payloadOf();
  assert.equal(byKey(payload, signedBy(payload)), 'verified');
});

test('a payload about another image does not count, though its signature is good (N4)', () => {
  const payload = payloadOf(`sha256:${'e'.repeat(64)}`);
  assert.equal(byKey(payload, signedBy(payload)), 'digest-other');
});

test('a payload of another type does not count', () => {
  const payload = payloadOf(image.digest, 'atomic container signature');
  assert.equal(byKey(payload, signedBy(payload)), 'payload-type');
});

test('the payload is not parsed before its signature is verified', () => {
  assert.equal(byKey(Buffer.from('{"critical":'), signedBy(payloadOf())), 'key-unknown');
  const broken = Buffer.from('{"critical":');
  assert.equal(byKey(broken, signedBy(broken)), 'signature-malformed');
});

test('a signature by another key does not count', () => {
  const payload = payloadOf();
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  assert.equal(byKey(payload, signedBy(payload, stranger)), 'key-unknown');
});

test('a layer without a signature is undecided', () => {
  assert.equal(byKey(payloadOf(), {}), 'signature-malformed');
});

test('a keyless signature counts with its certificate and its entry in the log', () => {
  const payload = payloadOf();
  const answer = verifySigstore(evidence(payload, keyless(payload)), keylessAuthority(), bench.material());
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(answer.signer, { kind: 'keyless', issuer, subject: person });
});

test('an entry over another payload proves nothing (N2, CVE-2022-23649)', () => {
  const payload = payloadOf();
  const annotations = keyless(payload, { entryFor: Buffer.from('other') });
  assert.equal(
    code(verifySigstore(evidence(payload, annotations), keylessAuthority(), bench.material())),
    'log-entry-other',
  );
});

test('a promise that the log did not sign proves nothing', () => {
  const payload = payloadOf();
  const annotations = keyless(payload);
  const bundle = JSON.parse(annotations[cosignAnnotations.bundle]!);
  bundle.Payload.integratedTime -= 1000;
  annotations[cosignAnnotations.bundle] = JSON.stringify(bundle);
  assert.equal(
    code(verifySigstore(evidence(payload, annotations), keylessAuthority(), bench.material())),
    'log-proof-wrong',
  );
});

test('a timestamp over the signature is a trusted time', () => {
  const payload = payloadOf();
  const annotations = signedBy(payload);
  const token = timestampToken(
    bench.sigstore.stamper,
    Buffer.from(annotations[cosignAnnotations.signature]!, 'base64'),
    Date.now(),
  );
  const response = sequence(sequence(writeInteger(Buffer.from([0]))), token);
  annotations[cosignAnnotations.timestamp] = JSON.stringify({
    SignedRFC3161Timestamp: response.toString('base64'),
  });
  assert.equal(byKey(payload, annotations, { timestamp: true }), 'verified');
  assert.equal(byKey(payload, signedBy(payload), { timestamp: true }), 'timestamp-missing');
});

test('a certificate that signed itself does not count', () => {
  const payload = payloadOf();
  const annotations = keyless(payload);
  const other = bench.material(() => ({ certificateAuthorities: [] }));
  assert.equal(
    code(verifySigstore(evidence(payload, annotations), keylessAuthority(), other)),
    'certificate-untrusted',
  );
});

test('a chain of thousands is not read', () => {
  const payload = payloadOf();
  const annotations = keyless(payload);
  annotations[cosignAnnotations.chain] = annotations[cosignAnnotations.chain]!.repeat(2000);
  const answer = verifySigstore(evidence(payload, annotations), keylessAuthority(), bench.material());
  assert.ok(!answer.ok && answer.undecided && answer.code === 'signature-too-large');
});

test('an attestation in an envelope counts as one', () => {
  const type = 'application/vnd.in-toto+json';
  const statement = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      subject: [{ name: 'a', digest: { sha256: 'a'.repeat(64) } }],
      predicateType: 'https://slsa.dev/provenance/v0.2',
      predicate: {},
    }),
  );
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} ${type} ${statement.length} `),
    statement,
  ]);
  const envelope = {
    payloadType: type,
    payload: statement.toString('base64'),
    signatures: [{ keyid: '', sig: sign('sha256', signed, key).toString('base64') }],
  };
  const answer = verifySigstore(
    evidence(Buffer.from(JSON.stringify(envelope)), {}, envelopeType),
    keyAuthority(createPublicKey(key)),
    bench.material(),
  );
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.equal(answer.attestation?.predicateType, 'https://slsa.dev/provenance/v0.2');
});
