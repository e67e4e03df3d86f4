import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiCounted, ApiRenewedImage } from '../server/contract/index.ts';
import { formatRenewal } from './renewaldetail.ts';
import { formatHolds, formatPlan } from './renewaltext.ts';

const digest = (of: string) => `sha256:${of.repeat(64)}`;
const counted = (named: string[], levels: Record<string, number> = {}): ApiCounted => ({
  ...{ levels, undecided: 0, named },
});
const image: ApiRenewedImage = {
  id: 'r20261127-131700-4f2a.1',
  reference: 'registry.example.com/team/shop:1',
  level: 1,
  from: digest('a'),
  to: digest('b'),
  base: { reference: 'registry.example.com/base/debian:12', from: digest('c'), to: digest('d') },
  state: 'returned',
  text: 'production: Deployment shop/web returned; the tag names the old digest again',
  means: 'rebase',
  before: counted(['CVE-2023-4863 in libwebp7 1.2.4-0.2', 'CVE-1 in zlib1g 1.2'], { critical: 1, high: 1 }),
  after: counted(['CVE-2 in zlib1g 1.3'], { low: 1 }),
  packages: {
    counts: { downgraded: 0, removed: 1, unordered: 0, upgraded: 11, added: 0 },
    changes: [
      { kind: 'removed', name: 'gone', before: '1' },
      ...Array.from({ length: 11 }, (_, i) => ({
        ...{ kind: 'upgraded' as const, name: `lib${i}\u001b[2J`, before: '1', after: '2' },
      })),
    ],
  },
  notes: ['config.Env.PATH: the image and the new base both changed it; the image’s own is kept'],
  tried: { passed: true, text: 'passed', seconds: 1.25, output: ['ok \u001b[31m1'] },
  approvedBy: 'ops',
  steps: [
    {
      ...{ step: 'making', startedAt: '2026-11-27T13:17:00.000Z', endedAt: '2026-11-27T13:17:01.500Z' },
      ...{ ledTo: 'scanning', text: '' },
    },
  ],
  rollouts: [
    {
      ...{ target: 'production', state: 'returned', text: 'Deployment shop/web crashed' },
      startedAt: '2026-11-27T13:17:00.000Z',
    },
  ],
};

const renewal = {
  id: 'r20261127-131700-4f2a',
  cause: 'registry.example.com/base/debian:12 moved to sha256:dddddddddddd',
  base: 'registry.example.com/base/debian:12',
  digest: digest('d'),
  state: 'held',
  text: 'held: registry.example.com/team/shop:1 came back from sha256:dddddddddddd: it crashed',
  createdAt: '2026-11-27T13:17:00.000Z',
  images: [image],
};

test('a renewal is shown with everything that a reader asks, no wider than the terminal, as plain text', () => {
  const text = formatRenewal(renewal, 100);
  assert.deepEqual(text.split('\n'), [
    'r20261127-131700-4f2a  held',
    '  registry.example.com/base/debian:12 moved to sha256:dddddddddddd',
    '  held: registry.example.com/team/shop:1 came back from sha256:dddddddddddd: it crashed',
    `  base registry.example.com/base/debian:12@${digest('d')}`,
    '  began 2026-11-27T13:17:00Z',
    '  ends with: seaworthy release registry.example.com/base/debian:12 --reason TEXT',
    '',
    'registry.example.com/team/shop:1  returned  (r20261127-131700-4f2a.1)',
    '  sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb',
    '  on registry.example.com/base/debian:12 sha256:cccccccccccc → sha256:dddddddddddd',
    '  rebase',
    '  note: config.Env.PATH: the image and the new base both changed it; the image’s own is kept',
    '  findings: 1 critical 1 high → 1 low',
    '    gone: CVE-2023-4863 in libwebp7 1.2.4-0.2, CVE-1 in zlib1g 1.2',
    '    new: CVE-2 in zlib1g 1.3',
    '  packages: 11 newer, 1 removed',
    '    removed gone 1',
    ...Array.from({ length: 7 }, (_, i) => `    newer lib${i}\ufffd[2J 1 → 2`),
    '    and 4 more',
    '  smoke test: passed, 1.3 s',
    '    ok \ufffd[31m1',
    '  approved by ops',
    '  production: returned, Deployment shop/web crashed',
    '  production: Deployment shop/web returned; the tag names the old digest again',
    '  making 1.5 s',
    '',
  ]);
});

test('an image that was renewed for its age, of which nobody knows the base, says neither base nor move', () => {
  const {
    means: _,
    before: __,
    after: ___,
    packages: ____,
    tried: _____,
    approvedBy: ______,
    to: _______,
    ...rest
  } = image;
  const alone = { ...rest, base: { reference: '', from: '', to: '' }, notes: [], rollouts: [], steps: [] };
  const text = formatRenewal({ ...renewal, base: '', digest: '', state: 'failed', images: [alone] }, 100);
  assert.equal(text.includes('base '), false);
  assert.match(text, /\n {2}sha256:a{12} → nothing yet\n {2}production: Deployment/);
});

test('what is held is listed with the image, the digest and the command that ends it', () => {
  const hold = {
    base: renewal.base,
    digest: digest('d'),
    reason: 'it crashed',
    since: '2026-11-27T13:17:00.000Z',
  };
  assert.equal(
    formatHolds([{ ...hold, image: image.reference }]),
    `
held since 2026-11-27T13:17: registry.example.com/base/debian:12 at sha256:dddddddddddd
  it crashed
  seaworthy release registry.example.com/base/debian:12 --reason TEXT
`,
  );
});

test('a plan names what holds the base, and a pipeline that could not be asked', () => {
  const plan = {
    ...{
      base: 'r.example/base:1',
      digest: digest('d'),
      decision: 'allow' as const,
      why: '',
      held: 'it crashed',
    },
    pipelines: [{ name: 'ci' }, { name: 'azure', trouble: 'expected a token, got 401\u001b[2J' }],
    images: [
      {
        ...{ reference: 'r.example/app:1', digest: digest('a'), base: 'r.example/base:1', level: 1 },
        ...{ baseDigest: digest('c'), means: ['rebase', 'rebuild'] },
      },
    ],
  };
  assert.deepEqual(formatPlan(plan).split('\n'), [
    'r.example/base:1@sha256:dddddddddddd: allow',
    'held: it crashed',
    '  seaworthy release r.example/base:1 --reason TEXT',
    'pipeline ci: can be asked',
    'pipeline azure: expected a token, got 401\ufffd[2J',
    'LEVEL  IMAGE            ON                                    MEANS',
    '1      r.example/app:1  r.example/base:1@sha256:cccccccccccc  rebase, else rebuild',
    '',
  ]);
});
