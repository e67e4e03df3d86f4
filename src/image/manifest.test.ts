import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfig } from './config.ts';
import { checkDigest, digestOf, parseDigest, startDigestCheck } from './digest.ts';
import { type ImageIndex, type ImageManifest, mediaTypes, parseManifest } from './manifest.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const descriptor = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor,
  layers: [descriptor],
};
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [descriptor] };
const bytesOf = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a manifest', () => {
  test('of an image is read with what an artifact adds', () => {
    const parsed = parseManifest(
      bytesOf({ ...manifest, artifactType: 'a/b', subject: descriptor, annotations: { k: 'v' } }),
    ) as ImageManifest;
    assert.equal(parsed.kind, 'manifest');
    assert.deepEqual(
      [parsed.artifactType, parsed.subject?.digest, parsed.annotations, parsed.layers.length],
      ['a/b', digest, { k: 'v' }, 1],
    );
  });

  test('list of Docker is an index, with its platforms', () => {
    const entry = {
      ...descriptor,
      platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.version': '1' },
    };
    const parsed = parseManifest(
      bytesOf({ ...index, mediaType: mediaTypes.dockerList, manifests: [entry] }),
    ) as ImageIndex;
    assert.deepEqual(parsed.manifests[0]?.platform, {
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
      osVersion: '1',
    });
  });

  test('without a media type is what its transport says, else what its fields say', () => {
    const { mediaType: _, ...bare } = manifest;
    assert.equal(
      parseManifest(bytesOf(bare), mediaTypes.dockerManifest).mediaType,
      mediaTypes.dockerManifest,
    );
    assert.equal(parseManifest(bytesOf(bare), 'text/plain').mediaType, mediaTypes.ociManifest);
    assert.equal(
      parseManifest(bytesOf(manifest), `${mediaTypes.ociManifest}; charset=utf-8`).kind,
      'manifest',
    );
  });

  test('with a key called __proto__ changes nothing but its own annotations', () => {
    const text = JSON.stringify({ ...manifest, annotations: { x: 'y' } }).replace('"x"', '"__proto__"');
    assert.deepEqual(Object.keys(parseManifest(bytesOf(text)).annotations), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['y'], undefined);
  });

  const wrong: [string, unknown, string, string?][] = [
    ['that is two documents in one', { ...manifest, manifests: [] }, 'media-type-mismatch'],
    ['whose header says index', manifest, 'media-type-mismatch', mediaTypes.ociIndex],
    ['whose header says Docker', manifest, 'media-type-mismatch', mediaTypes.dockerManifest],
    ['with the fields of an index', { ...manifest, mediaType: mediaTypes.ociIndex }, 'media-type-mismatch'],
    [
      'without fields but with the type of an index',
      { schemaVersion: 2 },
      'media-type-mismatch',
      mediaTypes.ociIndex,
    ],
    ['of schema 1', { schemaVersion: 1, fsLayers: [] }, 'manifest-schema1'],
    [
      'of schema 1 by its header',
      manifest,
      'manifest-schema1',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    ],
    ['of schema 3', { ...manifest, schemaVersion: 3 }, 'manifest-invalid'],
    ['of an unknown type', { ...manifest, mediaType: 'application/json' }, 'media-type-unknown'],
    ['that is a list', [], 'manifest-invalid'],
    ['that is text', 'hello', 'manifest-invalid'],
    ['with a key twice', JSON.stringify(manifest).replace('{', '{"layers":[],'), 'manifest-invalid'],
    ['a thousand levels deep', `${'['.repeat(1000)}${']'.repeat(1000)}`, 'manifest-invalid'],
    [
      'with a digest of another kind',
      { ...manifest, config: { ...descriptor, digest: '../../etc/passwd' } },
      'manifest-invalid',
    ],
    ['with a negative size', { ...manifest, layers: [{ ...descriptor, size: -1 }] }, 'manifest-invalid'],
    [
      'with a size past 2^53',
      JSON.stringify(manifest).replace('"size":2', '"size":1e300'),
      'manifest-invalid',
    ],
    ['with annotations that are no strings', { ...manifest, annotations: { a: {} } }, 'manifest-invalid'],
    ['with 1025 layers', { ...manifest, layers: Array(1025).fill(descriptor) }, 'manifest-invalid'],
    ['larger than 4 MiB', ' '.repeat((4 << 20) + 1), 'manifest-too-large'],
    ['that is no UTF-8', '', 'manifest-invalid'],
  ];
  for (const [what, value, code, type] of wrong)
    test(`${what} is refused as ${code}`, () => {
      assert.throws(
        () => parseManifest(what.endsWith('UTF-8') ? Buffer.from([0x7b, 0xff]) : bytesOf(value), type),
        { name: 'ImageFault', code },
      );
    });
});

describe('a config', () => {
  const config = {
    os: 'linux',
    architecture: 'arm64',
    variant: 'v8',
    rootfs: { type: 'layers', diff_ids: [digest] },
  };

  test('is read with the nulls that Go writes', () => {
    const parsed = parseConfig(
      bytesOf({ ...config, history: null, config: { Env: null, Labels: null, Cmd: ['sh'] } }),
    );
    assert.deepEqual(parsed.platform, { os: 'linux', architecture: 'arm64' });
    assert.deepEqual(
      [parsed.diffIds, parsed.cmd, parsed.env, parsed.labels, parsed.history],
      [[digest], ['sh'], [], {}, []],
    );
  });

  for (const [what, value] of [
    ['without an os', { ...config, os: undefined }],
    ['without rootfs', { ...config, rootfs: undefined }],
    ['with a rootfs of another type', { ...config, rootfs: { type: 'squashfs' } }],
    ['with a diffID that is no digest', { ...config, rootfs: { type: 'layers', diff_ids: ['x'] } }],
    ['that is empty', {}],
    ['with labels that are a list', { ...config, config: { Labels: ['a'] } }],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(() => parseConfig(bytesOf(value)), { name: 'ImageFault', code: 'config-invalid' });
    });
});

describe('a digest', () => {
  test('is checked whole and piece by piece', () => {
    const bytes = Buffer.from('hello');
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const right = digestOf(bytes, algorithm);
      checkDigest(bytes, right, 'it');
      const check = startDigestCheck(right, 'it', 5);
      check.update(bytes.subarray(0, 2));
      check.update(bytes.subarray(2));
      check.end();
      assert.throws(() => checkDigest(Buffer.from('hallo'), right, 'it'), { code: 'digest-mismatch' });
    }
  });

  test('is wrong as soon as there are more bytes than named', () => {
    const check = startDigestCheck(digestOf(Buffer.from('hello')), 'it', 5);
    assert.throws(() => check.update(Buffer.alloc(6)), { code: 'digest-mismatch' });
  });

  for (const text of [
    '',
    'sha256',
    'sha256:',
    'sha256:abc',
    `sha256:${'A'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'a'.repeat(64)}\n`,
    `SHA256:${'a'.repeat(64)}`,
  ])
    test(`${JSON.stringify(text.slice(0, 20))} is none`, () => {
      assert.throws(() => parseDigest(text), { code: 'digest-invalid' });
    });
});
