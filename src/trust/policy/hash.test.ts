// What the two hashes of a policy hold and leave out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFile } from '../../testing/policyfacts.ts';
import { parsePolicy } from './parse.ts';
import type { ImagePolicy } from './policy.ts';

const head = 'apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicy\nmetadata: { name: p }\n';
const parse = (spec: string, read = keyFile): ImagePolicy =>
  parsePolicy(`${head}spec:\n${spec}`, 'dir/policy.yaml', read);
const build = '  authorities:\n    - { name: build, key: { keys: [{ file: build.pub }] } }\n';

const hashes = (spec: string, read = keyFile) => {
  const { hash, rulesHash } = parse(spec, read);
  return { hash, rulesHash };
};
const rules = `${build}  rules:\n    - { name: s, signature: { by: [build] } }\n`;

test('the rules hash leaves modes, suppressions, exceptions, their approval and revocations out; the whole hash leaves out nothing', () => {
  const plain = hashes(rules);
  for (const more of [
    `${build}  rules:\n    - { name: s, mode: warn, signature: { by: [build] } }\n`,
    `${rules}  exceptions: [{ rule: s, images: [a.example/b], reason: r, author: a, expires: 2026-12-31 }]\n`,
    `${rules}  suppressions: [{ id: C, purl: "pkg:npm/x", kind: accepted, reason: r, author: a, expires: 2026-12-31 }]\n`,
    `${rules}  revocations: [{ digest: "sha256:${'a'.repeat(64)}", reason: r, author: a }]\n`,
    `${rules}  exceptionsNeedApprover: true\n`,
  ]) {
    const changed = hashes(more);
    assert.equal(changed.rulesHash, plain.rulesHash);
    assert.notEqual(changed.hash, plain.hash);
  }
});

test('both hashes change with a rule, a registry, an authority or the key in a file', () => {
  const plain = hashes(rules);
  for (const changed of [
    hashes(rules.replace('name: s,', 'name: s, images: [a.example/b],')),
    hashes(`${rules}  registries: [a.example/b]\n`),
    hashes(rules.replace('{ file: build.pub }', '{ file: build.pub, notAfter: 2027-01-01 }')),
    hashes(rules, () => keyFile('another')),
  ]) {
    assert.notEqual(changed.hash, plain.hash);
    assert.notEqual(changed.rulesHash, plain.rulesHash);
  }
});

test('the order of keys, comments and spelled-out defaults change no hash', () => {
  assert.deepEqual(
    hashes(
      `${build}  # a comment\n  rules:\n    - { signature: { atLeast: 1, by: [build] }, mode: enforce, name: s }\n`,
    ),
    hashes(rules),
  );
});

test('a trust root written into the policy hashes as the file of the same text', () => {
  const root = (source: string) => hashes(`  roots: [{ name: own, ${source} }]\n`, () => '{"a":1}');
  assert.deepEqual(root(`json: '{"a":1}'`), root('file: trusted_root.json'));
  assert.deepEqual(
    root(`tuf: { mirror: "https://tuf.example", json: '{"a":1}' }`),
    root('tuf: { mirror: "https://tuf.example", root: root.json }'),
  );
  assert.throws(() => root(`json: '{"a":1}', file: b`), /expected file, json or tuf, one of them/);
  assert.throws(() => root('tuf: { mirror: "https://tuf.example" }'), /expected root or json, one of them/);
  assert.throws(() => root('json: "no JSON"'), /roots.0.json: expected a JSON file that can be read/);
});
