// Tests of check: the verdict of a name, made once, from signed evidence alone, with a registry that may lie.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, makeStatement, mediaTypes } from '../image/index.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard, policyWith, referrerOf } from '../testing/yard.ts';
import { fetchBlob, pushBlob, pushManifest } from '../transport/index.ts';
import type { Verdict } from './policy/index.ts';
import { bundleType } from './sigstore/index.ts';

const key = newKey();
const signed = { rules: [{ name: 'signed', signature: { by: ['build'] } }] };

function codes({ rules }: Verdict): string[] {
  return rules.flatMap(({ code }) => code ?? []);
}

test('a signed image is allowed, an unsigned one denied', async (context) => {
  const yard = await openYard(context);
  const policy = await policyWith({ build: key }, signed);
  const image = await yard.push('team/app', [makeImage()]);
  const checker = yard.checker();
  const before = await checker.check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual([before.verdict.decision, codes(before.verdict)], ['deny', ['signature-missing']]);
  await yard.sign(image, key);
  const after = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(after.verdict.decision, 'allow');
  assert.equal(after.verdict.digest, image.digest);
});

test('the same on a registry without the referrers API, by the fallback tag', async (context) => {
  const yard = await openYard(context, { referrers: false });
  const policy = await policyWith({ build: key }, signed);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  await yard.sign(image, newKey());
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'allow');
});

test('a cold check of one signature takes four requests, five with the fallback tag', async (context) => {
  for (const [referrers, most] of [
    [true, 4],
    [false, 5],
  ] as const) {
    const yard = await openYard(context, { referrers });
    const image = await yard.push('team/app', [makeImage()]);
    await yard.sign(image, key);
    const policy = await policyWith(
      { build: key },
      { rules: [{ name: 'signed', signature: { by: ['build'], formats: ['bundle'] } }] },
    );
    yard.requests.length = 0;
    const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
    assert.equal(verdict.decision, 'allow');
    assert.ok(yard.requests.length <= most, yard.requests.join('\n'));
  }
});

test('callers who ask for the same image at once share the work', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  const policy = await policyWith({ build: key }, signed);
  const checker = yard.checker();
  const reference = `${yard.host}/team/app@${image.digest}`;
  yard.requests.length = 0;
  const found = await Promise.all(Array.from({ length: 20 }, () => checker.check({ reference, policy })));
  assert.ok(found.every(({ verdict }) => verdict.decision === 'allow'));
  assert.ok(yard.requests.length <= 5, yard.requests.join('\n'));
  yard.requests.length = 0;
  await checker.check({ reference, policy });
  assert.equal(yard.requests.length, 0, 'a kept verdict asks nobody');
});

test('a tag is resolved once: what it is moved to meanwhile does not get the verdict (N1)', async (context) => {
  const yard = await openYard(context);
  const good = await yard.push('team/app', [makeImage()]);
  await yard.sign(good, key);
  const evil = await yard.push('team/app', [makeImage({ labels: { evil: 'yes' } })], 'evil');
  const policy = await policyWith({ build: key }, signed);
  let asked = 0;
  yard.meddle((request, reply) => {
    if (request.method !== 'GET' || !request.url.endsWith('/manifests/v1')) return undefined;
    asked++;
    const { bytes, digest, mediaType } = asked === 1 ? good : evil;
    return reply.header('docker-content-digest', digest).type(mediaType).send(bytes);
  });
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual([verdict.decision, verdict.digest, asked], ['allow', good.digest, 1]);
});

test('a registry that names another digest than its bytes have is not believed (N1, N12)', async (context) => {
  const yard = await openYard(context);
  const good = await yard.push('team/app', [makeImage()]);
  await yard.sign(good, key);
  const evil = await yard.push('team/app', [makeImage({ labels: { evil: 'yes' } })], 'evil');
  const policy = await policyWith({ build: key }, signed);
  yard.meddle((request, reply) =>
    request.url.endsWith('/manifests/v1') || request.url.endsWith(`/manifests/${good.digest}`)
      ? reply.header('docker-content-digest', good.digest).type(evil.mediaType).send(evil.bytes)
      : undefined,
  );
  const checker = yard.checker();
  await assert.rejects(checker.check({ reference: `${yard.host}/team/app:v1`, policy }), {
    code: 'digest-mismatch',
  });
  await assert.rejects(checker.check({ reference: `${yard.host}/team/app@${good.digest}`, policy }), {
    code: 'digest-mismatch',
  });
});

test('the signature of another image, put under this one, does not count', async (context) => {
  const yard = await openYard(context);
  const good = await yard.push('team/app', [makeImage()]);
  const manifest = await yard.sign(good, key);
  const evil = await yard.push('team/app', [makeImage({ labels: { evil: 'yes' } })], 'evil');
  const stolen = await yard.resolve(`${yard.host}/team/app@${manifest}`);
  assert.equal(stolen.manifest.kind, 'manifest');
  const policy = await policyWith({ build: key }, signed);
  // the registry lists the signature of the good one for the evil one
  yard.meddle((request, reply) =>
    request.url.includes(`/referrers/${evil.digest}`)
      ? reply.type(mediaTypes.ociIndex).send(
          Buffer.from(
            JSON.stringify({
              schemaVersion: 2,
              mediaType: mediaTypes.ociIndex,
              manifests: [
                {
                  mediaType: mediaTypes.ociManifest,
                  digest: manifest,
                  size: stolen.bytes.length,
                  artifactType: bundleType,
                },
              ],
            }),
          ),
        )
      : undefined,
  );
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:evil`, policy });
  assert.deepEqual([verdict.decision, codes(verdict)], ['deny', ['signature-missing']]);
});

test('the same signature in a manifest that names this image is refused for what it signs', async (context) => {
  const yard = await openYard(context);
  const good = await yard.push('team/app', [makeImage()]);
  const manifest = await yard.sign(good, key);
  const evil = await yard.push('team/app', [makeImage({ labels: { evil: 'yes' } })], 'evil');
  const stolen = await yard.resolve(`${yard.host}/team/app@${manifest}`);
  if (stolen.manifest.kind !== 'manifest') throw new Error('expected a manifest');
  const payload = await fetchBlob(stolen.place.registry, 'team/app', stolen.manifest.layers[0]!);
  const forged = referrerOf(
    { mediaType: evil.mediaType, digest: evil.digest, size: evil.bytes.length },
    bundleType,
    payload,
  );
  await pushManifest(stolen.place.registry, 'team/app', digestOf(forged), forged, mediaTypes.ociManifest);
  const policy = await policyWith({ build: key }, signed);
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:evil`, policy });
  assert.deepEqual([verdict.decision, codes(verdict)], ['deny', ['digest-other']]);
});

test('what cannot be listed is undecided, never absent', async (context) => {
  const yard = await openYard(context);
  await yard.push('team/app', [makeImage()]);
  const policy = await policyWith({ build: key }, signed);
  yard.meddle((request, reply) =>
    request.url.includes('/referrers/') ? reply.code(500).send('no') : undefined,
  );
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'undecided');
});

test('a good signature counts while other evidence cannot be fetched', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  const other = await yard.sign(image, newKey());
  const policy = await policyWith({ build: key }, signed);
  yard.meddle((request, reply) =>
    request.url.endsWith(`/manifests/${other}`) ? reply.code(500).send('no') : undefined,
  );
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'allow');
});

test('a list of signatures without end is cut off and undecided (N8)', async (context) => {
  const yard = await openYard(context);
  await yard.push('team/app', [makeImage()]);
  const policy = await policyWith({ build: key }, signed);
  let pages = 0;
  const entries = Array.from({ length: 500 }, (_, at) => ({
    mediaType: mediaTypes.ociManifest,
    digest: `sha256:${at.toString(16).padStart(64, '0')}`,
    size: 2,
    artifactType: bundleType,
  }));
  yard.meddle((request, reply) => {
    if (!request.url.includes('/referrers/')) return undefined;
    pages++;
    return reply
      .type(mediaTypes.ociIndex)
      .header('link', `<${request.url.split('?')[0]}?page=${pages}>; rel="next"`)
      .send(
        Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries })),
      );
  });
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'undecided');
  assert.ok(pages < 10, String(pages));
});

test('an attachment of a gigabyte is not fetched, and undecided (N8)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const subject = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length };
  const huge = JSON.parse(referrerOf(subject, bundleType, Buffer.from('{}')).toString());
  huge.layers[0].size = 2 ** 30;
  const bytes = Buffer.from(JSON.stringify(huge));
  yard.meddle((request, reply) => {
    if (request.url.includes('/referrers/'))
      return reply.type(mediaTypes.ociIndex).send(
        Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            mediaType: mediaTypes.ociIndex,
            manifests: [
              {
                mediaType: mediaTypes.ociManifest,
                digest: digestOf(bytes),
                size: bytes.length,
                artifactType: bundleType,
              },
            ],
          }),
        ),
      );
    return request.url.endsWith(`/manifests/${digestOf(bytes)}`)
      ? reply.type(mediaTypes.ociManifest).send(bytes)
      : undefined;
  });
  yard.requests.length = 0;
  const policy = await policyWith({ build: key }, signed);
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'undecided');
  assert.ok(!yard.requests.some((line) => line.includes('/blobs/')), yard.requests.join('\n'));
});

test('a registry that the policy does not allow never hears of us', async (context) => {
  const yard = await openYard(context);
  const policy = await policyWith({ build: key }, { registries: ['registry.example.com/**'], ...signed });
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual(
    [verdict.decision, codes(verdict), yard.requests.length],
    ['deny', ['registry-refused'], 0],
  );
});

test('names that only look like an allowed registry are refused (N14)', async (context) => {
  const yard = await openYard(context);
  const policy = await policyWith(
    { build: key },
    { registries: ['trusted.example.com/myorg/**'], ...signed },
  );
  for (const name of [
    'attacker.example.com/x.trusted.example.com/myorg/evil',
    'trusted.example.com.attacker.example/myorg/evil',
    'trusted.example.com/myorg-evil/app',
    'trusted.example.com:5000/myorg/app',
  ]) {
    const { verdict } = await yard.checker().check({ reference: `${name}:v1`, policy });
    assert.deepEqual([name, verdict.decision], [name, 'deny']);
  }
});

test('a config that cannot be read leaves its own rules undecided, and no other', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.sign(image, key);
  const policy = await policyWith(
    { build: key },
    {
      rules: [
        ...signed.rules,
        { name: 'fresh', age: { max: '30d' } },
        { name: 'base', base: { allowed: ['example.com/**'] } },
      ],
    },
  );
  if (image.manifest.kind !== 'manifest') throw new Error('expected a manifest');
  const { digest } = image.manifest.config;
  yard.meddle((request, reply) => (request.url.endsWith(digest) ? reply.code(500).send('no') : undefined));
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'undecided');
  assert.deepEqual(
    verdict.rules.map(({ outcome }) => outcome),
    ['met', 'undecided', 'undecided'],
  );
  for (const { found } of verdict.rules.slice(1))
    assert.match(found, /config could not be read: .*status 500/);
});

test('an image named by its tag gets the digest to write instead', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const policy = await policyWith({}, { authorities: [], rules: [{ name: 'digest', digest: 'required' }] });
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual([verdict.decision, codes(verdict)], ['deny', ['tag-given']]);
  assert.ok(JSON.stringify(verdict.rules[0]?.fix).includes(`${yard.host}/team/app@${image.digest}`));
  const pinned = await yard.checker().check({ reference: `${yard.host}/team/app@${image.digest}`, policy });
  assert.equal(pinned.verdict.decision, 'allow');
});

test('an empty policy allows nothing, and says so without asking anybody', async (context) => {
  const yard = await openYard(context);
  const policy = await policyWith({}, { authorities: [] });
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual([verdict.decision, codes(verdict), yard.requests.length], ['undecided', ['no-rule'], 0]);
});

test('on an index the rule says whose signature is asked for', async (context) => {
  const yard = await openYard(context);
  const images = ['amd64', 'arm64'].map((architecture) =>
    makeImage({ platform: { os: 'linux', architecture }, labels: { architecture } }),
  );
  const index = await yard.push('team/app', images);
  const by = (platforms: string) =>
    policyWith({ build: key }, { rules: [{ name: 'signed', signature: { by: ['build'], platforms } }] });
  const decision = async (platforms: string, asked?: string[]) =>
    (
      await yard.checker().check({
        reference: `${yard.host}/team/app:v1`,
        policy: await by(platforms),
        ...(asked ? { platforms: asked } : {}),
      })
    ).verdict.decision;
  await yard.sign(index, key);
  assert.deepEqual(
    [
      await decision('index'),
      await decision('allPlatforms'),
      await decision('nodePlatforms', ['linux/arm64']),
    ],
    ['allow', 'deny', 'deny'],
  );
  const arm = await yard.resolve(`${yard.host}/team/app@${images[1]!.descriptor.digest}`);
  await yard.sign(arm, key);
  assert.deepEqual(
    [await decision('allPlatforms'), await decision('nodePlatforms', ['linux/arm64'])],
    ['deny', 'allow'],
  );
  await assert.rejects(decision('nodePlatforms', ['linux/s390x']), { code: 'platform-missing' });
});

test('a bundle that holds no signature but an attestation does not satisfy a signature rule (N18)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.attest(image, key, 'https://slsa.dev/provenance/v1', {});
  const policy = await policyWith({ build: key }, signed);
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.equal(verdict.decision, 'deny');
});

test('an image that only its scanner attested is told to have no signature, not a wrong one', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  await yard.attest(image, newKey(), 'https://cyclonedx.org/bom', {});
  const policy = await policyWith(
    { build: key },
    {
      rules: [
        { name: 'signed', signature: { by: ['build'] } },
        { name: 'sbom', attestation: { type: 'cyclonedx', by: ['build'] } },
      ],
    },
  );
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.deepEqual(codes(verdict), ['signature-missing', 'key-unknown']);
});

test('an in-toto statement that nobody signed does not count (N18)', async (context) => {
  const yard = await openYard(context);
  const image = await yard.push('team/app', [makeImage()]);
  const statement = makeStatement('app', image.digest, 'https://slsa.dev/provenance/v1', {});
  const subject = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length };
  const { registry } = image.place;
  for (const type of ['application/vnd.in-toto+json', bundleType]) {
    const manifest = referrerOf(subject, type, statement);
    const empty = Buffer.from('{}');
    for (const blob of [statement, empty])
      await pushBlob(registry, 'team/app', { digest: digestOf(blob), size: blob.length }, async function* () {
        yield blob;
      });
    await pushManifest(registry, 'team/app', digestOf(manifest), manifest, mediaTypes.ociManifest);
  }
  const policy = await policyWith(
    { build: key },
    { rules: [{ name: 'provenance', attestation: { type: 'slsaprovenance', by: ['build'] } }] },
  );
  const { verdict } = await yard.checker().check({ reference: `${yard.host}/team/app:v1`, policy });
  assert.notEqual(verdict.decision, 'allow');
});
