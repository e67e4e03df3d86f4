import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLinkedBuild, materialsOf } from './materials.ts';

const digest = 'a'.repeat(64);

test('images among the materials are named whole, whatever form their purl has', () => {
  const uris = [
    'pkg:docker/alpine@3.17?platform=linux%2Famd64',
    'pkg:docker/ghcr.io/org/base@1.2?platform=linux%2Farm64%2Fv8',
    `pkg:docker/team/x@sha256%3A${digest}`,
    `pkg:oci/base?repository_url=r.example%2Fteam%2Fbase&tag=9`,
    'pkg:docker/UPPER@1',
    'pkg:npm/left-pad@1',
    'git+https://example.com/x.git',
    42,
  ];
  const predicate = { materials: uris.map((uri) => ({ uri, digest: { sha256: digest } })) };
  assert.deepEqual(
    materialsOf(predicate).map(({ reference }) => reference),
    ['docker.io/library/alpine:3.17', 'ghcr.io/org/base:1.2', 'docker.io/team/x', 'r.example/team/base:9'],
  );
});

test('a material without a digest, or with one that is none, is no evidence', () => {
  for (const given of [undefined, {}, { sha256: 'x' }, { sha256: 1 }])
    assert.deepEqual(materialsOf({ materials: [{ uri: 'pkg:docker/alpine@3', digest: given }] }), []);
  for (const odd of [null, 1, 'x', [], { materials: 'x' }, { buildDefinition: null }])
    assert.deepEqual(materialsOf(odd), []);
});

interface Shape {
  base?: string;
  copies?: unknown[];
  mergeFirst?: string;
}

/** What BuildKit writes with mode=max for `FROM` and some `COPY --link`. */
function definition({
  base = `docker-image://r.example/base:1@sha256:${digest}`,
  copies = [link],
  mergeFirst = 'step0:0',
}: Shape = {}) {
  const parts = copies.map((op, at) => ({
    id: `copy${at}`,
    op: { Op: { file: { actions: op } } },
    inputs: ['local:0'],
  }));
  return {
    buildDefinition: {
      internalParameters: {
        buildConfig: {
          llbDefinition: [
            { id: 'step0', op: { Op: { source: { identifier: base } } } },
            { id: 'local', op: { Op: { source: { identifier: 'local://context' } } } },
            ...parts,
            {
              id: 'merge',
              op: { Op: { merge: { inputs: [] } } },
              inputs: [mergeFirst, ...parts.map(({ id }) => `${id}:0`)],
            },
            { id: 'end', op: {}, inputs: ['merge:0'] },
          ],
        },
      },
    },
  };
}
const link = [{ input: -1, secondaryInput: 0, Action: { copy: { src: '/a' } } }];

const isLinked = (predicate: unknown) => isLinkedBuild(predicate, [`sha256:${digest}`]);

test('a merge of an image and copies that begin on nothing is linked', () => {
  assert.equal(isLinked(definition()), true);
  assert.equal(isLinked(definition({ copies: [link, link] })), true);
});

test('whatever stands on the base, or is said in another way, is not', () => {
  assert.equal(
    isLinked(definition({ copies: [[{ input: 0, Action: { copy: {} } }]] })),
    false,
    'onto the base',
  );
  assert.equal(isLinked(definition({ copies: [[{ Action: { copy: {} } }]] })), false, 'input 0 left out');
  assert.equal(isLinked(definition({ copies: [[{ input: -1, Action: { mkdir: {} } }]] })), false, 'no copy');
  assert.equal(isLinked(definition({ copies: [[]] })), false);
  assert.equal(isLinked(definition({ copies: [] })), false, 'nothing above');
  assert.equal(isLinked(definition({ base: 'local://x' })), false);
  const between = `docker-image://r.example/other:1@sha256:${'b'.repeat(64)}`;
  assert.equal(isLinked(definition({ base: between })), false, 'another image, which may stand on the base');
  assert.equal(isLinked(definition({ base: 'docker-image://r.example/base:1' })), false, 'no digest');
  assert.equal(isLinked(definition({ mergeFirst: 'copy0:0' })), false);
  const run = definition();
  run.buildDefinition.internalParameters.buildConfig.llbDefinition[0] = {
    id: 'step0',
    op: { Op: { exec: {} } },
  } as never;
  assert.equal(isLinked(run), false, 'a RUN below');
  for (const odd of [
    null,
    1,
    {},
    { buildConfig: { llbDefinition: [] } },
    { buildConfig: { llbDefinition: [1] } },
  ])
    assert.equal(isLinked(odd), false);
  const circle = {
    buildConfig: { llbDefinition: [{ id: 'a', op: { Op: { merge: {} } }, inputs: ['a:0', 'a:0'] }] },
  };
  assert.equal(isLinked(circle), false);
});
