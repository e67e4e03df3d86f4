import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonFault } from '../../core/index.ts';
import { NotationFault } from './fault.ts';
import { actionsOf } from './level.ts';
import { policyFor } from './scope.ts';
import { parseTrustPolicy } from './trustpolicy.ts';

const identity = 'x509.subject: C=US, ST=WA, O=example.com';

const entry = {
  name: 'team',
  registryScopes: ['registry.example.com/team/app'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:team'],
  trustedIdentities: [identity],
};

function parse(...trustPolicies: unknown[]) {
  return parseTrustPolicy(JSON.stringify({ version: '1.0', trustPolicies }));
}

function assertRefused(run: () => unknown, message: RegExp, label: string): void {
  assert.throws(
    run,
    (error) => error instanceof NotationFault && message.test(error.message),
    `${label} ${String(message)}`,
  );
}

test('a trust policy of every shape that the specification allows is read', () => {
  const policy = parse(
    {
      ...entry,
      signatureVerification: { level: 'strict', override: { revocation: 'skip' }, verifyTimestamp: 'always' },
    },
    {
      ...entry,
      name: 'all',
      registryScopes: ['*'],
      signatureVerification: {
        level: 'permissive',
        override: { expiry: 'enforce' },
        verifyTimestamp: 'afterCertExpiry',
      },
      trustStores: ['ca:a', 'signingAuthority:b', 'tsa:c-d_e.f'],
      trustedIdentities: ['*'],
    },
    {
      name: 'unsigned',
      registryScopes: ['localhost:5000/a', '127.0.0.1:80/a__b/c-d'],
      signatureVerification: { level: 'skip' },
    },
    {
      ...entry,
      name: 'two',
      registryScopes: ['r.example.com/b'],
      trustedIdentities: [`${identity}, CN=a`, `${identity}, CN=b`],
    },
  );
  assert.equal(policyFor(policy, 'registry.example.com/team/app')?.name, 'team');
  assert.equal(policyFor(policy, 'registry.example.com/team/app/more')?.name, 'all');
  assert.equal(policyFor(policy, 'localhost:5000/a')?.name, 'unsigned');
  assert.equal(policyFor(parse(entry), 'registry.example.com/team'), undefined);
});

test('levels and overrides say what each check leads to', () => {
  const of = (level: 'strict' | 'permissive' | 'audit' | 'skip', override = {}) =>
    Object.values(actionsOf({ level, override })).join(' ');
  assert.equal(of('strict'), 'enforce enforce enforce enforce enforce');
  assert.equal(of('permissive'), 'enforce enforce log log log');
  assert.equal(of('audit'), 'enforce log log log log');
  assert.equal(of('skip'), 'skip skip skip skip skip');
  assert.equal(of('audit', { authenticity: 'enforce' }), 'enforce enforce log log log');
  assert.equal(of('strict', { revocation: 'skip' }), 'enforce enforce enforce enforce skip');
});

test('a trust policy that breaks a rule is refused, and the rule is named', () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ name: '' }, /a name/],
    [{ name: 5 }, /a name/],
    [{ registryScopes: [] }, /registryScopes of policy "team"/],
    [{ registryScopes: 'a' }, /registryScopes/],
    [{ registryScopes: ['*', 'r.example.com/a'] }, /alone/],
    [{ registryScopes: ['r.example.com/*'] }, /registry\/repository/],
    [{ registryScopes: ['registry.example.com'] }, /registry\/repository/],
    [{ registryScopes: ['https://r.example.com/a'] }, /registry\/repository/],
    [{ registryScopes: ['r.example.com/a:v1'] }, /registry\/repository/],
    [{ registryScopes: ['r.example.com/A'] }, /registry\/repository/],
    [{ registryScopes: ['r.example.com/a/'] }, /registry\/repository/],
    [{ registryScopes: ['-r.example.com/a'] }, /registry\/repository/],
    [{ signatureVerification: undefined }, /signatureVerification/],
    [{ signatureVerification: { level: 'Strict' } }, /level strict, permissive, audit, skip/],
    [{ signatureVerification: { level: 'toString' } }, /level/],
    [{ signatureVerification: { level: 'strict', overide: {} } }, /got "overide"/],
    [{ signatureVerification: { level: 'strict', override: { integrity: 'log' } } }, /integrity enforced/],
    [{ signatureVerification: { level: 'strict', override: { authenticity: 'skip' } } }, /only revocation/],
    [{ signatureVerification: { level: 'strict', override: { expiry: 'warn' } } }, /enforce, log, skip/],
    [{ signatureVerification: { level: 'strict', override: { expired: 'log' } } }, /"expired"/],
    [{ signatureVerification: { level: 'strict', verifyTimestamp: 'never' } }, /verifyTimestamp/],
    [{ signatureVerification: { level: 'skip' } }, /skips/],
    [
      {
        signatureVerification: { level: 'skip', override: { expiry: 'log' } },
        trustStores: [],
        trustedIdentities: [],
      },
      /no override/,
    ],
    [{ trustStores: undefined }, /no store/],
    [{ trustStores: [] }, /no store/],
    [{ trustedIdentities: undefined }, /no identity/],
    [{ trustStores: ['team'] }, /TYPE:NAME/],
    [{ trustStores: ['pki:team'] }, /TYPE:NAME/],
    [{ trustStores: ['ca:'] }, /TYPE:NAME/],
    [{ trustStores: ['ca:../x'] }, /TYPE:NAME/],
    [{ trustStores: ['ca:..'] }, /TYPE:NAME/],
    [{ trustStores: ['ca:a:b'] }, /TYPE:NAME/],
    [{ trustedIdentities: ['*', identity] }, /alone/],
    [{ trustedIdentities: ['C=US'] }, /x509.subject/],
    [{ trustedIdentities: ['x509.subject: C=US'] }, /without ST/],
    [{ trustedIdentities: ['x509.subject:'] }, /TYPE=VALUE/],
    [{ trustedIdentities: [identity, `${identity}, CN=a`] }, /overlap/],
    [{ trustedIdentities: [`${identity}, CN=a`, identity] }, /overlap/],
    [{ trustedIdentities: [identity, identity] }, /overlap/],
    [{ registryScope: ['*'] }, /"registryScope"/],
  ];
  for (const [change, message] of cases)
    assertRefused(() => parse({ ...entry, ...change }), message, JSON.stringify(change));
});

test('names and scopes are used once in a document, and there is one for all at most', () => {
  assertRefused(() => parse(entry, { ...entry, registryScopes: ['*'] }), /names used once/, 'name');
  assertRefused(() => parse(entry, { ...entry, name: 'b' }), /each registry scope once/, 'scope');
  const all = { ...entry, registryScopes: ['*'] };
  assertRefused(() => parse(all, { ...all, name: 'b' }), /each registry scope once/, '*');
  assertRefused(
    () => parse({ ...entry, registryScopes: ['r.example.com/a', 'r.example.com/a'] }),
    /once/,
    'twice',
  );
});

test('a document of another version or shape is refused', () => {
  assertRefused(() => parseTrustPolicy('{"version":"1.0"}'), /trustPolicies/, 'none');
  assertRefused(() => parseTrustPolicy('{"version":"1.0","trustPolicies":[]}'), /at least one/, 'empty');
  assertRefused(() => parseTrustPolicy('{"version":"2.0","trustPolicies":[]}'), /version/, 'version');
  assertRefused(() => parseTrustPolicy('[]'), /JSON object/, 'list');
  assertRefused(() => parse(null), /JSON object/, 'null');
  assert.throws(() => parseTrustPolicy('{'), JsonFault);
  assert.throws(() => parseTrustPolicy('{"version":"1.0","version":"1.0"}'), JsonFault);
});

test('a mistyped key is answered with the nearest right one', () => {
  assert.throws(
    () => parse({ ...entry, trustStore: [] }),
    (error) => error instanceof NotationFault && error.hint === 'Did you mean trustStores?',
  );
});
