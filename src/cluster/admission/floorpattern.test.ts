import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseReference } from '../../image/index.ts';
import { matchesPattern } from '../../trust/evidence/index.ts';
import { imagePatternProblem } from '../../trust/policy/pattern.ts';
import { nameVariables } from './floorname.ts';
import { patternSet, regexOf } from './floorpattern.ts';

interface Parsed {
  i: string;
  n: string;
  a0: string;
  a1: string;
  a2: string;
  ok: boolean;
  at: boolean;
}

/** CEL of the shapes that the floor writes, run as JavaScript; e2e/floor.test.ts asks a real API server. */
function run(cel: string): (x: unknown) => unknown {
  const source = cel
    .replace(/dyn\(/g, '(')
    .replace(/(x\.\w)\.matches\(/g, 'matches($1, ')
    .replace(/(x(?:\.n)?)\.find\(/g, 'find($1, ')
    .replace(/(x\.\w)\.contains\(/g, '$1.includes(')
    .replaceAll('.lowerAscii()', '.toLowerCase()')
    .replace(/size\((x\.\w)\)/g, '[...$1].length');
  const regex = (text: string) => new RegExp(text.replace('(?s)', ''), text.startsWith('(?s)') ? 's' : '');
  const make = new Function('matches', 'find', `return (x) => (${source})`) as (
    ...tools: unknown[]
  ) => (x: unknown) => unknown;
  return make(
    (text: string, expression: string) => regex(expression).test(text),
    (text: string, expression: string) => regex(expression).exec(text)?.[0] ?? '',
  );
}

const steps = nameVariables().map(({ expression }) =>
  run(/^variables\.\w+\.map\(x, (.*)\)$/s.exec(expression)![1]!),
);

function parsed(image: string): Parsed {
  let value: unknown = image;
  for (const step of steps) value = step(value);
  return value as Parsed;
}

function named(n: string): Parsed {
  const upTo = (slashes: number) => /^(?:[^/]*\/)*/.exec(n)![0].split('/').slice(0, slashes).join('/');
  const begin = (slashes: number) => (n.split('/').length > slashes ? `${upTo(slashes)}/` : '');
  return { i: n, n, a0: begin(1), a1: begin(2), a2: begin(3), ok: true, at: false };
}

function fits(patterns: readonly string[], x: Parsed): boolean {
  return patternSet(patterns).conditions.some((condition) => run(condition)(x) === true);
}

const digest = `@sha256:${'0123456789abcdef'.repeat(4)}`;
const pieces = [
  'nginx',
  'docker.io',
  'index.docker.io',
  'Docker.io',
  'localhost',
  ':5000',
  'registry.example.com',
  'A',
  'a_b',
  'a___b',
  'a..b',
  '-',
  '/',
  '/',
  '/',
  ':1',
  ':',
  '@',
  digest,
  '@sha256:1',
  '[::1]',
  ':65536',
  'x'.repeat(128),
  ' ',
  '\n',
  'é',
  '*',
];

function oddImage(): string {
  return Array.from({ length: 1 + randomInt(7) }, () => pieces[randomInt(pieces.length)]).join('');
}

const names = ['registry.example.com', 'x.azurecr.io', 'y.x.azurecr.io', 'localhost:5000', 'docker.io'];
const parts = ['team', 'team2', 'app', 'a-b', 'library', 'nginx'];

function name(): string {
  const path = Array.from({ length: 1 + randomInt(4) }, () => parts[randomInt(parts.length)]);
  return [names[randomInt(names.length)], ...path].join('/');
}

function pattern(): string {
  const text = name()
    .split('/')
    .map((part, i) => (i > 0 && randomInt(4) === 0 ? ['*', '**', 'te*', '*b'][randomInt(4)] : part))
    .join('/');
  return randomInt(6) === 0 ? text.replace(/^[^.]+\.azurecr/, '*.azurecr') : text;
}

describe('patterns of the floor', () => {
  it('fit what the policy’s own patterns fit, and nothing else', () => {
    let fitted = 0;
    for (let round = 0; round < 400; round++) {
      const patterns = Array.from({ length: 1 + randomInt(30) }, pattern).filter(
        (text) => imagePatternProblem(text, false) === undefined,
      );
      for (let i = 0; i < 10; i++) {
        const n = name();
        const x = named(n);
        const expected = patterns.some((one) => matchesPattern(one, n));
        assert.equal(fits(patterns, x), expected, JSON.stringify({ n, patterns }));
        if (expected) fitted++;
      }
    }
    assert.ok(fitted > 200 && fitted < 3800, `${fitted}`);
  });

  it('of a thousand are cut into conditions that the API server takes, and each is in one', () => {
    for (const shape of [
      (i: number) => `registry.example.com/team-${i}/**`,
      (i: number) => `registry.example.com/*/app-${i}`,
      (i: number) => `h${i}.example.com/app`,
      (i: number) => `registry.example.com/a/b/c/d-${i}/**`,
    ]) {
      const patterns = Array.from({ length: 1000 }, (_, i) => shape(i));
      const { conditions } = patternSet(patterns);
      for (const condition of conditions) assert.ok(condition.length < 100_000);
      for (const i of [0, 500, 999]) {
        const n = shape(i).replace('**', 'x/y').replace('*', 'z');
        const x = named(n);
        assert.equal(conditions.filter((one) => run(one)(x) === true).length, 1);
      }
    }
  });

  it('are regular expressions in which every character but the wildcards stands for itself', () => {
    assert.equal(regexOf('*.azurecr.io/**'), '(?s)^[^/]*\\.azurecr\\.io/.*$');
    assert.equal(regexOf('a+(b)|c'), '(?s)^a\\+\\(b\\)\\|c$');
  });
});

describe('names in the floor', () => {
  it('are taken apart as parseReference does it, for thousands of odd texts', () => {
    let valid = 0;
    for (let i = 0; i < 20_000; i++) {
      const image = oddImage();
      const x = parsed(image);
      let expected: string | undefined;
      try {
        const { domain, repository, digest: given } = parseReference(image);
        expected = `${domain.toLowerCase()}/${repository} ${given !== undefined}`;
        valid++;
      } catch {
        expected = undefined;
      }
      assert.equal(x.ok ? `${x.n} ${x.at}` : undefined, expected, JSON.stringify(image));
    }
    assert.ok(valid > 500, `${valid}`);
  });

  it('of Docker Hub are found under each of its names, and a host keeps its port', () => {
    const said = (image: string) => parsed(image).n;
    assert.equal(said('nginx'), 'docker.io/library/nginx');
    assert.equal(said('team/app:1'), 'docker.io/team/app');
    assert.equal(said(`index.docker.io/nginx${digest}`), 'docker.io/library/nginx');
    assert.equal(said('registry-1.docker.io/team/app'), 'docker.io/team/app');
    assert.equal(said('Registry.Example.com:443/a'), 'registry.example.com:443/a');
    assert.equal(said('localhost/a'), 'localhost/a');
    const { a0, a1, a2 } = parsed('h.example/a/b/c:1');
    assert.deepEqual([a0, a1, a2], ['h.example/', 'h.example/a/', 'h.example/a/b/']);
    assert.equal(parsed('h.example/a/b').a2, '');
    assert.equal(parsed('h.example/a:t').at, false);
    assert.equal(parsed(`h.example/a:t${digest}`).at, true);
    for (const bad of [
      '',
      'a'.repeat(1025),
      '0123456789abcdef'.repeat(4),
      'h.example:65536/a',
      `a@sha256:${'g'.repeat(64)}`,
    ])
      assert.equal(parsed(bad).ok, false, bad);
  });
});
