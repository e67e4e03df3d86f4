// Tests of promotion: by digest, with everything signed about it, the tag last and the old digest kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard, policyWith } from '../testing/yard.ts';
import { anonymous, listTags } from '../transport/index.ts';
import { keepTag, promote } from './promote.ts';

const key = newKey();

for (const referrers of [true, false])
  test(`an index goes with all platforms, signatures and attestations, ${referrers ? 'with the referrers API' : 'with the fallback tag'}`, async (context) => {
    const [from, to] = [await openYard(context, { referrers }), await openYard(context, { referrers })];
    const images = ['amd64', 'arm64'].map((architecture) =>
      makeImage({ platform: { os: 'linux', architecture }, labels: { architecture } }),
    );
    const index = await from.push('team/app', images);
    await from.sign(index, key);
    for (const { descriptor } of images)
      await from.attest(
        await from.resolve(`${from.host}/team/app@${descriptor.digest}`),
        key,
        'https://slsa.dev/provenance/v1',
        {
          buildDefinition: { buildType: 'https://example.com/b' },
          runDetails: { builder: { id: 'https://ci.example.com' } },
        },
      );
    const done = await promote(index, parseReference(`${to.host}/prod/app:v1`), {
      http: to.http,
      credentials: anonymous,
    });
    assert.deepEqual([done.digest, done.evidence, done.kept], [index.digest, 3, undefined]);
    const policy = await policyWith(
      { build: key },
      {
        rules: [
          { name: 'signed', signature: { by: ['build'] } },
          {
            name: 'provenance',
            attestation: { type: 'slsaprovenance', by: ['build'], platforms: 'allPlatforms' },
          },
        ],
      },
    );
    const { verdict } = await to
      .checker()
      .check({ reference: `${to.host}/prod/app:v1`, policy, purpose: 'release' });
    assert.equal(verdict.decision, 'allow', JSON.stringify(verdict.rules));
    assert.equal(verdict.digest, index.digest);
  });

test('the digest that the tag leaves is kept by a tag of its own', async (context) => {
  const yard = await openYard(context);
  const old = await yard.push('team/app', [makeImage()]);
  const place = { http: yard.http, credentials: anonymous };
  await promote(old, parseReference(`${yard.host}/prod/app:stable`), place);
  const next = await yard.push('team/app', [makeImage({ labels: { next: 'yes' } })], 'v2');
  const { kept } = await promote(next, parseReference(`${yard.host}/prod/app:stable`), place);
  assert.equal(kept, keepTag(old.digest));
  assert.equal((await yard.resolve(`${yard.host}/prod/app:${kept}`)).digest, old.digest);
  assert.equal((await yard.resolve(`${yard.host}/prod/app:stable`)).digest, next.digest);
  assert.equal((await promote(next, parseReference(`${yard.host}/prod/app:stable`), place)).kept, undefined);
});

test('the tag moves last: until then whoever pulls it gets the old image', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  yard.requests.length = 0;
  await promote(image, parseReference(`${yard.host}/prod/app:stable`), {
    http: yard.http,
    credentials: anonymous,
  });
  const writes = yard.requests.filter((line) => line.startsWith('PUT') && line.includes('/manifests/'));
  assert.match(writes.at(-1)!, /\/manifests\/stable$/);
  assert.equal(writes.filter((line) => line.endsWith('/stable')).length, 1);
});

test('what is promoted is what was judged, even when the tag at the source has moved', async (context) => {
  const yard = await openYard(context);
  const judged = await yard.push('team/app', [makeImage()]);
  await yard.push('team/app', [makeImage({ labels: { evil: 'yes' } })]);
  const { digest } = await promote(judged, parseReference(`${yard.host}/prod/app:stable`), {
    http: yard.http,
    credentials: anonymous,
  });
  assert.equal((await yard.resolve(`${yard.host}/prod/app:stable`)).digest, digest);
  assert.equal(digest, judged.digest);
});

test('a destination without a tag gets the digest alone', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await promote(image, parseReference(`${yard.host}/prod/app`), { http: yard.http, credentials: anonymous });
  assert.deepEqual(await listTags(image.place.registry, 'prod/app'), []);
  assert.equal((await yard.resolve(`${yard.host}/prod/app@${image.digest}`)).digest, image.digest);
});
