// Cases beside a policy; the policy and the cases of docs/policy.md are the first of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keyFile, policyNow, policyOf, scanOf } from '../../testing/policyfacts.ts';
import { parseCases } from './casefile.ts';
import { policyOfCases, runCases } from './cases.ts';
import { parsePolicy } from './parse.ts';
import { denials } from './verdict.ts';

const docs = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const [example = '', exampleCases = ''] = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  (block) => block[1]!,
);

const head = 'apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicyTest\nnow: 2026-11-27T12:00:00Z\ncases:\n';
const policy = () =>
  policyOf({
    rules: [
      { name: 'signed', signature: { by: ['build'] } },
      { name: 'vulnerabilities', mode: 'warn', vulnerabilities: { by: ['scanner'], severity: 'high' } },
    ],
  });
const run = (cases: string, read: (path: string) => string = () => '') =>
  runCases(policy(), parseCases(head + cases, 'dir/p.test.yaml'), 'dir/p.test.yaml', read, policyNow);

test('the example of the documentation loads, and its cases pass', () => {
  const read = parsePolicy(example, 'docs/production.yaml', keyFile);
  assert.equal(read.name, 'production');
  assert.equal(read.rules.length, 5);
  const results = runCases(
    read,
    parseCases(exampleCases, 'production.test.yaml'),
    'production.test.yaml',
    keyFile,
    0,
  );
  assert.equal(results.length, 3);
  for (const { name, problems } of results) assert.deepEqual(problems, [], name);
});

test('the documentation lists every code of a denial, with its meaning', () => {
  const listed = [...docs.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].filter(
    ([, code]) => code !== 'registries',
  );
  const codes = Object.fromEntries(listed.map(([, code, meaning]) => [code, meaning]));
  for (const [code, meaning] of Object.entries(denials)) assert.equal(codes[code], meaning);
});

test('a case that ends otherwise says what was expected and why it is not so', () => {
  const [result] = run(
    '  - { name: c, image: registry.example.com/team/app:1, expect: allow, rules: { signed: met } }\n',
  );
  assert.equal(result?.verdict?.decision, 'deny');
  assert.deepEqual(result?.problems, [
    'expected allow, got deny: signed failed (signature-missing): no signature (cosign, bundle); vulnerabilities failed (scan-missing): no scan result by scanner',
    'expected signed met, got failed (signature-missing): no signature (cosign, bundle)',
  ]);
});

test('rules are named by outcome or by code, and a mistyped one is told', () => {
  const [good] = run(
    '  - { name: c, image: a.example/b, signatures: [{ by: build }], expect: allow, rules: { signed: met, vulnerabilities: scan-missing } }\n',
  );
  assert.deepEqual(good?.problems, []);
  const [bad] = run(
    '  - { name: c, image: a.example/b, signatures: [{ by: build }], expect: allow, rules: { sined: met } }\n',
  );
  assert.match(bad?.problems[0] ?? '', /did you mean signed\?/);
});

test('an authority or image that is none makes the case fail, not the run', () => {
  const results = run(
    '  - { name: a, image: a.example/b, signatures: [{ by: biuld }], expect: allow }\n  - { name: b, image: A.example/B, expect: deny }\n  - { name: c, image: a.example/b, expect: deny }\n',
  );
  assert.match(results[0]?.problems[0] ?? '', /there is no authority "biuld", did you mean "build"\?/);
  assert.match(results[1]?.problems[0] ?? '', /expected a repository/);
  assert.deepEqual(results[2]?.problems, []);
});

test('a rejected signature, a scan in a file and a release are stated', () => {
  const scan = JSON.stringify(scanOf());
  const asked: string[] = [];
  const results = run(
    [
      '  - { name: a, image: a.example/b, signatures: [{ by: build, rejected: certificate-expired }], expect: deny, rules: { signed: certificate-expired } }',
      '  - { name: b, image: a.example/b, signatures: [{ by: build }], scans: [{ by: scanner, file: scan.json }], expect: allow, rules: { vulnerabilities: met } }',
      '  - { name: c, image: a.example/b, signatures: [{ by: build }], release: true, expect: deny }',
      '',
    ].join('\n'),
    (path) => {
      asked.push(path);
      return scan;
    },
  );
  for (const { name, problems } of results) assert.deepEqual(problems, [], name);
  assert.deepEqual(asked, ['dir/scan.json']);
});

test('cases are for the policy beside them, or for the one they name', () => {
  const none = parseCases(`${head}  - { name: c, image: a.example/b, expect: deny }\n`, 'x');
  assert.equal(policyOfCases(none, 'dir/production.test.yaml'), 'production.yaml');
  assert.equal(policyOfCases({ ...none, policy: 'other.yaml' }, 'dir/production.test.yaml'), 'other.yaml');
});

test('mistakes in cases are named with line and nearest word', () => {
  assert.throws(
    () => parseCases(`${head}  - { name: c, imgae: a.example/b, expect: allow }\n`, 'p.test.yaml'),
    /p\.test\.yaml:5:\d+: unknown key "imgae", did you mean "image"\?/,
  );
  assert.throws(
    () => parseCases(`${head}  - { name: c, image: a, expect: alow }\n`, 'p.test.yaml'),
    /p\.test\.yaml:5:\d+/,
  );
});
