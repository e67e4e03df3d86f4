import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiLineage, ApiLineagePlatform } from '../server/contract/index.ts';
import { formatServerLineage, isWhollyKnown } from './lineageserver.ts';

const digest = (one: string) => `sha256:${one.repeat(64)}`;
const base = (name: string, one: string, layers: number) => ({
  references: [`r.example/${name}`],
  platformDigest: digest(one),
  layers,
  by: ['annotation', 'layers'],
});
const platform = (more: Partial<ApiLineagePlatform>): ApiLineagePlatform => ({
  platform: 'linux/amd64',
  digest: digest('a'),
  platformDigest: digest('a'),
  layers: 4,
  state: 'base',
  bases: [],
  candidates: [],
  claims: [],
  ...more,
});
const answer = (more: Partial<ApiLineage>): ApiLineage => ({
  image: 'r.example/app:1',
  platforms: [],
  dependents: [],
  more: 0,
  circle: [],
  ...more,
});

test('bases go down as a tree, and what stands on the image goes up by level', () => {
  const whole = answer({
    platforms: [platform({ bases: [base('python:3', 'b', 3), base('debian:12', 'c', 2)] })],
    dependents: [
      {
        reference: 'r.example/x:1',
        digest: digest('d'),
        platform: 'linux/amd64',
        level: 1,
        isCurrent: false,
      },
      { reference: 'r.example/y:\u001b[2J', digest: digest('e'), platform: 'linux/amd64', level: 2 },
    ],
  });
  assert.equal(
    formatServerLineage(whole),
    `r.example/app:1
  ${digest('a')}  linux/amd64, 4 layers
└─ r.example/python:3
   ${digest('b')}  3 of 4 layers, by annotation and its layers
   └─ r.example/debian:12
      ${digest('c')}  2 of 3 layers, by annotation and its layers

2 names on it:
  r.example/x:1, on an earlier digest of it
    r.example/y:?[2J
`,
  );
  assert.equal(isWhollyKnown(whole), true);
});

test('what nobody can tell is said: ambiguous with each that fits, unknown with why, a claim that is not proven', () => {
  const torn = answer({
    platforms: [
      platform({ state: 'ambiguous', candidates: [base('one:1', 'b', 2), base('two:1', 'c', 2)] }),
      platform({
        state: 'unknown',
        platform: 'linux/arm64',
        why: 'no layers of a base that was seen are its lowest',
        claims: [{ by: 'label', reference: 'r.example/base:1', state: 'disproven' }],
      }),
    ],
  });
  const text = formatServerLineage(torn);
  assert.match(text, /base ambiguous[\s\S]*• r\.example\/one:1[\s\S]*• r\.example\/two:1/);
  assert.match(text, /base unknown: no layers[\s\S]*! the label names r\.example\/base:1.*not believed/);
  assert.match(text, /nothing that the server watches stands on it/);
  assert.equal(isWhollyKnown(torn), false);
});
