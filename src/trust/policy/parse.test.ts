// Policies as people write them: what is accepted, and how each mistake is named.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keyFile } from '../../testing/policyfacts.ts';
import { makeCertificate } from '../../testing/x509.ts';
import { parsePolicy } from './parse.ts';
import type { ImagePolicy } from './policy.ts';
import { imagePolicySchema, policyTestSchema } from './schema.ts';

const head = 'apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicy\nmetadata: { name: p }\n';
const parse = (spec: string, read = keyFile): ImagePolicy =>
  parsePolicy(`${head}spec:\n${spec}`, 'dir/policy.yaml', read);
const build = '  authorities:\n    - { name: build, key: { keys: [{ file: build.pub }] } }\n';

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

test('files are read beside the policy, each once', () => {
  const asked: string[] = [];
  const read = (path: string) => {
    asked.push(path);
    return keyFile(path);
  };
  parse(
    '  authorities:\n    - { name: a, key: { keys: [{ file: keys/a.pub }] } }\n    - { name: b, key: { keys: [{ file: keys/a.pub }, { file: /abs/b.pub }] } }\n',
    read,
  );
  assert.deepEqual(asked, ['dir/keys/a.pub', '/abs/b.pub']);
});

test('a file that cannot be read, or holds no public key, is named with its place', () => {
  const gone = mistake(build, () => {
    throw new Error('ENOENT: build.pub');
  });
  assert.match(
    gone,
    /^dir\/policy\.yaml:6:\d+: spec\.authorities\.0\.key\.keys\.0\.file: ENOENT: build\.pub$/,
  );
  assert.match(
    mistake(build, () => 'nothing'),
    /expected one public key in PEM, got none/,
  );
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.match(
    mistake(build, () => secret),
    /got a private key, which belongs into no policy/,
  );
  assert.match(
    mistake(build, () => keyFile('a') + keyFile('b')),
    /expected one public key/,
  );
});

test('a key that is too weak, or of a kind that signs nothing, is refused', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const odd = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const exchange = generateKeyPairSync('x25519').publicKey;
  for (const key of [weak, odd, exchange])
    assert.match(
      mistake(build, () => key.export({ type: 'spki', format: 'pem' }).toString()),
      /expected a key on P-256, P-384, P-521 or Ed25519, or RSA of at least 2048 bits/,
    );
});

test('what is missing or no text is said in the words of the rest', () => {
  assert.match(
    mistake('  revocations: [{ reason: r, author: 7, digest: x }]\n'),
    /author: expected text, got 7, which YAML reads as no text/,
  );
  assert.match(
    mistake(`${build}  rules: [{ digest: required }]\n`),
    /rules\.0\.name: expected text, got none/,
  );
});

test('mistyped words are answered with the nearest right one', () => {
  assert.match(mistake(`${build}  rulez: []\n`), /:7:3: unknown key "rulez", did you mean "rules"\?/);
  assert.match(
    mistake(`${build}  rules: [{ name: s, signature: { by: [biuld] } }]\n`),
    /:7:\d+: .*there is no authority "biuld", did you mean "build"\?/,
  );
  assert.match(
    mistake(`${build}  rules: [{ name: s, attestation: { by: [build], type: slsaprovenence } }]\n`),
    /did you mean "slsaprovenance"\?/,
  );
  const exceptions = (what: string) =>
    `${build}  rules: [{ name: signed, signature: { by: [build] } }]\n  exceptions: [{ ${what}, images: [a.example/b], reason: r, author: a, expires: 2026-12-31 }]\n`;
  assert.match(mistake(exceptions('rule: singed')), /there is no rule "singed", did you mean "signed"\?/);
  assert.match(
    mistake(exceptions('undecided: end-of-live')),
    /there is no undecided code "end-of-live", did you mean "end-of-life"\?/,
  );
  assert.equal(mistake(exceptions('undecided: signature-malformed')), 'none');
  assert.match(mistake(exceptions('undecided: key-unknown')), /there is no undecided code/);
  assert.match(mistake(exceptions('undecided: no-rule')), /no exception lifts no-rule/);
  assert.match(mistake(exceptions('undecided: end-of-life, rule: signed')), /one of them/);
});

test('every mistake is named at once', () => {
  const text = mistake(
    `${build}  rules:\n    - { name: a, signature: { by: [x] } }\n    - { name: a, age: { max: 3d }, digest: required }\n`,
  );
  assert.equal(text.split('\n').length, 3);
});

test('another kind or version is refused', () => {
  const as = (text: string) => () => parsePolicy(text, 'p.yaml', keyFile);
  assert.throws(as(head.replace('ImagePolicy', 'ClusterPolicy')), /p\.yaml:2:7: kind: expected ImagePolicy/);
  assert.throws(as(`${head.replace('v1alpha1', 'v1')}spec: {}\n`), /expected seaworthy\.dev\/v1alpha1/);
  assert.throws(as(head), /spec/);
});

test('what a cluster adds to metadata and status is accepted', () => {
  const text = `${head.replace('{ name: p }', '{ name: p, uid: x, generation: 3, labels: { a: b } }')}spec: {}\nstatus: { conditions: [] }\n`;
  assert.equal(parsePolicy(text, 'p.yaml', keyFile).name, 'p');
});

test('a rule is of exactly one kind', () => {
  assert.match(mistake(`${build}  rules: [{ name: s }]\n`), /got none/);
  assert.match(mistake('  rules: [{ name: s, digest: required, age: { max: 3d } }]\n'), /got digest and age/);
  assert.match(mistake('  rules: [{ name: s, digest: optional }]\n'), /rules\.0\.digest/);
});

test('a threshold that no number of signatures can reach is refused', () => {
  const two = (keys: string, more = '') =>
    mistake(
      `  authorities:\n    - { name: a, key: { keys: [${keys}] } }\n    - { name: b, key: { keys: [{ file: one.pub }] } }\n${more}  rules: [{ name: s, signature: { by: [a, b], atLeast: 2 } }]\n`,
    );
  assert.match(two('{ file: one.pub }'), /expected at most 1, the distinct signers there can be, got 2/);
  assert.equal(two('{ file: one.pub }, { file: two.pub }'), 'none');
});

test('an authority that cannot write what the rule accepts is refused', () => {
  assert.match(
    mistake(`${build}  rules: [{ name: s, signature: { by: [build], formats: [notation] } }]\n`),
    /"build" signs as cosign or bundle, which formats does not name/,
  );
});

test('windows of keys have an order, and a day holds whole', () => {
  const keys = (text: string) =>
    `  authorities:\n    - { name: a, key: { keys: [{ file: a.pub, ${text} }] } }\n`;
  assert.match(
    mistake(keys('notBefore: 2026-02-01, notAfter: 2026-01-01')),
    /expected a time after notBefore/,
  );
  assert.match(mistake(keys('notBefore: tomorrow')), /expected a day as YYYY-MM-DD/);
  assert.match(mistake(keys('notBefore: "2026-02-01T00:00:00"')), /expected a day/);
  const [authority] = parse(keys('notBefore: 2026-01-01, notAfter: 2026-01-01')).authorities;
  assert.ok(authority?.kind === 'key');
  assert.equal(authority.keys[0]?.notBefore, '2026-01-01T00:00:00.000Z');
  assert.equal(authority.keys[0]?.notAfter, '2026-01-01T23:59:59.999Z');
});

test('a keyless authority needs a proof of when it signed', () => {
  const ci = (proofs: string) =>
    `  authorities:\n    - { name: ci, keyless: { identities: [{ issuer: "https://i.example", subject: "a@example.com" }] }${proofs} }\n`;
  const [authority] = parse(ci('')).authorities;
  assert.ok(authority?.kind === 'keyless');
  assert.deepEqual([authority.proofs.log, authority.root], [true, 'public-good']);
  assert.match(mistake(ci(', proofs: { log: false }')), /expected the proof of a log or a timestamp/);
  assert.equal(mistake(ci(', proofs: { log: false, timestamp: true }')), 'none');
});

test('a trust root has a name that is there', () => {
  const ci =
    '  authorities:\n    - { name: ci, keyless: { root: ours, identities: [{ issuer: "https://i.example", subject: "a@example.com" }] } }\n';
  assert.match(mistake(ci), /there is no trust root "ours"/);
  const policy = parse(`${ci}  roots: [{ name: ours, file: trusted_root.json }]\n`, () => '{"a":1}');
  assert.deepEqual(policy.roots, [{ name: 'ours', kind: 'file', json: '{"a":1}' }]);
  assert.match(
    mistake('  roots: [{ name: public-good, file: r.json }]\n', () => '{}'),
    /public-good/,
  );
  assert.match(
    mistake('  roots: [{ name: ours, file: r.json }]\n', () => 'no'),
    /expected a JSON file/,
  );
});

function certificateFile(): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = makeCertificate({
    subject: 'CN=ca,O=acme,ST=WA,C=US',
    issuer: 'CN=ca,O=acme,ST=WA,C=US',
    publicKey,
    signerKey: privateKey,
  });
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

test('notation names whom it trusts, and attests nothing', () => {
  const notation = (identity: string, rule = '') =>
    `  authorities:\n    - name: n\n      notation: { trustedIdentities: ["${identity}"], stores: [{ type: ca, name: acme, files: [ca.pem] }] }\n${rule}`;
  const certificate = certificateFile();
  assert.match(
    mistake(notation('*'), () => certificate),
    /which trusts everybody/,
  );
  assert.match(
    mistake(notation('x509.subject: CN=x'), () => certificate),
    /got none of C, ST, O/,
  );
  assert.match(
    mistake(notation('x509.subject: C=US, ST=WA, O=acme'), () => 'x'),
    /expected certificates in PEM, got none/,
  );
  assert.match(
    mistake(
      notation(
        'x509.subject: C=US, ST=WA, O=acme',
        '  rules: [{ name: a, attestation: { type: spdx, by: [n] } }]\n',
      ),
      () => certificate,
    ),
    /signs as notation, which has no attestations/,
  );
});

test('without mutateDigest, evidence needs a digest for the same images', () => {
  const rules = (more: string) =>
    mistake(
      `${build}  mutateDigest: false\n  rules:\n    - { name: s, images: [a.example/b], signature: { by: [build] } }\n${more}`,
    );
  assert.match(rules(''), /expected mutateDigest, or a rule with "digest: required"/);
  assert.equal(rules('    - { name: d, digest: required }\n'), 'none');
  assert.equal(rules('    - { name: d, images: [a.example/b], digest: required }\n'), 'none');
  assert.match(
    rules('    - { name: d, images: [a.example/c], digest: required }\n'),
    /expected mutateDigest/,
  );
  assert.match(rules('    - { name: d, mode: warn, digest: required }\n'), /expected mutateDigest/);
});

test('a rule on vulnerabilities or bases asks for something', () => {
  assert.match(
    mistake(`${build}  rules: [{ name: v, vulnerabilities: { by: [build] } }]\n`),
    /at least one of severity, kev, epss and priority/,
  );
  assert.match(
    mistake(`${build}  rules: [{ name: v, vulnerabilities: { by: [build], kev: false } }]\n`),
    /at least one/,
  );
  assert.match(mistake('  rules: [{ name: b, base: {} }]\n'), /at least one of allowed, by and wait/);
});

test('spans of time have a unit', () => {
  const age = (text: string) => mistake(`  rules: [{ name: a, age: { max: ${text} } }]\n`);
  for (const good of ['30m', '12h', '7d', '2w']) assert.equal(age(good), 'none');
  for (const bad of ['7', '0d', '-1d', '1.5d', '7 days', 'P7D', '1y']) assert.notEqual(age(bad), 'none', bad);
});

test('what is asked of provenance is asked of nothing else', () => {
  const attestation = (text: string) =>
    mistake(`${build}  rules: [{ name: a, attestation: { by: [build], ${text} } }]\n`);
  assert.equal(attestation('type: slsaprovenance, source: "https://github.com/org/repo"'), 'none');
  assert.match(
    attestation('type: spdx, source: "https://github.com/org/repo"'),
    /source is asked of slsaprovenance only/,
  );
  assert.match(attestation('type: spdx, levels: [x]'), /levels is asked of vsa only/);
  assert.match(
    attestation('type: slsaprovenance, source: "https://github.com/*"'),
    /patterns have a key of their own/,
  );
  assert.match(attestation('type: slsaprovenance, sourcePattern: "**"'), /would let strangers in/);
  assert.match(
    attestation('type: slsaprovenance, builder: a, builderPattern: "https://a.example/b*"'),
    /got both/,
  );
});

test('suppressions, exceptions and revocations have a reason, an author and where due an end', () => {
  for (const lacking of ['reason', 'author', 'expires']) {
    const fields = ['reason: r', 'author: a', 'expires: 2026-12-31'].filter(
      (field) => !field.startsWith(lacking),
    );
    const exception = `${build}  rules: [{ name: s, signature: { by: [build] } }]\n  exceptions: [{ rule: s, images: [a.example/b], ${fields.join(', ')} }]\n`;
    assert.match(mistake(exception), new RegExp(`exceptions\\.0\\.${lacking}`));
    const suppression = `  suppressions: [{ id: CVE-1, purl: "pkg:npm/x", kind: accepted, ${fields.join(', ')} }]\n`;
    assert.match(mistake(suppression), new RegExp(`suppressions\\.0\\.${lacking}`));
  }
  assert.match(
    mistake(
      '  suppressions: [{ id: C, purl: x, kind: accepted, reason: r, author: a, expires: 2026-12-31 }]\n',
    ),
    /package URL/,
  );
  assert.match(
    mistake(
      '  suppressions: [{ id: C, purl: "pkg:npm/x", kind: not_affected, reason: r, author: a, expires: 2026-12-31 }]\n',
    ),
    /justification/,
  );
  assert.match(
    mistake('  revocations: [{ digest: "sha256:1", reason: r, author: a }]\n'),
    /expected a digest/,
  );
});

test('the published schemas are the ones that documents are checked against', () => {
  const published = (name: string) =>
    readFileSync(new URL(`../../../docs/schema/${name}.schema.json`, import.meta.url), 'utf8');
  assert.equal(published('image-policy'), imagePolicySchema());
  assert.equal(published('image-policy-test'), policyTestSchema());
});

test('a mistyped word of a few is answered with the nearest', () => {
  assert.match(
    mistake('  rules: [{ name: d, mode: enfore, digest: required }]\n'),
    /expected enforce, warn, audit, got "enfore", did you mean "enforce"\?/,
  );
  assert.match(
    mistake(`${build}  rules: [{ name: v, vulnerabilities: { by: [build], severity: hihg } }]\n`),
    /did you mean "high"\?/,
  );
});

test('fixes name the private key beside the public one, from where the policy was named', () => {
  assert.deepEqual(parse(build).keyFiles['build'], ['dir/build.pub']);
});

test('formats that a signature rule does not name are those its authorities write', () => {
  const [rule] = parse(`${build}  rules: [{ name: s, signature: { by: [build] } }]\n`).rules;
  assert.deepEqual(rule?.kind === 'signature' && rule.formats, ['cosign', 'bundle']);
});
