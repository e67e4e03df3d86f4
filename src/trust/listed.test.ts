// Tests of finding evidence wherever clients have put it: referrers, the fallback tag, cosign's own tags.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { digestOf, mediaTypes } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard, referrerOf, type Yard, type YardOptions } from '../testing/yard.ts';
import { fallbackTag, listReferrers, pushBlob, pushManifest } from '../transport/index.ts';
import type { Format } from './evidence/index.ts';
import { gather } from './gather.ts';
import type { ResolvedImage } from './place.ts';
import { subjectOf } from './sign.ts';
import { bundleType, envelopeType, simpleSigningType } from './sigstore/index.ts';

const key = newKey();
const provenance = 'https://slsa.dev/provenance/v1';

async function open(context: TestContext, options: YardOptions = {}) {
  const yard = await openYard(context, options);
  return { yard, image: await yard.push('team/app', [makeImage()]) };
}

function found(image: ResolvedImage, formats: Format[] = ['bundle'], predicateTypes: string[] = []) {
  return gather(image.place, image.digest, { formats, predicateTypes });
}

/** The registry's own list with each entry changed. */
async function relist(yard: Yard, image: ResolvedImage, change: (entry: object) => object): Promise<Buffer> {
  const entries = await listReferrers(image.place.registry, image.place.repository, image.digest);
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries.map(change) };
  const bytes = Buffer.from(JSON.stringify(index));
  yard.meddle((request, reply) =>
    request.url.includes('/referrers/') ? reply.type(mediaTypes.ociIndex).send(bytes) : undefined,
  );
  return bytes;
}

async function push({ place }: ResolvedImage, payload: Buffer): Promise<void> {
  const blob = { mediaType: '', digest: digestOf(payload), size: payload.length };
  await pushBlob(place.registry, place.repository, blob, async function* () {
    yield payload;
  });
}

/** A manifest under cosign's tag for the image. */
async function tagged(image: ResolvedImage, suffix: string, types: readonly string[]): Promise<void> {
  const { registry, repository } = image.place;
  const config = Buffer.from('{}');
  await push(image, config);
  const layers = [];
  for (const [at, mediaType] of types.entries()) {
    const payload = Buffer.from(`payload ${at}`);
    await push(image, payload);
    const annotations = { at: String(at) };
    layers.push({ mediaType, digest: digestOf(payload), size: payload.length, annotations });
  }
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: config.length },
      layers,
      annotations: { of: 'manifest', at: 'manifest' },
    }),
  );
  const tag = `${image.digest.replace(':', '-')}.${suffix}`;
  await pushManifest(registry, repository, tag, manifest, mediaTypes.ociManifest);
}

test('an entry of a list without its artifact type is looked at for itself', async (context) => {
  const { yard, image } = await open(context);
  await yard.sign(image, key);
  await relist(yard, image, (entry) => ({ ...entry, artifactType: undefined, annotations: undefined }));
  assert.equal((await found(image)).evidence.length, 1);
  await relist(yard, image, (entry) => ({ ...entry, artifactType: mediaTypes.ociEmpty }));
  assert.equal((await found(image)).evidence.length, 1);
});

test('the fallback tag is read where the referrers API is missing, and where it knows nothing yet', async (context) => {
  const { yard, image } = await open(context);
  await yard.sign(image, key);
  const list = await relist(yard, image, (entry) => entry);
  const { registry, repository } = image.place;
  await pushManifest(registry, repository, fallbackTag(image.digest), list, mediaTypes.ociIndex);
  const nothing = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] });
  for (const status of [200, 404]) {
    yard.meddle((request, reply) =>
      request.url.includes('/referrers/')
        ? reply
            .code(status)
            .type(mediaTypes.ociIndex)
            .send(status === 200 ? Buffer.from(nothing) : Buffer.alloc(0))
        : undefined,
    );
    assert.equal((await found(image)).evidence.length, 1, String(status));
  }
});

test('a manifest about another image counts for nothing, whatever list it is in', async (context) => {
  const { yard, image } = await open(context);
  const { registry, repository } = image.place;
  const payload = Buffer.from('{}');
  await push(image, payload);
  const other = { ...subjectOf(image), digest: `sha256:${'c'.repeat(64)}` };
  const manifest = referrerOf(other, bundleType, payload);
  const digest = digestOf(manifest);
  await pushManifest(registry, repository, digest, manifest, mediaTypes.ociManifest);
  await yard.sign(image, key);
  const lying = {
    mediaType: mediaTypes.ociManifest,
    digest,
    size: manifest.length,
    artifactType: bundleType,
  };
  await relist(yard, image, () => lying);
  assert.deepEqual(await found(image), { evidence: [], unlisted: [] });
});

test('a manifest of another type than its list says is no evidence of that format', async (context) => {
  const { yard, image } = await open(context);
  const { registry, repository } = image.place;
  const payload = Buffer.from('{}');
  await push(image, payload);
  const manifest = referrerOf(subjectOf(image), 'application/vnd.example.note', payload);
  await pushManifest(registry, repository, digestOf(manifest), manifest, mediaTypes.ociManifest);
  await relist(yard, image, (entry) => ({ ...entry, artifactType: bundleType }));
  assert.deepEqual(await found(image), { evidence: [], unlisted: [] });
});

test("each layer under cosign's tag is a signature, those of other types are not", async (context) => {
  const { image } = await open(context);
  await tagged(image, 'sig', [simpleSigningType, 'text/plain', simpleSigningType]);
  const { evidence, unlisted } = await found(image, ['cosign']);
  assert.deepEqual(unlisted, []);
  assert.deepEqual(evidence.map(({ payload }) => Buffer.from(payload).toString()).sort(), [
    'payload 0',
    'payload 2',
  ]);
  assert.ok(evidence.every(({ format, subject }) => format === 'cosign' && subject === image.digest));
  const [first] = evidence.filter(({ payload }) => Buffer.from(payload).toString() === 'payload 0');
  assert.deepEqual(first?.annotations, { of: 'manifest', at: '0' }, "the layer's own over the manifest's");
});

test("attestations under cosign's tag are fetched when they are wanted, and only then", async (context) => {
  const { yard, image } = await open(context);
  await tagged(image, 'att', [envelopeType, simpleSigningType]);
  const { evidence } = await found(image, [], [provenance]);
  assert.deepEqual(
    evidence.map(({ mediaType }) => mediaType),
    [envelopeType],
  );
  yard.requests.length = 0;
  assert.deepEqual((await found(image, ['cosign'])).evidence, []);
  assert.equal(yard.requests.length, 1, yard.requests.join('\n'));
});

test("an index under cosign's tag is no signature", async (context) => {
  const { image } = await open(context);
  const { registry, repository } = image.place;
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
  );
  const tag = `${image.digest.replace(':', '-')}.sig`;
  await pushManifest(registry, repository, tag, index, mediaTypes.ociIndex);
  assert.deepEqual(await found(image, ['cosign']), { evidence: [], unlisted: [] });
});

test('a statement of a type that nobody wants is not fetched, whether list or manifest says the type', async (context) => {
  const { yard, image } = await open(context);
  await yard.attest(image, key, provenance, {});
  assert.equal((await found(image, [], [provenance])).evidence.length, 1);
  assert.equal((await found(image, [], ['*'])).evidence.length, 1);
  const other = 'https://example.com/other';
  for (const annotations of [{ 'dev.sigstore.bundle.predicateType': provenance }, {}]) {
    await relist(yard, image, (entry) => ({ ...entry, annotations }));
    yard.requests.length = 0;
    assert.deepEqual(await found(image, ['bundle'], [other]), { evidence: [], unlisted: [] });
    assert.ok(!yard.requests.some((line) => line.includes('/blobs/')), yard.requests.join('\n'));
    assert.equal((await found(image, [], [provenance])).evidence.length, 1);
  }
});

test('a list that cannot be had is said of every format that would be in it, never taken for empty', async (context) => {
  const { yard, image } = await open(context);
  await yard.sign(image, key);
  yard.meddle((request, reply) => (request.url.includes('/referrers/') ? reply.code(403).send() : undefined));
  const { evidence, unlisted } = await found(image, ['bundle', 'notation', 'cosign'], [provenance]);
  assert.deepEqual(evidence, []);
  assert.deepEqual(unlisted.map(({ format }) => format).sort(), ['attestation', 'bundle', 'notation']);
});

test('one signature that cannot be fetched is said, and the others are gathered', async (context) => {
  const { yard, image } = await open(context);
  const broken = await yard.sign(image, newKey());
  await yard.sign(image, key);
  yard.meddle((request, reply) =>
    request.url.endsWith(`/manifests/${broken}`) ? reply.code(403).send() : undefined,
  );
  const { evidence, unlisted } = await found(image);
  assert.equal(evidence.length, 1);
  assert.deepEqual(
    unlisted.map(({ format }) => format),
    ['bundle'],
  );
});
