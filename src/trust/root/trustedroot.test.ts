// Tests of the trusted root: what ships can be read, and a root that trusts since ever is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseTrustedRoot } from './index.ts';

const shipped = readFileSync(new URL('../../../data/sigstore/trusted_root.json', import.meta.url), 'utf8');

test("the public-good instance's root that ships names its authorities, logs and timestamp authorities", () => {
  const root = parseTrustedRoot(shipped);
  assert.ok(root.authorities.length >= 2);
  assert.ok(root.transparencyLogs.some(({ baseUrl }) => baseUrl === 'https://rekor.sigstore.dev'));
  assert.ok(root.certificateLogs.length >= 1);
});

test('an authority without a start would vouch for what was made before it: refused', () => {
  for (const part of ['certificateAuthorities', 'timestampAuthorities'] as const) {
    const document = JSON.parse(shipped);
    if (document[part] === undefined) continue;
    delete document[part][0].validFor.start;
    assert.throws(() => parseTrustedRoot(JSON.stringify(document)), { code: 'trusted-root-invalid' });
  }
  const document = JSON.parse(shipped);
  delete document.tlogs[0].publicKey.validFor.start;
  assert.throws(() => parseTrustedRoot(JSON.stringify(document)), { code: 'trusted-root-invalid' });
});

test('an authority without certificates, another media type and no JSON are refused', () => {
  const document = JSON.parse(shipped);
  document.certificateAuthorities[0].certChain.certificates = [];
  assert.throws(() => parseTrustedRoot(JSON.stringify(document)), { code: 'trusted-root-invalid' });
  assert.throws(() => parseTrustedRoot(shipped.replace('trustedroot', 'other')), {
    code: 'trusted-root-invalid',
  });
  assert.throws(() => parseTrustedRoot('{'), { code: 'trusted-root-invalid' });
});
