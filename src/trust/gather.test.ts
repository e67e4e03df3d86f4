// Tests of gathering: bounded by its own limits, and evidence counts only for what it was found beside.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { mediaTypes } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard } from '../testing/yard.ts';
import { type GatherOptions, gather } from './gather.ts';
import { publicPem } from './key/index.ts';
import { noRevocationEvidence } from './notation/index.ts';
import { verifyEvidence } from './verify.ts';

const wanted: GatherOptions = { formats: ['bundle'], predicateTypes: [] };
/** The type of the usual limits is their very numbers. */
function limited(
  more: Partial<Record<'signatures' | 'signatureBytes' | 'evidenceBytes', number>>,
): GatherOptions {
  const limits = { signatures: 3, signatureBytes: 1 << 20, evidenceBytes: 1 << 24, ...more };
  return { ...wanted, limits: limits as unknown as NonNullable<GatherOptions['limits']> };
}

test('no more signatures are fetched than the limit, and that there are more is said (N8)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  for (let made = 0; made < 5; made++) await yard.sign(image, newKey());
  const all = await gather(image.place, image.digest, wanted);
  assert.equal(all.evidence.length, 5);
  assert.deepEqual(all.unlisted, []);
  yard.requests.length = 0;
  const some = await gather(image.place, image.digest, limited({}));
  assert.equal(some.evidence.length, 3);
  assert.deepEqual(
    some.unlisted.map(({ code }) => code),
    ['evidence-limit'],
  );
  assert.equal(yard.requests.filter((line) => line.includes('/blobs/')).length, 3);
});

test('a signature that is larger than one may be is not fetched (N8)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, newKey());
  yard.requests.length = 0;
  const { evidence, unlisted } = await gather(image.place, image.digest, limited({ signatureBytes: 100 }));
  assert.deepEqual(evidence, []);
  assert.equal(unlisted.length, 1);
  assert.ok(!yard.requests.some((line) => line.includes('/blobs/')), yard.requests.join('\n'));
});

test('all evidence together has a limit, too (N8)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  for (let made = 0; made < 3; made++) await yard.sign(image, newKey());
  const { evidence, unlisted } = await gather(image.place, image.digest, limited({ evidenceBytes: 1500 }));
  assert.ok(evidence.length < 3);
  assert.equal(evidence.length + unlisted.length, 3);
});

test('a digest that is listed twice is fetched once', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const digest = await yard.sign(image, newKey());
  const entry = {
    mediaType: mediaTypes.ociManifest,
    digest,
    size: 1000,
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  };
  yard.meddle((request, reply) =>
    request.url.includes('/referrers/')
      ? reply.type(mediaTypes.ociIndex).send(
          Buffer.from(
            JSON.stringify({
              schemaVersion: 2,
              mediaType: mediaTypes.ociIndex,
              manifests: Array(50).fill(entry),
            }),
          ),
        )
      : undefined,
  );
  const { evidence } = await gather(image.place, image.digest, wanted);
  assert.equal(evidence.length, 1);
});

test('a good signature of this image that was found beside another does not count', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const key = newKey();
  await yard.sign(image, key);
  const { evidence } = await gather(image.place, image.digest, wanted);
  const judged = (subject: string) => {
    const [answer] = verifyEvidence({
      subject: { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length },
      manifest: image.bytes,
      scope: `${yard.host}/team/app`,
      evidence: evidence.map((found) => ({ ...found, subject })),
      authorities: [
        { kind: 'key', name: 'build', keys: [{ pem: publicPem(createPublicKey(key)) }], proofs: {} },
      ],
      roots: {},
      revocation: noRevocationEvidence,
      now: Date.now(),
    });
    return answer!.ok ? 'verified' : answer!.code;
  };
  assert.equal(judged(image.digest), 'verified');
  assert.equal(judged(`sha256:${'d'.repeat(64)}`), 'digest-other');
});

test('what lies beyond the limit may be of any format that was asked for', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  for (let made = 0; made < 5; made++) await yard.sign(image, newKey());
  const { unlisted } = await gather(image.place, image.digest, {
    ...limited({}),
    formats: ['bundle', 'notation'],
    predicateTypes: ['https://slsa.dev/provenance/v1'],
  });
  assert.deepEqual(
    unlisted.map(({ format, code }) => `${format} ${code}`),
    ['bundle evidence-limit', 'notation evidence-limit', 'attestation evidence-limit'],
  );
});

test('an entry that says not what it is and cannot be read leaves every format open', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const digest = `sha256:${'d'.repeat(64)}`;
  const manifests = [{ mediaType: mediaTypes.ociManifest, digest, size: 2 }];
  yard.meddle((request, reply) => {
    if (request.url.includes('/referrers/'))
      return reply
        .type(mediaTypes.ociIndex)
        .send(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })));
    return request.url.endsWith(digest) ? reply.code(500).send() : undefined;
  });
  const { unlisted } = await gather(image.place, image.digest, {
    formats: ['bundle', 'notation'],
    predicateTypes: [],
  });
  assert.deepEqual(
    unlisted.map(({ format }) => format),
    ['bundle', 'notation'],
  );
});
