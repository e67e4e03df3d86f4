// Tests of imagesOf: every kind, every place, and objects that nobody vouches for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedImages, imagesOf } from './images.ts';
import { type WorkloadKindName, workloadKinds } from './kinds.ts';

const spec = {
  containers: [{ name: 'web', image: 'a' }],
  initContainers: [
    { name: 'setup', image: 'b' },
    { name: 'proxy', image: 'c', restartPolicy: 'Always' },
  ],
  ephemeralContainers: [{ name: 'debug', image: 'd' }],
  volumes: [
    { name: 'data', image: { reference: 'e' } },
    { name: 'tmp', emptyDir: {} },
  ],
};

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

test('every kind gives its containers, init containers, sidecars, ephemeral containers and image volumes', () => {
  for (const name of Object.keys(workloadKinds) as WorkloadKindName[]) {
    const kind = workloadKinds[name];
    const { images, problems } = imagesOf(nested(kind.podSpec, spec), kind);
    assert.deepEqual(problems, [], name);
    assert.deepEqual(
      images.map(({ role, name, image }) => `${role} ${name} ${image}`),
      ['container web a', 'init setup b', 'sidecar proxy c', 'ephemeral debug d', 'volume data e'],
      name,
    );
    for (const { path, image } of images) {
      const found = path.reduce<unknown>(
        (at, key) => (at as Record<string, unknown>)[key],
        nested(kind.podSpec, spec),
      );
      assert.equal(found, image, `${name} ${path.join('.')}`);
    }
  }
});

test('a kind of another group of the same name is none', () => {
  assert.deepEqual(imagesOf({ spec }, { group: 'example.com', kind: 'Pod' }), { images: [], problems: [] });
});

test('what is null or left out runs nothing; what is of another shape is a problem, never nothing', () => {
  const pod = workloadKinds.Pod;
  for (const object of [
    null,
    undefined,
    {},
    { spec: null },
    { spec: { containers: null } },
    { spec: { containers: [{}] } },
  ])
    assert.deepEqual(imagesOf(object, pod), { images: [], problems: [] }, JSON.stringify(object));
  for (const object of [
    { spec: [] },
    { spec: { containers: {} } },
    { spec: { containers: [null] } },
    { spec: { containers: [['image']] } },
    { spec: { containers: [{ image: 7 }] } },
    { spec: { containers: [{ image: { toString: 'x' } }] } },
    { spec: { volumes: ['x'] } },
    { spec: { volumes: [{ image: 'x' }] } },
    { spec: { volumes: [{ image: { reference: [] } }] } },
  ])
    assert.equal(imagesOf(object, pod).problems.length, 1, JSON.stringify(object));
});

test('an update brings what was not there under that name and role before', () => {
  const pod = workloadKinds.Pod;
  const before = imagesOf({ spec }, pod).images;
  assert.deepEqual(changedImages(before, before), []);
  const swapped = { ...spec, containers: [{ name: 'web', image: 'b' }], volumes: [] };
  assert.deepEqual(
    changedImages(imagesOf({ spec: swapped }, pod).images, before).map(({ name, image }) => [name, image]),
    [['web', 'b']],
    'an image that another container has is new here',
  );
});
