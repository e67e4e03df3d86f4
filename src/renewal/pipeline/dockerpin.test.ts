import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinDockerfile } from './dockerpin.ts';
import type { PipelineFault } from './fault.ts';

const base = { image: 'registry.example/base', tag: '12', digest: `sha256:${'b'.repeat(64)}` };
const pinned = `registry.example/base@${base.digest}`;
const pin = (text: string, options = {}) => pinDockerfile(text, base, options).text;

test('every FROM of the base is pinned, and nothing else is changed', () => {
  assert.equal(
    pin(
      'ARG V=12\n# a comment\nFROM golang:1.26 AS build\nRUN go build\n\nfrom  --platform=linux/amd64 registry.example/base:$V\tAS run # no comment here\r\nCOPY --from=build /app /app\n'.replace(
        ' # no comment here',
        '',
      ),
    ),
    `ARG V=12\n# a comment\nFROM golang:1.26 AS build\nRUN go build\n\nfrom  --platform=linux/amd64 ${pinned}\tAS run\r\nCOPY --from=build /app /app\n`,
  );
});

test('a base behind other stages, in arguments or by an older digest is found', () => {
  assert.match(
    pin('FROM registry.example/base:12 AS a\nFROM a AS b\nFROM b\n'),
    new RegExp(`^FROM ${pinned} AS a`),
  );
  assert.match(pin('ARG BASE\nFROM $BASE\n', { args: { BASE: 'registry.example/base:12' } }), /@sha256:bbb/);
  assert.match(pin(`FROM registry.example/base@sha256:${'a'.repeat(64)}\n`), /@sha256:bbb/);
  assert.match(pin(`FROM registry.example/base:12@sha256:${'a'.repeat(64)}\n`), /@sha256:bbb/);
});

test('a Docker Hub name is the same by its short form', () => {
  const hub = { ...base, image: 'docker.io/library/debian' };
  assert.match(pinDockerfile('FROM debian:12\n', hub).text, /^FROM docker\.io\/library\/debian@sha256:/);
});

test('a Dockerfile on another base is never built', () => {
  const refused: [string, RegExp][] = [
    ['FROM registry.example/base:11\n', /base:11/],
    ['FROM registry.example/base\n', /base/],
    ['FROM registry.example/base:12 AS a\nFROM scratch\nCOPY --from=a / /\n', /scratch/],
    ['ARG BASE\nFROM $BASE\n', /without a value for BASE/],
    ['FROM registry.example/base:12\nFROM registry.elsewhere/base:12\n', /elsewhere/],
  ];
  for (const [text, got] of refused)
    assert.throws(
      () => pin(text),
      (error: PipelineFault) => error.code === 'build-base-unknown' && got.test(error.message),
      text,
    );
});

test('an image that stands on the line after its FROM is not guessed at', () => {
  assert.throws(
    () => pin('FROM \\\n registry.example/base:12\n'),
    (error: PipelineFault) => error.code === 'build-base-unknown' && /on one line/.test(error.message),
  );
});

test('only stages that are built count', () => {
  const text =
    'FROM registry.example/base:12 AS app\nRUN make\nFROM registry.example/base:12 AS debug\nRUN gdb\n';
  const { text: made, images } = pinDockerfile(text, base, { target: 'app' });
  assert.deepEqual([made.split(pinned).length - 1, images], [1, [pinned]]);
});

test('commands and Docker’s own instructions are seen', () => {
  const seen = (text: string) => {
    const { runsCommands, needsDockerFormat } = pinDockerfile(text, base);
    return [runsCommands, needsDockerFormat];
  };
  assert.deepEqual(seen('FROM registry.example/base:12\nCOPY a b\n'), [false, false]);
  assert.deepEqual(seen('FROM registry.example/base:12\n  run a\nHEALTHCHECK NONE\n'), [true, true]);
  const cross =
    'FROM --platform=$BUILDPLATFORM golang:1 AS b\nRUN go build\nFROM registry.example/base:12\nCOPY --from=b a b\n';
  assert.deepEqual(seen(cross), [false, false]);
});
