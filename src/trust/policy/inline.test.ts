import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFile } from '../../testing/policyfacts.ts';
import { makeRoot } from '../../testing/x509.ts';
import { certificatePem, parseCertificate } from '../certificate/index.ts';
import { inlinePolicy } from './inline.ts';
import { parsePolicy } from './parse.ts';

const pem = certificatePem(parseCertificate(makeRoot('CN=a,O=b,C=DE,ST=x').certificate));
const text = `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata: { name: p }
spec:
  roots:
    - { name: own, file: root.json }
    - { name: tuf, tuf: { mirror: "https://tuf.example", root: root.json } }
  authorities:
    - { name: build, key: { keys: [{ file: build.pub, notAfter: 2027-01-01 }] } }
    - name: notary
      notation:
        trustedIdentities: ["x509.subject: C=DE, ST=x, O=b"]
        stores: [{ type: ca, name: c, files: [ca.pem, ca.pem] }]
  rules:
    - { name: s, signature: { by: [build, notary] } }
`;
const read = (path: string) =>
  path.endsWith('.json') ? '{"a":1}' : path.endsWith('.pem') ? pem : keyFile(path);
const nothing = (path: string): string => {
  throw new Error(`no file: ${path}`);
};

test('a policy with its files written into it is the same policy, and needs no file', () => {
  const before = parsePolicy(text, 'dir/policy.yaml', read);
  const inlined = inlinePolicy(text, 'dir/policy.yaml', read);
  const after = parsePolicy(JSON.stringify(inlined), 'cluster', nothing);
  assert.equal(after.hash, before.hash);
  assert.equal(after.rulesHash, before.rulesHash);
  assert.doesNotMatch(JSON.stringify(inlined), /"files?":/);
});
