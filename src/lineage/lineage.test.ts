import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainIds, type SeenBase } from './base.ts';
import { parseDockerfile } from './dockerfile.ts';
import { type Lineage, type LineageFacts, lineageOf } from './lineage.ts';

const id = (text: string) => `sha256:${Buffer.from(text.padEnd(32, '.')).toString('hex')}`;
const ids = (layers: string) => [...layers].map(id);

/** `layers`: a letter each. */
function seen(reference: string, layers: string, more: Partial<SeenBase> = {}): SeenBase {
  return {
    references: [`r.example/${reference}`],
    digests: [id(`index ${reference}`)],
    platformDigest: id(`manifest ${reference}`),
    diffIds: ids(layers),
    isBase: true,
    ...more,
  };
}

const debian = seen('debian:12', 'ab');
const python = seen('python:3.11', 'abcd');
const image = (layers: string, more: Partial<LineageFacts> = {}): LineageFacts => ({
  digest: id('image'),
  repository: 'r.example/team/app',
  diffIds: ids(layers),
  annotations: {},
  labels: {},
  provenance: [],
  ...more,
});
const provenance = (...materials: [uri: string, digest: string][]) => ({
  buildDefinition: {
    resolvedDependencies: materials.map(([uri, digest]) => ({ uri, digest: { sha256: digest.slice(7) } })),
  },
});
const annotated = (name: string, digest?: string) => ({
  'org.opencontainers.image.base.name': name,
  ...(digest === undefined ? {} : { 'org.opencontainers.image.base.digest': digest }),
});

function said(lineage: Lineage): string {
  if (lineage.kind === 'unknown') return `unknown: ${lineage.why}`;
  if (lineage.kind === 'ambiguous')
    return `ambiguous: ${lineage.candidates.map(({ references }) => references[0]).join(', ')}`;
  return `${lineage.references.join(' ')} ${lineage.layers} by ${lineage.by.join(', ')}`;
}

test('of the bases whose layers are the lowest of the image the highest is its base', () => {
  assert.equal(said(lineageOf(image('abcdx'), [debian, python])), 'r.example/python:3.11 4 by layers');
  assert.equal(said(lineageOf(image('abx'), [debian, python])), 'r.example/debian:12 2 by layers');
});

test('layers in the middle, in another order or of another image prove nothing', () => {
  for (const layers of ['bax', 'xab', 'a', 'axb'])
    assert.match(said(lineageOf(image(layers), [debian])), /^unknown: no layers of a base/);
});

test('a base without layers is nobody’s, and no image stands on itself', () => {
  const empty = seen('empty', '');
  const self = seen('self', 'abx', { platformDigest: id('image') });
  assert.match(said(lineageOf(image('abx'), [empty, self])), /^unknown/);
  assert.match(said(lineageOf(image(''), [empty])), /^unknown: the image has no layers/);
});

test('several names of one manifest are all named', () => {
  const both = { ...debian, references: ['r.example/debian:12', 'r.example/debian:bookworm'] };
  assert.equal(
    said(lineageOf(image('abx'), [both])),
    'r.example/debian:12 r.example/debian:bookworm 2 by layers',
  );
});

test('two manifests of the same layers are ambiguous until something names one', () => {
  const twin = seen('mirror/debian:12', 'ab');
  assert.equal(
    said(lineageOf(image('abx'), [debian, twin])),
    'ambiguous: r.example/debian:12, r.example/mirror/debian:12',
  );
  const annotations = annotated('r.example/mirror/debian:12', twin.platformDigest);
  assert.equal(
    said(lineageOf(image('abx', { annotations }), [debian, twin])),
    'r.example/mirror/debian:12 2 by annotation, layers',
  );
});

test('provenance names the base by its index or its manifest, v1 and v0.2, among all that was used', () => {
  const golang = seen('golang:1.24', 'gh');
  const materials: [string, string][] = [
    ['pkg:docker/r.example/golang@1.24?platform=linux%2Famd64', golang.digests[0]!],
    ['pkg:docker/r.example/debian@12', debian.digests[0]!],
    ['https://github.com/x/y', id('git')],
  ];
  const v1 = lineageOf(image('abx', { provenance: [provenance(...materials)] }), [debian, golang]);
  assert.equal(said(v1), 'r.example/debian:12 2 by provenance, layers');
  assert.deepEqual(
    v1.claims.map(({ reference, state }) => `${reference} ${state}`),
    ['r.example/golang:1.24 disproven', 'r.example/debian:12 proven'],
  );
  const v02 = {
    materials: [
      { uri: 'pkg:docker/r.example/debian@12', digest: { sha256: debian.platformDigest.slice(7) } },
    ],
  };
  assert.equal(
    said(lineageOf(image('abx', { provenance: [v02] }), [debian])),
    'r.example/debian:12 2 by provenance, layers',
  );
});

test('what provenance names stands above a higher image that merely shares the layers', () => {
  const sibling = seen('team/other:1', 'abc', { isBase: false });
  const facts = image('abcx', {
    provenance: [provenance(['pkg:docker/r.example/debian@12', debian.digests[0]!])],
  });
  assert.equal(said(lineageOf(facts, [debian, sibling])), 'r.example/debian:12 2 by provenance, layers');
});

test('another tag of the image’s own repository is its sibling, unless it is known as a base or named', () => {
  const before = seen('team/app:1', 'abc', { isBase: false });
  assert.equal(said(lineageOf(image('abcx'), [debian, before])), 'r.example/debian:12 2 by layers');
  assert.equal(
    said(lineageOf(image('abcx'), [debian, { ...before, isBase: true }])),
    'r.example/team/app:1 3 by layers',
  );
  const annotations = annotated('r.example/team/app:1');
  assert.match(
    said(lineageOf(image('abcx', { annotations }), [debian, before])),
    /^r\.example\/team\/app:1 3 by annotation/,
  );
});

test('a label that was handed down names an ancestor, and does not lower the base', () => {
  const labels = annotated('r.example/debian:12', debian.digests[0]);
  const lineage = lineageOf(image('abcdx', { labels }), [debian, python]);
  assert.equal(said(lineage), 'r.example/python:3.11 4 by layers');
  assert.equal(lineage.claims[0]?.state, 'ancestor');
});

test('a claim that the layers contradict is named and not believed', () => {
  const alpine = seen('alpine:3', 'z');
  const annotations = annotated('r.example/alpine:3', alpine.digests[0]);
  const lineage = lineageOf(image('abx', { annotations }), [alpine, debian]);
  assert.equal(said(lineage), 'r.example/debian:12 2 by layers');
  assert.equal(lineage.claims[0]?.state, 'disproven');
  assert.equal(
    said(lineageOf(image('abx', { annotations }), [alpine])),
    'unknown: it claims r.example/alpine:3, whose layers are not its lowest',
  );
});

test('a claimed base that nobody has seen stays a claim', () => {
  const annotations = annotated('r.example/secret:1', id('never'));
  const lineage = lineageOf(image('x', { annotations }), [debian]);
  assert.equal(said(lineage), 'unknown: it claims r.example/secret:1, whose layers nobody has seen');
  assert.equal(lineage.claims[0]?.state, 'unseen');
});

test('a digest in a claim stands above its name: a tag that moved on is not what was built on', () => {
  const moved = seen('debian:12', 'ABnew', { platformDigest: id('moved'), digests: [id('moved index')] });
  const annotations = annotated('r.example/debian:12', debian.digests[0]);
  assert.match(
    said(lineageOf(image('abx', { annotations }), [moved, debian])),
    /^r\.example\/debian:12 2 by annotation/,
  );
});

test('buildpacks say where the base ends by its top layer', () => {
  const run = (topLayer: string) => ({
    'io.buildpacks.lifecycle.metadata': JSON.stringify({
      runImage: { topLayer, reference: 'r.example/debian:12' },
    }),
  });
  assert.equal(
    said(lineageOf(image('abx', { labels: run(id('b')) }), [debian])),
    'r.example/debian:12 2 by buildpacks, layers',
  );
  assert.equal(lineageOf(image('abx', { labels: run(id('x')) }), [debian]).claims[0]?.state, 'unseen');
  assert.match(
    said(lineageOf(image('abx', { labels: { 'io.buildpacks.lifecycle.metadata': '{' } }), [debian])),
    /by layers$/,
  );
});

test('a Dockerfile names the tag; scratch and arguments without a value are said', () => {
  const twin = seen('mirror:12', 'ab');
  const from = (text: string) => ({ dockerfile: parseDockerfile(text) });
  assert.equal(
    said(lineageOf(image('abx', from('FROM r.example/debian:12\nRUN x')), [debian, twin])),
    'r.example/debian:12 2 by dockerfile, layers',
  );
  assert.equal(
    said(lineageOf(image('x', from('FROM scratch')), [debian])),
    'unknown: its Dockerfile begins on nothing (FROM scratch)',
  );
  assert.match(
    said(lineageOf(image('x', from('ARG TAG\nFROM a:$TAG')), [debian])),
    /nobody gave TAG a value/,
  );
  assert.match(
    said(lineageOf(image('x', from('FROM a:$TAG')), [debian])),
    /begins on a:\$TAG, which names no image/,
  );
});

test('an image with the layers of another and its own config stands on it only where it says so', () => {
  const annotations = annotated('r.example/debian:12', debian.platformDigest);
  assert.match(said(lineageOf(image('ab'), [debian])), /^unknown/);
  assert.equal(
    said(lineageOf(image('ab', { annotations }), [debian])),
    'r.example/debian:12 2 by annotation, layers',
  );
});

test('chain ids are those of the specification', () => {
  const [first, second] = chainIds(ids('ab'));
  assert.equal(first, id('a'));
  assert.notEqual(second, chainIds(ids('ba'))[1]);
  assert.deepEqual(chainIds(ids('abx')).slice(0, 2), [first, second]);
  // image-spec config.md: SHA-256 of "CHAIN DIFFID"; computed by sha256sum
  assert.equal(
    chainIds([
      'sha256:c6f988f4874bb0add23a778f753c65efe992244e148a1d2ec2a8b664fb66bbd1',
      'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    ])[1],
    CHAIN,
  );
});

const CHAIN = 'sha256:c3191d32a37d7159b2e30830937d2e30268ad6c375a773a8994911a3aba9b93f';
