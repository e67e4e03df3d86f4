// Azure Policy's regular expression as patterns: anchored, never looser, refused with a reason where that cannot be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesPattern } from '../evidence/index.ts';
import { importAzurePolicy } from './azure.ts';
import { PolicyFault } from './fault.ts';
import { parsePolicy } from './parse.ts';

const patterns = (regex: string) => importAzurePolicy(regex).patterns;

test('the usual forms become patterns', () => {
  for (const [regex, ...expected] of [
    ['^myacr\\.azurecr\\.io/.+$', 'myacr.azurecr.io/**'],
    ['^myacr.azurecr.io\\/.+$', 'myacr.azurecr.io/**'],
    ['^([^\\/]+\\.azurecr\\.io|registry\\.io)\\/.+$', '*.azurecr.io/**', 'registry.io/**'],
    ['^(?:a|b)\\.azurecr\\.io/team/.*$', 'a.azurecr.io/team/**', 'b.azurecr.io/team/**'],
    ['^a\\.azurecr\\.io/.+$|^mcr\\.microsoft\\.com/.+$', 'a.azurecr.io/**', 'mcr.microsoft.com/**'],
    ['^a\\.azurecr\\.io/team/[^/]+$', 'a.azurecr.io/team/*'],
    ['^a\\.azurecr\\.io/[a-z0-9._-]+/app:.+$', 'a.azurecr.io/*/app'],
    ['^a\\.azurecr\\.io/team/app:.*$', 'a.azurecr.io/team/app'],
    ['^a\\.azurecr\\.io/team/app-.+$', 'a.azurecr.io/team/app-*', 'a.azurecr.io/team/app-*/**'],
    ['^a\\.azurecr\\.io(:443)?/.+$', 'a.azurecr.io/**', 'a.azurecr.io:443/**'],
    ['a\\.azurecr\\.io/', 'a.azurecr.io/**'],
    ['^a\\.azurecr\\.io', 'a.azurecr.io/**'],
    ['a.azurecr.io/.+', 'a.azurecr.io/**'],
    ['.*\\.azurecr\\.io/.*', '*.azurecr.io/**'],
    ['^a\\.azurecr\\.io/app', 'a.azurecr.io/app'],
  ] as const)
    assert.deepEqual(patterns(regex), expected, regex);
});

test('what the expression let in unseen is said', () => {
  assert.match(
    importAzurePolicy('myacr.azurecr.io/.+').warnings.join('\n'),
    /attacker\.example\/myacr\.azurecr\.io\/… fitted as well/,
  );
  assert.match(
    importAzurePolicy('^myacr\\.azurecr\\.io').warnings.join('\n'),
    /myacr\.azurecr\.io\.attacker\.example\/evil fitted/,
  );
  assert.match(importAzurePolicy('^a\\.azurecr\\.io/app').warnings.join('\n'), /app-evil fitted/);
  assert.match(importAzurePolicy('^a.azurecr.io/.+$').warnings.join('\n'), /A dot without/);
  assert.deepEqual(importAzurePolicy('^a\\.azurecr\\.io/.+$').warnings, []);
});

test('what no pattern can stand for is refused with its reason', () => {
  for (const [regex, reason] of [
    ['.*', /every image/],
    ['^.+$', /every image/],
    ['^$', /every image/],
    ['', /nothing/],
    ['.*azurecr\\.io/.+', /hosts of strangers such as evilazurecr\.io/],
    ['^[a-z]+\\.azurecr\\.io/.+$', /narrower/],
    ['^\\w+\\.azurecr\\.io/.+$', /escape/],
    ['^a\\.azurecr\\.io/app:v\\d+$', /escape/],
    ['^a\\.azurecr\\.io/app:1\\.2$', /chooses tags/],
    ['^a\\.azurecr\\.io/app@sha256:.+$', /chooses tags/],
    ['^a\\.azurecr\\.io/app$', /only without a tag/],
    ['^a\\.azurecr\\.io/(?!evil).+$', /look-around/],
    ['(?i)^a\\.azurecr\\.io/.+$', /flag/],
    ['^a{2}\\.azurecr\\.io/.+$', /braces/],
    ['^(ab)+\\.azurecr\\.io/.+$', /repeats/],
    ['^a+\\.azurecr\\.io/.+$', /repeats/],
    ['^a\\.azurecr\\.io/x.*y/z:.+$', /within a name/],
    ['^a.*\\.azurecr\\.io/.+$', /within the host/],
    ['^nginx:.+$', /no host|no pattern|names/],
    ['^library/nginx:.+$', /no pattern/],
    ['^(a|b', /not closed/],
    ['a)b', /not opened/],
    ['^[^/', /not closed/],
    ['a^b', /middle/],
    [`^${'(a|b)'.repeat(12)}\\.io/.+$`, /alternatives/],
    [`${'('.repeat(40)}a${')'.repeat(40)}`, /deeply/],
  ] as const)
    assert.throws(
      () => importAzurePolicy(regex),
      (error: Error) => error instanceof PolicyFault && reason.test(error.message),
      regex,
    );
});

const hosts = [
  'a.azurecr.io',
  'b.azurecr.io',
  'evil.azurecr.io',
  'xazurecr.io',
  'azurecr.io',
  'registry.io',
  'a.azurecr.io.evil.example',
  'attacker.example',
  'a.azurecr.io:443',
  'aXazurecr.io',
];
const paths = [
  'app',
  'app-evil',
  'team/app',
  'team',
  'team/app/deep',
  'team/app-x',
  'a.azurecr.io/app',
  'x/app',
  'app/x',
];

test('no pattern fits an image that its expression did not fit', () => {
  for (const regex of [
    '^a\\.azurecr\\.io/.+$',
    '^([^\\/]+\\.azurecr\\.io|registry\\.io)\\/.+$',
    'a.azurecr.io/.+',
    '^a\\.azurecr\\.io',
    '^a\\.azurecr\\.io/app',
    '.*\\.azurecr\\.io/.*',
    '^a\\.azurecr\\.io/team/app-.+$',
    '^a\\.azurecr\\.io/team/[^/]+$',
    '^a\\.azurecr\\.io/[a-z0-9._-]+/app:.+$',
    '^a\\.azurecr\\.io/app.*$',
    '^(?:a|b)\\.azurecr\\.io/(team/)?app:.+$',
  ]) {
    const original = new RegExp(regex);
    let fitted = 0;
    for (const host of hosts)
      for (const path of paths)
        if (patterns(regex).some((pattern) => matchesPattern(pattern, `${host}/${path}`))) {
          fitted++;
          assert.match(`${host}/${path}:1.2`, original);
        }
    assert.ok(fitted > 0, regex);
  }
});

const assignment = (parameters: object) => JSON.stringify({ properties: { parameters } });

test('an assignment brings its effect, and what is left out is said', () => {
  const read = importAzurePolicy(
    assignment({
      allowedContainerImagesRegex: { value: '^a\\.azurecr\\.io/.+$' },
      effect: { value: 'Audit' },
      excludedNamespaces: { value: ['kube-system'] },
    }),
  );
  assert.match(read.policy, /mode: audit/);
  assert.match(read.warnings.join('\n'), /excludedNamespaces/);
  assert.throws(() => importAzurePolicy('{}'), /allowedContainerImagesRegex/);
  assert.throws(() => importAzurePolicy('{"a":'), /does not parse/);
});

test('the policy that comes out is one that loads', () => {
  const { policy } = importAzurePolicy('^([^\\/]+\\.azurecr\\.io|registry\\.io)\\/.+$');
  const read = parsePolicy(policy, 'allowed.yaml', () => '');
  assert.deepEqual(read.rules[0]?.kind === 'registries' && read.rules[0].registries, [
    '*.azurecr.io/**',
    'registry.io/**',
  ]);
});
