import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorityOf,
  evidenceOf,
  forgeCose,
  forgeJws,
  leafName,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../../testing/notation.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  makeHolder,
  makeRoot,
  purposes,
} from '../../testing/x509.ts';
import type { Answer, Evidence, NotationAuthority, RejectionCode } from '../evidence/index.ts';
import { noRevocationEvidence } from './revocation.ts';
import { chainsToCheck, verifyNotation } from './verify.ts';

const hour = 3_600_000;
const chain = makeChain();
const [leaf, issuing, root] = chain;
const trusting = authorityOf({ 'ca:team': [root!] });

function verify(evidence: Evidence, authority: NotationAuthority = trusting, now = Date.now()): Answer {
  return verifyNotation(evidence, signedImage, authority, signedRepository, noRevocationEvidence, now);
}

function assertRejected(answer: Answer, code: RejectionCode, message?: RegExp): void {
  assert.ok(!answer.ok, `expected ${code}, got a verified signature`);
  assert.equal(answer.code, code, answer.message);
  if (message !== undefined) assert.match(answer.message, message);
}

for (const format of ['jws', 'cose'] as const) {
  test(`a signature as ${format} of another image is refused by digest, by size and by media type alone`, async () => {
    for (const other of [
      { digest: `sha256:${'c'.repeat(64)}` },
      { size: 1235 },
      { mediaType: 'application/vnd.oci.image.index.v1+json' },
    ])
      assertRejected(
        verify(await signedEvidence(chain, { format, subject: { ...signedImage, ...other } })),
        'digest-other',
        new RegExp(Object.keys(other)[0]!),
      );
  });

  test(`a signature as ${format} that was changed in any byte of what is signed does not verify`, async () => {
    const evidence = await signedEvidence(chain, { format });
    const bytes = Buffer.from(evidence.payload);
    const at = format === 'cose' ? bytes.indexOf('targetArtifact') : bytes.indexOf('"payload":"') + 20;
    bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
    assertRejected(verify({ ...evidence, payload: bytes }), 'signature-wrong');
  });

  test(`an expiry in ${format} ends a signature, at its second`, async () => {
    const now = Date.now();
    const expiry = Math.floor(now / 1000) * 1000 + 60_000;
    const evidence = await signedEvidence(chain, { format, expiry });
    const before = verify(evidence, trusting, expiry - 1);
    assert.ok(before.ok && before.until === expiry);
    assertRejected(verify(evidence, trusting, expiry), 'signature-expired');
  });
}

test('evidence beside another image is refused even when it is of this one', async () => {
  const evidence = await signedEvidence(chain);
  assertRejected(verify({ ...evidence, subject: `sha256:${'d'.repeat(64)}` }), 'digest-other', /beside/);
});

test('a signature by another key than that of the certificate is refused', () => {
  assertRejected(verify(forgeJws(chain, { key: makeRoot('CN=thief') })), 'signature-wrong');
  assertRejected(verify(forgeCose(chain, { key: makeRoot('CN=thief') })), 'signature-wrong');
});

test('a self-made chain with the names of the right one is not trusted', async () => {
  assertRejected(verify(await signedEvidence(makeChain())), 'certificate-untrusted');
});

test('a trust store may hold the root, an intermediate or a certificate that signs itself', async () => {
  assert.ok(verify(await signedEvidence(chain), authorityOf({ 'ca:a': [issuing!] })).ok);
  const own = makeHolder(leafName, undefined, { extensions: [keyUsage([0])] });
  assert.ok(verify(await signedEvidence([own]), authorityOf({ 'ca:a': [own] })).ok);
  assertRejected(
    verify(await signedEvidence(chain), authorityOf({ 'ca:a': [leaf] })),
    'trust-root-unusable',
    /authorities in the trust store ca:a/,
  );
});

test('a trust store of another kind does not count, and one that is not there is not an empty one', async () => {
  const evidence = await signedEvidence(chain);
  assertRejected(verify(evidence, authorityOf({ 'signingAuthority:a': [root!] })), 'certificate-untrusted');
  assertRejected(verify(evidence, authorityOf({ 'tsa:a': [root!] })), 'certificate-untrusted');
  const missing = authorityOf({ 'ca:a': [root!] }, { trustStores: ['ca:a', 'ca:b'] });
  const answer = verify(evidence, missing);
  assertRejected(answer, 'trust-root-unusable', /ca:b/);
  assert.ok(!answer.ok && answer.undecided);
});

test('identities are compared as names, every attribute that is asked for', async () => {
  const evidence = await signedEvidence(chain);
  const withIdentity = (...trustedIdentities: string[]) =>
    verify(evidence, authorityOf({ 'ca:a': [root!] }, { trustedIdentities }));
  for (const identity of [
    '*',
    'x509.subject: C=US, ST=WA, O=example.com',
    'x509.subject:O=example.com,S=WA,C=US,CN=signer',
    'x509.subject: C=US, ST=WA, L=Seattle, O=example.com, OU=build, CN=signer',
  ])
    assert.ok(withIdentity(identity).ok, identity);
  for (const identity of [
    'x509.subject: C=US, ST=WA, O=example',
    'x509.subject: C=US, ST=WA, O=example.com, OU=other',
    'x509.subject: C=US, ST=WA, O=example.com, CN=signer\\,OU\\=build',
    'x509.subject: C=US, ST=WA, O=EXAMPLE.COM',
    'x509.subject: C=US, ST=WA, O=example.com, STREET=x',
  ])
    assertRejected(withIdentity(identity), 'identity-other');
  assert.ok(withIdentity('x509.subject: C=DE, ST=BE, O=x', 'x509.subject: C=US, ST=WA, O=example.com').ok);
});

test('a certificate cannot smuggle a trusted name into one of its values, nor name an attribute twice', async () => {
  for (const [name, message] of [
    ['CN=x\\,O=example.com\\,ST=WA\\,C=US,O=evil,ST=WA,C=US', /expected x509/],
    ['CN=x,O=evil,O=example.com,ST=WA,C=US', /twice/],
  ] as const) {
    const made = makeChain({ leafName: name });
    assertRejected(
      verify(await signedEvidence(made), authorityOf({ 'ca:a': [made[2]!] })),
      'identity-other',
      message,
    );
  }
});

test('a policy is chosen by the whole repository before the one for all, and none is a reason of its own', async () => {
  const evidence = await signedEvidence(chain);
  const other = { level: 'strict', override: { expiry: 'log' } } as const;
  const authority = authorityOf({ 'ca:a': [root!] });
  const [all] = authority.trustPolicy.trustPolicies;
  const scoped = (registryScopes: string[], trustedIdentities: string[]) => ({
    ...authority,
    trustPolicy: {
      version: '1.0',
      trustPolicies: [
        all!,
        { ...all!, name: 'mine', registryScopes, trustedIdentities, signatureVerification: other },
      ],
    },
  });
  const nobody = ['x509.subject: C=DE, ST=BE, O=nobody'];
  assertRejected(verify(evidence, scoped([signedRepository], nobody)), 'identity-other');
  assert.ok(verify(evidence, scoped(['registry.example.com/team'], nobody)).ok, 'no prefix applies');
  assert.ok(verify(evidence, scoped(['registry.example.com/team/app2'], nobody)).ok);
  const none = authorityOf({ 'ca:a': [root!] }, { registryScopes: ['registry.example.com/team/ap'] });
  assertRejected(verify(evidence, none), 'scope-none');
});

test('a policy that skips verification vouches for nothing', async () => {
  const skipping = authorityOf({ 'ca:a': [root!] }, { signatureVerification: { level: 'skip' } });
  assertRejected(verify(await signedEvidence(chain), skipping), 'scope-none', /skips/);
});

test('an expired certificate is refused without a timestamp, at every point of the chain', async () => {
  const past = { notBefore: Date.now() - 2 * hour, notAfter: Date.now() - hour };
  for (const options of [{ leaf: past }, { intermediate: past }, { root: past }]) {
    const made = makeChain(options);
    const authority = authorityOf({ 'ca:a': [made[2]!] });
    assertRejected(verify(forgeJws(made), authority), 'certificate-expired');
    const early = makeChain({ leaf: { notBefore: Date.now() + hour, notAfter: Date.now() + 2 * hour } });
    assertRejected(verify(forgeJws(early), authorityOf({ 'ca:a': [early[2]!] })), 'certificate-expired');
  }
});

test('permissive and audit only log what they say, and never integrity', async () => {
  const made = makeChain({ leaf: { notBefore: Date.now() - 2 * hour, notAfter: Date.now() - hour } });
  const at = (level: 'permissive' | 'audit', store = made[2]!) =>
    authorityOf({ 'ca:a': [store] }, { signatureVerification: { level } });
  const permissive = verify(forgeJws(made), at('permissive'));
  assert.ok(permissive.ok);
  assert.match(permissive.warnings!.join(), /^authenticTimestamp: expected a signature made while CN=signer/);
  assertRejected(verify(forgeJws(made), at('permissive', root!)), 'certificate-untrusted');
  const audit = verify(forgeJws(made), at('audit', root!));
  assert.ok(audit.ok);
  assert.deepEqual(
    audit.warnings!.map((warning) => warning.split(':')[0]),
    ['authenticity', 'authenticTimestamp'],
  );
  assertRejected(verify(forgeJws(made, { key: root! }), at('audit')), 'signature-wrong');
  const other = { payload: { targetArtifact: { ...signedImage, size: 1 } } };
  assertRejected(verify(forgeJws(made, other), at('audit')), 'digest-other');
  const enforced = { level: 'permissive', override: { authenticTimestamp: 'enforce' } } as const;
  assertRejected(
    verify(forgeJws(made), authorityOf({ 'ca:a': [made[2]!] }, { signatureVerification: enforced })),
    'certificate-expired',
  );
});

test('critical attributes that nobody understands, and plugins, are refused', () => {
  const name = (short: string) => `io.cncf.notary.${short}`;
  const scheme = name('signingScheme');
  const plugin = name('verificationPlugin');
  for (const forge of [
    (head: Record<string, unknown>) => forgeJws(chain, { head }),
    ({ crit, ...head }: Record<string, unknown>) =>
      forgeCose(chain, { head: crit === undefined ? head : { ...head, '2': crit } }),
  ]) {
    assertRejected(verify(forge({ crit: [scheme, 'x'], x: 'y' })), 'attribute-unknown', /got "x"$/);
    assertRejected(verify(forge({ crit: [scheme, plugin], [plugin]: 'p' })), 'attribute-unknown', /Plugin/);
    assertRejected(verify(forge({ [plugin]: 'p' })), 'attribute-unknown', /Plugin/);
    assert.ok(verify(forge({ x: 'y' })).ok, 'one that is not critical is passed by');
  }
});

test('certificates that are not for signatures are refused, each for its reason', () => {
  const usages = [keyUsage([0]), extendedKeyUsage([purposes.codeSigning])];
  const withLeaf = (...extensions: Buffer[]) => makeChain({ leaf: { extensions } });
  const cases: [string, ReturnType<typeof makeChain>, RejectionCode, RegExp][] = [
    ['no keyUsage', withLeaf(), 'certificate-unfit', /digitalSignature/],
    ['keyUsage not critical', withLeaf(keyUsage([0], false)), 'certificate-unfit', /critical/],
    ['keyCertSign', withLeaf(keyUsage([0, 5])), 'certificate-unfit', /bit 5/],
    ['an authority', withLeaf(keyUsage([0]), basicConstraints(true)), 'certificate-unfit', /no authority/],
    [
      'serverAuth',
      withLeaf(keyUsage([0]), extendedKeyUsage([purposes.codeSigning, purposes.serverAuth])),
      'certificate-unfit',
      /serverAuth/,
    ],
    [
      'any purpose',
      withLeaf(keyUsage([0]), extendedKeyUsage([purposes.any])),
      'certificate-unfit',
      /any purpose/,
    ],
    [
      'timeStamping',
      withLeaf(keyUsage([0]), extendedKeyUsage([purposes.timeStamping])),
      'certificate-unfit',
      /timeStamping/,
    ],
    [
      'another purpose',
      withLeaf(keyUsage([0]), extendedKeyUsage(['1.2.3.4'])),
      'certificate-unfit',
      /codeSigning/,
    ],
    ['SHA-1', makeChain({ leaf: { hash: 'sha1' } }), 'algorithm-refused', /SHA-1/],
    ['RSA 1024', makeChain({ leaf: { keyKind: 'rsa1024' } }), 'algorithm-refused', /rsa 1024/],
    ['Ed25519 issuer', makeChain({ intermediate: { keyKind: 'ed25519' } }), 'algorithm-refused', /ed25519/],
    [
      'issuer no authority',
      makeChain({ intermediate: { extensions: [keyUsage([5])] } }),
      'certificate-unfit',
      /cA/,
    ],
    [
      'cA not critical',
      makeChain({ intermediate: { extensions: [basicConstraints(true, 0, false), keyUsage([5])] } }),
      'certificate-unfit',
      /critical/,
    ],
    [
      'issuer may not sign',
      makeChain({ intermediate: { extensions: [basicConstraints(true), keyUsage([0])] } }),
      'certificate-unfit',
      /keyCertSign/,
    ],
    [
      'issuer for servers',
      makeChain({
        intermediate: {
          extensions: [
            basicConstraints(true, 0),
            keyUsage([5]),
            extendedKeyUsage([purposes.serverAuth, purposes.timeStamping]),
          ],
        },
      }),
      'certificate-unfit',
      /an authority for the purpose/,
    ],
    [
      'path too long',
      makeChain({ root: { extensions: [basicConstraints(true, 0), keyUsage([5])] } }),
      'certificate-unfit',
      /at most 0/,
    ],
    [
      'unknown critical extension',
      withLeaf(...usages, Buffer.from('300c06032a03040101ff04020500', 'hex')),
      'certificate-unfit',
      /1\.2\.3\.4/,
    ],
  ];
  for (const [name, made, code, message] of cases) {
    const answer = verify(forgeJws(made), authorityOf({ 'ca:a': [made[2]!] }));
    assert.ok(
      !answer.ok && answer.code === code && message.test(answer.message),
      `${name}: ${JSON.stringify(answer)}`,
    );
  }
});

test('the chain has to be whole, in order and without more', () => {
  const stranger = makeRoot('CN=stranger');
  for (const [name, sent] of Object.entries({
    'root missing': [leaf, issuing!],
    'intermediate missing': [leaf, root!],
    swapped: [leaf, root!, issuing!],
    'root twice': [leaf, issuing!, root!, root!],
    'a stranger behind it': [leaf, issuing!, root!, stranger],
    'a stranger in it': [leaf, stranger, issuing!, root!],
  }))
    for (const forge of [forgeJws, forgeCose])
      assertRejected(
        verify(forge(chain, { chain: sent }), authorityOf({ 'ca:a': [root!, issuing!] })),
        'certificate-untrusted',
        new RegExp(name === 'root missing' ? 'signs itself' : 'issued by|signs itself'),
      );
  assertRejected(verify(forgeJws(chain, { chain: [] })), 'signature-malformed');
});

test('only chains that are trusted in every other way are given out to be asked about', async () => {
  const asked = (evidence: Evidence, authority = trusting) =>
    chainsToCheck(evidence, signedImage, authority, signedRepository, Date.now());
  assert.deepEqual(asked(await signedEvidence(chain)), [chain.map(({ certificate }) => certificate)]);
  assert.deepEqual(asked(await signedEvidence(makeChain())), []);
  assert.deepEqual(asked(forgeJws(chain, { key: root! })), []);
  assert.deepEqual(asked(evidenceOf(Buffer.from('{}'))), []);
  const audit = authorityOf({ 'ca:a': [root!] }, { signatureVerification: { level: 'audit' } });
  assert.deepEqual(asked(await signedEvidence(makeChain()), audit), []);
});
