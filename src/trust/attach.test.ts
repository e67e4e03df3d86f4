// Tests of attaching: what lies beside an image is found by everybody, and nobody's entry is lost to another.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { digestOf, mediaTypes } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { openYard, type Yard, type YardOptions } from '../testing/yard.ts';
import { fallbackTag, fetchManifest, listFallback, listReferrers, pushManifest } from '../transport/index.ts';
import { attach, detach } from './attach.ts';
import type { ResolvedImage } from './place.ts';
import { subjectOf } from './sign.ts';

const type = 'application/vnd.example.note';

async function open(context: TestContext, options: YardOptions = { referrers: false }) {
  const yard = await openYard(context, options);
  return { yard, image: await yard.push('team/app', [makeImage()]) };
}

function note(image: ResolvedImage, text: string): Promise<string> {
  const payload = Buffer.from(text);
  const annotations = { note: text };
  return attach(image.place, subjectOf(image), { artifactType: type, mediaType: type, payload, annotations });
}

function listed({ place, digest }: ResolvedImage) {
  return listFallback(place.registry, place.repository, digest);
}

const foreign = {
  mediaType: mediaTypes.ociManifest,
  digest: digestOf(Buffer.from('foreign')),
  size: 7,
  artifactType: 'application/vnd.example.foreign',
  annotations: { by: 'somebody else' },
};

/** Somebody else writes the list, as clients do that do not look at what was there. */
async function overwrite({ place, digest }: ResolvedImage, manifests: readonly object[]): Promise<void> {
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  await pushManifest(place.registry, place.repository, fallbackTag(digest), index, mediaTypes.ociIndex);
}

function tagPaths(image: ResolvedImage): string {
  return `/manifests/${fallbackTag(image.digest)}`;
}

/** Runs once, as soon as our own list was written and before it is read again. */
function afterOurs(yard: Yard, image: ResolvedImage, run: () => Promise<void>, times = 1): void {
  let written = false;
  let left = times;
  yard.meddle(async (request) => {
    if (!request.url.endsWith(tagPaths(image))) return undefined;
    if (request.method === 'PUT') written = true;
    else if (written && left > 0) {
      left--;
      await run();
      written = false;
    }
    return undefined;
  });
}

test('a registry with the referrers API keeps the list itself: no tag is written', async (context) => {
  const { yard, image } = await open(context, {});
  const digest = await note(image, 'a');
  const [entry] = await listReferrers(image.place.registry, 'team/app', image.digest);
  assert.deepEqual([entry?.digest, entry?.artifactType], [digest, type]);
  assert.ok(!yard.requests.some((line) => line.endsWith(tagPaths(image))), yard.requests.join('\n'));
});

test('a registry without it is given the list as a tag, with type and annotations', async (context) => {
  const { image } = await open(context);
  const digest = await note(image, 'a');
  const [entry, ...rest] = await listed(image);
  assert.deepEqual([entry?.digest, entry?.artifactType, entry?.annotations], [digest, type, { note: 'a' }]);
  assert.deepEqual(rest, []);
});

test('entries of others stay in the list as they were', async (context) => {
  const { image } = await open(context);
  await overwrite(image, [foreign]);
  const digest = await note(image, 'a');
  const entries = await listed(image);
  assert.deepEqual(
    entries.map((entry) => entry.digest),
    [foreign.digest, digest],
  );
  assert.deepEqual({ ...entries[0] }, foreign);
});

test('the same attached twice is listed once', async (context) => {
  const { image } = await open(context);
  assert.equal(await note(image, 'a'), await note(image, 'a'));
  assert.equal((await listed(image)).length, 1);
});

test('an entry that somebody overwrites is written again, and theirs is kept', async (context) => {
  const { yard, image } = await open(context);
  afterOurs(yard, image, () => overwrite(image, [foreign]));
  const digest = await note(image, 'a');
  yard.meddle(undefined);
  assert.deepEqual(
    (await listed(image)).map((entry) => entry.digest),
    [foreign.digest, digest],
  );
});

test('of those that are attached at once one writes the list after the other, and all are listed', async (context) => {
  const { yard, image } = await open(context);
  let writers = 0;
  let most = 0;
  yard.meddle(async (request) => {
    if (!request.url.endsWith(tagPaths(image)) || request.method !== 'PUT') return undefined;
    most = Math.max(most, ++writers);
    await new Promise((resolve) => setTimeout(resolve, 30));
    writers--;
    return undefined;
  });
  const digests = await Promise.all(['a', 'b', 'c'].map((text) => note(image, text)));
  yard.meddle(undefined);
  assert.deepEqual((await listed(image)).map(({ digest }) => digest).sort(), digests.sort());
  assert.equal(most, 1);
});

test('a list that never keeps the entry is a fault, not a silent loss', async (context) => {
  const { yard, image } = await open(context);
  afterOurs(yard, image, () => overwrite(image, [foreign]), 100);
  await assert.rejects(note(image, 'a'), { code: 'registry-failed', message: /got another each time/ });
});

test('what is detached is gone from the registry and from the list, and nothing else is', async (context) => {
  const { image } = await open(context);
  const [a, b] = [await note(image, 'a'), await note(image, 'b')];
  assert.equal(await detach(image.place, image.digest, [a]), 1);
  assert.deepEqual(
    (await listed(image)).map(({ digest }) => digest),
    [b],
  );
});

test('a registry that deletes nothing keeps the manifest, and yet it is gone from the list', async (context) => {
  const { yard, image } = await open(context);
  const digest = await note(image, 'a');
  yard.meddle((request, reply) => (request.method === 'DELETE' ? reply.code(405).send() : undefined));
  assert.equal(await detach(image.place, image.digest, [digest]), 0);
  assert.deepEqual(await listed(image), []);
  assert.equal((await fetchManifest(image.place.registry, 'team/app', digest)).digest, digest);
});
