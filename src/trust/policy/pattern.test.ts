// Which patterns a policy may hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFile } from '../../testing/policyfacts.ts';
import { parsePolicy } from './parse.ts';
import type { ImagePolicy } from './policy.ts';

const head = 'apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicy\nmetadata: { name: p }\n';
const parse = (spec: string, read = keyFile): ImagePolicy =>
  parsePolicy(`${head}spec:\n${spec}`, 'dir/policy.yaml', read);

/** The message of the one mistake. */
function mistake(spec: string, read = keyFile): string {
  try {
    parse(spec, read);
  } catch (error) {
    assert.equal((error as Error).name, 'DocumentFault');
    return (error as Error).message;
  }
  return 'none';
}

test('identities that would let strangers in are refused', () => {
  const identity = (text: string) =>
    mistake(`  authorities:\n    - { name: ci, keyless: { identities: [{ ${text} }] } }\n`);
  const issuer = 'issuer: "https://token.example.com"';
  assert.equal(identity(`${issuer}, subject: "https://github.com/org/repo/w.yml"`), 'none');
  assert.equal(identity(`${issuer}, subjectPattern: "https://github.com/org/*/w.yml@refs/heads/*"`), 'none');
  assert.equal(identity(`${issuer}, subjectPattern: "*@example.com"`), 'none');
  assert.equal(identity(`${issuer}, subjectPattern: "repo:org/app:*"`), 'none');
  for (const bad of [
    `subject: "."`,
    `subject: ""`,
    `subject: "*"`,
    `subjectPattern: "*"`,
    `subjectPattern: "**"`,
    `subjectPattern: ".*"`,
    `subjectPattern: "https://github.com/.*"`,
    `subjectPattern: "^https://github.com/org/repo$"`,
    `subjectPattern: "https://github.com/(a|b)/c"`,
    `subjectPattern: "https://github.com/**"`,
    `subjectPattern: "https://github.com/*/repo"`,
    `subjectPattern: "https://*"`,
    `subjectPattern: "https:**"`,
    `subjectPattern: "http**"`,
    `subjectPattern: "h**"`,
    `subjectPattern: "spiffe:**"`,
    `subjectPattern: "http*://github.com/org/repo"`,
    `subjectPattern: "https://*.example.com/org/repo"`,
    `subjectPattern: "*/org/repo"`,
    `subjectPattern: "*@*"`,
    `subjectPattern: "*@*.com"`,
    `subjectPattern: "*@com"`,
  ])
    assert.match(identity(`${issuer}, ${bad}`), /identities\.0/, bad);
  assert.match(identity('subject: "a@example.com"'), /expected issuer or issuerPattern/);
  assert.match(identity(issuer), /expected subject or subjectPattern/);
  assert.match(identity('issuerPattern: "*", subject: "a@example.com"'), /would let strangers in/);
  assert.match(identity('issuer: "*", subject: "a@example.com"'), /issuer/);
});

test('image patterns are anchored repositories of a fixed host', () => {
  const registry = (text: string) => mistake(`  registries: ["${text}"]\n`);
  for (const good of [
    'registry.example.com/**',
    'registry.example.com:5000/team/*',
    '*.azurecr.io/team/app',
    'localhost/a',
    'docker.io/library/alpine',
    'registry.example.com/**/app',
    'registry.example.com/team/app-*',
  ])
    assert.equal(registry(good), 'none', good);
  for (const bad of [
    '*',
    '**',
    '*/app',
    '**/app',
    '*.io/app',
    'registry.example.com',
    'registry.example.com/',
    'registry.example.com*/a',
    'reg*.example.com/a',
    'alpine/a',
    '^registry.example.com/.*$',
    'registry.example.com/.+',
    'registry.example.com/(a|b)',
    'registry.example.com/app:1.2',
    'registry.example.com/app@sha256',
    'Registry.example.com/app',
    'registry.example.com/team**',
    'https://registry.example.com/app',
  ])
    assert.notEqual(registry(bad), 'none', bad);
  assert.equal(mistake('  rules: [{ name: d, images: ["**"], digest: required }]\n'), 'none');
  assert.equal(mistake('  rules: [{ name: d, images: ["*/app"], digest: required }]\n'), 'none');
  assert.notEqual(
    mistake('  rules: [{ name: d, images: ["registry.example.com"], digest: required }]\n'),
    'none',
  );
});

test('patterns have few wildcards, so that no name takes long to compare', () => {
  assert.match(mistake(`  registries: ["a.example/${'*a'.repeat(9)}"]\n`), /at most 8 wildcards, got 9/);
  assert.match(
    mistake(`  rules: [{ name: d, labels: { a: "${'*a'.repeat(9)}" }, digest: required }]\n`),
    /at most 8 wildcards/,
  );
  assert.match(
    mistake('  rules: [{ name: d, labels: { a: "^prod$" }, digest: required }]\n'),
    /no regular expressions/,
  );
});
