// Tests of what only a log that lies, or a stranger's log, could be used for: each part of an entry is compared by itself.
import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { before, test } from 'node:test';
import { preAuthEncoding } from '../../image/index.ts';
import {
  type Bench,
  type BundleDocument,
  bundleEvidence,
  image,
  issuer,
  keyAuthority,
  keylessAuthority,
  person,
  startBench,
} from '../../testing/bundles.ts';
import { MerkleTree } from '../../testing/merkle.ts';
import { promised } from '../../testing/rekor.ts';
import { certificatePem } from '../certificate/index.ts';
import type { Answer } from '../evidence/index.ts';
import { cosignAnnotations, simpleSigningType, verifySigstore } from './index.ts';

const cleanups: (() => unknown)[] = [];
let bench: Bench;

before(async () => {
  bench = await startBench({ after: (clean) => void cleanups.push(clean as () => unknown) });
});
test.after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

function code(answer: Answer): string {
  return answer.ok ? 'verified' : answer.code;
}

function keyless(document: BundleDocument, change?: Parameters<Bench['material']>[0]): string {
  return code(verifySigstore(bundleEvidence(document), keylessAuthority(), bench.material(change)));
}

function logged(document: BundleDocument): string {
  const authority = keyAuthority(createPublicKey(bench.key), { proofs: { log: true } });
  return code(verifySigstore(bundleEvidence(document), authority, bench.material()));
}

test('the signature has to be by the certificate, whatever a log wrote down', () => {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': '' },
        image: { 'docker-manifest-digest': image.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = bench.sigstore.certificate(publicKey, { issuer, subject: person, at: Date.now() });
  const pem = certificatePem({ raw: certificate });
  const judged = (signature: string) => {
    const entry = {
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') } },
        signature: { content: signature, publicKey: { content: Buffer.from(pem).toString('base64') } },
      },
    };
    const { verification, ...Payload } = promised(
      Buffer.from(JSON.stringify(entry)),
      new MerkleTree(),
      bench.sigstore.keys.rekor1,
      'rekor',
      Date.now(),
    );
    const { intermediate, root } = bench.sigstore.authority;
    const annotations = {
      [cosignAnnotations.signature]: signature,
      [cosignAnnotations.certificate]: pem,
      [cosignAnnotations.chain]: certificatePem({ raw: intermediate }) + certificatePem({ raw: root }),
      [cosignAnnotations.bundle]: JSON.stringify({
        SignedEntryTimestamp: verification.signedEntryTimestamp,
        Payload,
      }),
    };
    const evidence = {
      format: 'cosign',
      manifest: `sha256:${'d'.repeat(64)}`,
      subject: image.digest,
      mediaType: simpleSigningType,
      payload,
      annotations,
    } as const;
    return code(verifySigstore(evidence, keylessAuthority(), bench.material()));
  };
  assert.equal(judged(sign('sha256', payload, privateKey).toString('base64')), 'verified');
  assert.equal(
    judged(sign('sha256', Buffer.from('other'), privateKey).toString('base64')),
    'signature-wrong',
  );
  assert.equal(judged(sign('sha256', payload, bench.key).toString('base64')), 'signature-wrong');
});

test('an entry is about this signature, not about another one of the same bytes by the same key (CVE-2022-36056)', async () => {
  const document = await bench.keyed({ log: 2 });
  assert.equal(logged(document), 'verified');
  const { payload, payloadType, signatures } = document.dsseEnvelope;
  const signed = preAuthEncoding(payloadType, Buffer.from(payload, 'base64'));
  signatures[0].sig = sign('sha256', signed, bench.key).toString('base64');
  assert.equal(logged(document), 'log-entry-other');
});

test('an entry of a log that nobody here knows is passed by, and spoils no other', async () => {
  const document = await bench.keyless();
  const { tlogEntries } = document.verificationMaterial;
  const strange = structuredClone(tlogEntries[0]);
  strange.logId.keyId = randomBytes(32).toString('base64');
  document.verificationMaterial.tlogEntries = [strange, ...tlogEntries];
  assert.equal(keyless(document), 'verified');
  document.verificationMaterial.tlogEntries = [strange];
  assert.equal(keyless(document), 'log-missing');
});

test('an entry that was made outside the time of its log proves nothing', async () => {
  const document = await bench.keyless();
  const ended = keyless(document, (root) => ({
    tlogs: root.tlogs.map((log) => ({
      ...log,
      publicKey: {
        ...(log['publicKey'] as object),
        validFor: { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' },
      },
    })),
  }));
  assert.equal(ended, 'log-proof-wrong');
});

test('a checkpoint is signed by its log, with the right root and size, too', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  const { checkpoint } = document.verificationMaterial.tlogEntries[0].inclusionProof;
  const bent = (from: RegExp, to: string) => {
    const changed = structuredClone(document);
    const envelope = checkpoint.envelope.replace(from, to);
    assert.notEqual(envelope, checkpoint.envelope);
    changed.verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope = envelope;
    return keyless(changed);
  };
  assert.equal(keyless(document), 'verified');
  assert.equal(bent(/\n\n/, '\nmore\n\n'), 'log-proof-wrong', 'a line that the log did not sign');
  assert.equal(bent(/^[^\n]+/, 'another.example'), 'log-proof-wrong', 'another origin');
});

test('a part of the name of a log, or its name within a path, is not its name', async () => {
  const document = await bench.keyless({ log: 2, timestamp: true });
  const named = (change: (url: URL) => string) =>
    keyless(document, (root) => ({
      tlogs: root.tlogs.map((log) => ({ ...log, baseUrl: change(new URL(String(log['baseUrl']))) })),
    }));
  assert.equal(
    named(({ href }) => href),
    'verified',
  );
  assert.equal(
    named(({ host }) => `https://log.example/${host}`),
    'log-proof-wrong',
  );
  assert.equal(
    named(({ host }) => `https://not-${host}`),
    'log-proof-wrong',
  );
  assert.equal(
    named(({ href }) => `${href.replace(/\/$/, '')}/shard`),
    'log-proof-wrong',
  );
});

test('a certificate timestamp that its log did not sign, or made outside its time, does not count', async () => {
  const document = await bench.keyless();
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const bent = (more: object) =>
    keyless(document, (root) => ({
      ctlogs: root.ctlogs.map((log) => ({ ...log, publicKey: { ...(log['publicKey'] as object), ...more } })),
    }));
  assert.equal(bent({}), 'verified');
  const rawBytes = other.export({ format: 'der', type: 'spki' }).toString('base64');
  assert.equal(bent({ rawBytes }), 'sct-missing');
  assert.equal(
    bent({ validFor: { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' } }),
    'sct-missing',
  );
});

test('a log that promises a time which no calendar holds is not believed, and stops nothing', async () => {
  const document = await bench.keyless();
  const entry = document.verificationMaterial.tlogEntries[0];
  const body = Buffer.from(entry.canonicalizedBody, 'base64');
  const { integratedTime, logIndex, verification } = promised(
    body,
    new MerkleTree(),
    bench.sigstore.keys.rekor1,
    'rekor',
    1e21,
  );
  delete entry.inclusionProof;
  const inclusionPromise = { signedEntryTimestamp: verification.signedEntryTimestamp };
  Object.assign(entry, {
    integratedTime: String(integratedTime),
    logIndex: String(logIndex),
    inclusionPromise,
  });
  assert.equal(keyless(document), 'log-proof-wrong');
});

test('a log of the root whose key is of a kind that proves nothing here vouches for nothing', async () => {
  const document = await bench.keyless();
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const odd = [generateKeyPairSync('x25519'), generateKeyPairSync('ed448'), weak];
  const ed = generateKeyPairSync('ed25519');
  const bent = (part: 'tlogs' | 'ctlogs', { publicKey }: { publicKey: KeyObject }) => {
    const rawBytes = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    return keyless(document, (root) => ({
      [part]: root[part].map((log) => ({ ...log, publicKey: { ...(log['publicKey'] as object), rawBytes } })),
    }));
  };
  for (const pair of odd) {
    assert.equal(bent('tlogs', pair), 'log-missing');
    assert.equal(bent('ctlogs', pair), 'sct-missing');
  }
  assert.equal(bent('tlogs', ed), 'log-proof-wrong');
  assert.equal(bent('ctlogs', ed), 'sct-missing');
});

test('a log of version 2 counts in its own time, by the timestamp beside the entry, or else by now', async () => {
  const year = (end: string) => ({ start: '2020-01-01T00:00:00Z', end });
  const until = (end: string) =>
    bench.material((root) => ({
      tlogs: root.tlogs.map((log) => ({
        ...log,
        publicKey: { ...(log['publicKey'] as object), validFor: year(end) },
      })),
    }));
  const keyless = bundleEvidence(await bench.keyless({ log: 2, timestamp: true }));
  assert.equal(code(verifySigstore(keyless, keylessAuthority(), until('2040-01-01T00:00:00Z'))), 'verified');
  assert.equal(
    code(verifySigstore(keyless, keylessAuthority(), until('2021-01-01T00:00:00Z'))),
    'log-proof-wrong',
  );
  const authority = keyAuthority(createPublicKey(bench.key), { proofs: { log: true } });
  const bare = bundleEvidence(await bench.keyed({ log: 2 }));
  assert.equal(code(verifySigstore(bare, authority, until('2040-01-01T00:00:00Z'))), 'verified');
  assert.equal(code(verifySigstore(bare, authority, until('2021-01-01T00:00:00Z'))), 'log-proof-wrong');
});
