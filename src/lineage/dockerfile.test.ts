// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DockerfileOptions, parseDockerfile, type Source } from './dockerfile.ts';

const lines = (...text: string[]) => text.join('\n');

function said(source: Source): string {
  if (source.kind === 'image') return source.reference;
  if (source.kind === 'stage') return `stage ${source.stage}`;
  return source.kind === 'scratch' ? 'scratch' : `undecided ${source.missing.join(',')}`;
}
const base = (text: string, options?: DockerfileOptions) => said(parseDockerfile(text, options).base);

test('the base of the last stage is the base, case, blanks and flags aside', () => {
  assert.equal(base('FROM alpine:3.20'), 'alpine:3.20');
  assert.equal(base('  from   --platform=linux/amd64   alpine:3.20   as   Build  \nRUN x'), 'alpine:3.20');
  assert.equal(base('FROM scratch\nCOPY a b'), 'scratch');
  assert.equal(base(`FROM alpine@sha256:${'a'.repeat(64)}`), `alpine@sha256:${'a'.repeat(64)}`);
  assert.equal(base('\uFEFFFROM alpine\r\nRUN x\r\n'), 'alpine');
});

test('stages that stand on stages lead to the image below them', () => {
  const text = lines(
    'FROM golang:1.24 AS build',
    'FROM debian:12 AS Base',
    'FROM base AS runtime',
    'COPY --from=build /x /x',
    'COPY --from=busybox:1 /y /y',
    'RUN --mount=type=bind,from=build,target=/z --mount=type=cache,target=/c --mount="type=bind,from=node:20" x',
    'FROM runtime',
  );
  const { stages, base: final, target } = parseDockerfile(text);
  assert.equal(said(final), 'debian:12');
  assert.equal(target, 3);
  assert.deepEqual(
    stages.map((stage) => said(stage.base)),
    ['golang:1.24', 'debian:12', 'stage 1', 'stage 2'],
  );
  assert.deepEqual(stages[2]!.uses.map(said), ['stage 0', 'busybox:1', 'node:20']);
  assert.deepEqual(
    stages.map(({ isBuilt }) => isBuilt),
    [true, true, true, true],
  );
  const built = parseDockerfile(text, { target: 'BASE' });
  assert.equal(said(built.base), 'debian:12');
  assert.deepEqual(
    built.stages.map(({ isBuilt }) => isBuilt),
    [false, true, false, false],
  );
  assert.equal(base(text, { target: '0' }), 'golang:1.24');
  assert.throws(() => parseDockerfile(text, { target: 'none' }), { code: 'dockerfile-target-unknown' });
});

test('a name that comes later is no stage yet, and a stage may be called like an image', () => {
  assert.equal(base('FROM later\nFROM alpine AS later', { target: '0' }), 'later');
  const late = parseDockerfile('FROM a\nCOPY --from=Later x y\nCOPY --from=9 x y\nFROM b AS later', {
    target: '0',
  });
  assert.deepEqual(late.stages[0]!.uses.map(said), ['stage 1', 'undecided '], 'but COPY may name one');
  assert.equal(base('FROM alpine AS alpine\nFROM alpine'), 'alpine');
  assert.equal(base('FROM a AS x\nFROM b AS x\nFROM x'), 'b', 'the last of a name');
});

test('arguments before the first stage have defaults, and what is given stands above them', () => {
  const text = lines(
    'ARG REGISTRY=docker.io',
    'ARG TAG=3.20 NAME="alpine"',
    'FROM $REGISTRY/library/${NAME}:${TAG}',
  );
  assert.equal(base(text), 'docker.io/library/alpine:3.20');
  assert.equal(base(text, { args: { TAG: '3.21' } }), 'docker.io/library/alpine:3.21');
  assert.equal(base('ARG A=1\nARG B=${A}2\nFROM x:$B'), 'x:12');
  assert.equal(base('ARG A=1\nARG B=${A}2\nFROM x:$B', { args: { A: '7' } }), 'x:72');
  assert.equal(base('ARG A=1\nFROM x AS y\nARG A=2\nFROM z:$A'), 'z:1', 'arguments of a stage are its own');
});

test('an argument that nobody gave a value is named, and nothing is guessed', () => {
  assert.equal(base('ARG TAG\nFROM alpine:$TAG'), 'undecided TAG');
  assert.equal(base('FROM ${REGISTRY}/${IMAGE}'), 'undecided ');
  assert.equal(base('ARG TAG\nFROM alpine:$TAG', { args: { TAG: '1' } }), 'alpine:1');
  assert.equal(
    base('FROM alpine$TAG', { args: { TAG: ':1' } }),
    'alpine',
    'what was never declared is empty',
  );
  assert.equal(base('ARG REGISTRY IMAGE\nFROM ${REGISTRY}/${IMAGE}'), 'undecided REGISTRY,IMAGE');
  assert.equal(base('ARG A\nARG B=x$A\nFROM alpine:$B'), 'undecided B');
  const { stages } = parseDockerfile('FROM a\nCOPY --from=$X a b');
  assert.equal(said(stages[0]!.uses[0]!), 'undecided ');
});

test('defaults, alternatives and cuts within braces are those of the shell', () => {
  const args = (more: string) => base(`ARG V=1.2.3-alpine\nARG E=\nARG U\nFROM x:${more}`);
  assert.equal(args('${U:-9}'), 'x:9');
  assert.equal(args('${E:-9}'), 'x:9');
  assert.equal(args('z${E-9}'), 'x:z');
  assert.equal(args('${V:-$U}'), 'x:1.2.3-alpine', 'what is not taken needs no value');
  assert.equal(args('${V:+y}'), 'x:y');
  assert.equal(args('z${U:+y}'), 'x:z');
  assert.equal(args('${U:?must}'), 'undecided U');
  assert.equal(args('${U:-${V}}'), 'x:1.2.3-alpine');
  assert.equal(args('${V%-*}'), 'x:1.2.3');
  assert.equal(args('${V%%.*}'), 'x:1');
  assert.equal(args('${V#*.}'), 'x:2.3-alpine');
  assert.equal(args('${V##*.}'), 'x:3-alpine');
  assert.equal(args('${V/./_}'), 'x:1_2.3-alpine');
  assert.equal(args('${V//./_}'), 'x:1_2_3-alpine');
  assert.equal(args('\\$V'), 'undecided ', 'an escaped $ is text, and no image is called so');
  assert.match(args('${V'), /^undecided/);
});

test('the platform that is built for is an argument of every build', () => {
  const text = 'FROM --platform=$BUILDPLATFORM golang AS build\nFROM base-$TARGETARCH$TARGETVARIANT';
  assert.equal(base(text, { platform: 'linux/arm/v7' }), 'base-armv7');
  assert.equal(base(text), 'undecided TARGETARCH,TARGETVARIANT');
  assert.equal(parseDockerfile(text).stages[0]!.platform, undefined);
});

test('continued lines, comments between them and another escape are one instruction', () => {
  assert.equal(base('FROM \\\n# a comment\n\n  alpine:3 \\  \n AS x'), 'alpine:3');
  assert.equal(base('# escape=`\nFROM `\n  alpine:3'), 'alpine:3');
  assert.equal(base('# escape=`\n\nFROM alpine\nRUN dir c:\\\nFROM debian'), 'debian');
  assert.equal(
    base('# comment\n# escape=`\nFROM alpine\nRUN x \\\nFROM debian'),
    'alpine',
    'a comment ends directives',
  );
  assert.equal(
    base('FROM alpine\nRUN echo a\\\\\nFROM debian'),
    'debian',
    'an escaped escape continues nothing',
  );
  assert.throws(() => parseDockerfile('# escape=x\nFROM a'), { code: 'dockerfile-invalid' });
  assert.equal(parseDockerfile('# syntax=docker/dockerfile:1\nFROM a').syntax, 'docker/dockerfile:1');
});

test('here-documents are no instructions, whatever stands in them', () => {
  assert.equal(base('FROM a\nRUN <<EOF\nFROM b\nEOF'), 'a');
  assert.equal(base('FROM a\nRUN <<-"E F" cat\n\tFROM b\n\tE F\nFROM c'), 'c');
  assert.equal(base("FROM a\nCOPY <<A <<'B' /x/\nFROM b\nA\nFROM d\nB\n"), 'a');
  assert.equal(base('FROM a\nRUN echo "<<EOF"\nFROM c'), 'c', 'quoted it is text');
  assert.equal(base('FROM a\nENV x=<<EOF\nFROM c'), 'c', 'ENV has none');
  assert.throws(() => parseDockerfile('FROM a\nRUN <<EOF\nx'), { code: 'dockerfile-invalid' });
});

test('what is no Dockerfile is refused with its line', () => {
  for (const [text, line] of [
    ['', 1],
    ['# only a comment', 1],
    ['RUN x\nFROM a', 1],
    ['ARG A\n\nRUN x', 3],
    ['FROM a b c d', 1],
    ['FROM a AS 9x', 1],
    ['FROM', 1],
  ] as const)
    assert.throws(
      () => parseDockerfile(text),
      (error: Error & { code: string }) =>
        error.code === 'dockerfile-invalid' && error.message.includes(`line ${line}:`),
      text,
    );
  assert.throws(() => parseDockerfile('FROM a\n'.repeat(1001)), /at most 1000 stages/);
});

test('hostile text costs no more than its length', () => {
  const started = performance.now();
  const deep = `ARG X=1\nFROM ${'${X:-'.repeat(10_000)}`;
  assert.match(base(deep), /^undecided/);
  const stars = `ARG V=${'a'.repeat(500)}\nFROM \${V//${'*a'.repeat(30)}b/x}`;
  base(stars);
  base(`FROM a\nRUN ${'\\\n'.repeat(50_000)}x`);
  assert.ok(performance.now() - started < 3000);
});
