// Tests of the evidence of scans: what is trusted hands its dates on, what is new takes the place of what is old.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScanResult } from '../scan/index.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard, type Yard } from '../testing/yard.ts';
import {
  type Attester,
  earlierEvidence,
  replaceStatement,
  scanPredicate,
  signerAuthority,
  withSince,
} from './attest.ts';
import { localSigner } from './key/index.ts';
import { scanResultType } from './policy/index.ts';

const key = newKey();
const early = '2026-01-01T00:00:00.000Z';
const late = '2026-06-01T00:00:00.000Z';

function result(scannedAt: string, digest: string, ids: string[], since?: string): ScanResult {
  const findings = ids.map((id) => ({
    id,
    purl: 'pkg:npm/a@1',
    state: 'affected',
    ...(since === undefined ? {} : { since }),
  }));
  return {
    schemaVersion: 1,
    scannedAt,
    target: { kind: 'image', digest, layers: [] },
    packages: [{}],
    findings,
  } as unknown as ScanResult;
}

function attesterOf(yard: Yard, signer = key): Attester {
  const by = { key: localSigner(signer) };
  return {
    by,
    services: { http: yard.http },
    trusted: signerAuthority({ key: localSigner(key) }),
    answers: { http: yard.http, roots: {}, now: Date.now() },
  };
}

test('a finding is as old as the first trusted result that has it', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const attester = attesterOf(yard);
  await yard.attest(image, key, scanResultType, scanPredicate(result(early, image.digest, ['CVE-1'])));
  const { findings } = withSince(
    result(late, image.digest, ['CVE-1', 'CVE-2']),
    await earlierEvidence(image, attester),
  );
  assert.deepEqual(
    findings.map(({ id, since }) => [id, since]),
    [
      ['CVE-1', early],
      ['CVE-2', late],
    ],
  );
});

test("a stranger's result hands nothing on", async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.attest(image, newKey(), scanResultType, scanPredicate(result(early, image.digest, ['CVE-1'])));
  const { findings } = withSince(
    result(late, image.digest, ['CVE-1']),
    await earlierEvidence(image, attesterOf(yard)),
  );
  assert.deepEqual(
    findings.map(({ since }) => since),
    [late],
  );
});

test('a trusted result of another shape hands nothing on', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  for (const predicate of [
    null,
    1,
    { scannedAt: 'soon', findings: [] },
    { scannedAt: early, findings: [null, { id: 1 }, { id: 'CVE-1', purl: 'pkg:npm/a@1', since: 'once' }] },
  ])
    await yard.attest(image, key, scanResultType, predicate);
  const { findings } = withSince(
    result(late, image.digest, ['CVE-1']),
    await earlierEvidence(image, attesterOf(yard)),
  );
  assert.deepEqual(
    findings.map(({ since }) => since),
    [late],
  );
});

for (const referrers of [true, false])
  test(`referrers stay bounded: a new result removes the old one of the same signer, ${referrers ? 'with the referrers API' : 'with the fallback tag'}`, async (context) => {
    const yard = await openYard(context, { referrers });
    const image = await yard.push('team/app', [makeImage()]);
    const attester = attesterOf(yard);
    const strange = await yard.attest(image, newKey(), scanResultType, {});
    let last = '';
    for (let scan = 0; scan < 3; scan++) {
      const earlier = await earlierEvidence(image, attester);
      last = await replaceStatement(
        image,
        scanResultType,
        scanPredicate(result(late, image.digest, [`CVE-${scan}`])),
        attester,
        earlier,
      );
    }
    const { evidence, answers } = await earlierEvidence(image, attester);
    assert.deepEqual(evidence, [strange, last].sort());
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
  });

test('a registry that does not delete and keeps no list itself still lists only the newest', async (context) => {
  const yard = await openYard(context, { referrers: false });
  const image = await yard.push('team/app', [makeImage()]);
  yard.meddle((request, reply) => (request.method === 'DELETE' ? reply.code(405).send() : undefined));
  const attester = attesterOf(yard);
  for (let scan = 0; scan < 3; scan++) {
    const earlier = await earlierEvidence(image, attester);
    const predicate = scanPredicate(result(late, image.digest, [`CVE-${scan}`]));
    await replaceStatement(image, scanResultType, predicate, attester, earlier);
  }
  assert.equal((await earlierEvidence(image, attester)).evidence.length, 1);
});

test('a registry that does not delete keeps the old results, and nothing fails', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  yard.meddle((request, reply) => (request.method === 'DELETE' ? reply.code(405).send() : undefined));
  const attester = attesterOf(yard);
  for (let scan = 0; scan < 2; scan++) {
    const earlier = await earlierEvidence(image, attester);
    await replaceStatement(
      image,
      scanResultType,
      scanPredicate(result(late, image.digest, [`CVE-${scan}`])),
      attester,
      earlier,
    );
  }
  assert.equal((await earlierEvidence(image, attester)).evidence.length, 2);
});
