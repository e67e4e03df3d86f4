// Attestations: the right type, the right signer, and the right words in the right fields.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attestedBy,
  dayMs,
  digestA,
  factsOf,
  hourMs,
  judged,
  policyNow,
  policyOf,
  rejectedBy,
  signedBy,
} from '../../testing/policyfacts.ts';

const v1 = 'https://slsa.dev/provenance/v1';
const v02 = 'https://slsa.dev/provenance/v0.2';
const vsa = 'https://slsa.dev/verification_summary/v1';
const builder = 'https://github.com/actions/runner/github-hosted';
const source = 'https://github.com/org/repo';

const rule = (more: Record<string, unknown> = {}) =>
  policyOf({ rules: [{ name: 'provenance', attestation: { type: 'slsaprovenance', by: ['ci'], ...more } }] });

function provenance(parameters: unknown, more: Record<string, unknown> = {}): unknown {
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: parameters,
      resolvedDependencies: [{ uri: `git+${source}@refs/heads/main` }],
    },
    runDetails: { builder: { id: builder }, metadata: {}, ...more },
  };
}

const github = (repository: string, ref = 'refs/heads/main') =>
  provenance({ workflow: { repository, ref, path: '.github/workflows/w.yml' } });

const says = (policy: ReturnType<typeof rule>, predicate: unknown, type = v1) =>
  judged(policy, factsOf({ answers: [attestedBy('ci', type, predicate)] })).says;

test('provenance of version 1 counts by builder, source, ref and build type', () => {
  const asked = rule({
    builder,
    source,
    ref: 'refs/heads/main',
    buildType: 'https://actions.github.io/buildtypes/workflow/v1',
  });
  assert.equal(says(asked, github(source)), 'allow met');
  assert.equal(says(rule({ builder: `${builder}-evil` }), github(source)), 'deny failed builder-other');
  assert.equal(
    says(rule({ buildType: 'https://example.com/b' }), github(source)),
    'deny failed build-type-other',
  );
  assert.equal(says(rule({ ref: 'refs/heads/release' }), github(source)), 'deny failed source-other');
});

test('a source that only begins, ends or contains like the right one is another', () => {
  const wrong = [
    `${source}-evil`,
    `${source}/sub`,
    'https://github.com/org/repository',
    'https://github.com/evil/org/repo',
    'https://github.com.evil.example/org/repo',
    'https://github.com@evil.example/org/repo',
    'https://github.com/org/repo/../../evil/repo',
    'http://github.com/org/repo',
    'https://evil.example/?https://github.com/org/repo',
    'https://evil.example/#https://github.com/org/repo',
    'git@github.com:org/repo',
    '',
  ];
  for (const other of wrong)
    assert.equal(says(rule({ source }), github(other)), 'deny failed source-other', other);
});

test('a source is the same with git+, .git, a ref or capitals in its host', () => {
  for (const same of [
    `git+${source}@refs/heads/main`,
    `${source}.git`,
    `${source}.git#refs/heads/main`,
    `${source}/`,
    'https://GitHub.com/org/repo',
  ])
    assert.equal(says(rule({ source }), github(same)), 'allow met', same);
  assert.equal(says(rule({ source: `git+${source}.git` }), github(source)), 'allow met');
});

test('a mere dependency or material is no source', () => {
  assert.equal(says(rule({ source }), provenance({})), 'deny failed source-other');
  const evil = github('https://github.com/evil/repo');
  assert.equal(says(rule({ source }), evil), 'deny failed source-other');
  const old = {
    builder: { id: builder },
    buildType: 'x',
    invocation: { configSource: { uri: 'git+https://github.com/evil/repo@refs/heads/main' } },
    materials: [{ uri: `git+${source}@refs/heads/main` }],
  };
  assert.equal(says(rule({ source }), old, v02), 'deny failed source-other');
});

test('inputs that a caller chose are no source, and two sources that differ are none', () => {
  assert.equal(
    says(rule({ source }), provenance({ inputs: { source }, workflow: { inputs: { repository: source } } })),
    'deny failed source-other',
  );
  const mixed = provenance({ workflow: { repository: 'https://github.com/evil/repo' }, source });
  assert.equal(says(rule({ source }), mixed), 'deny failed source-other');
});

test('the builder is read from the field of its version, never from the other', () => {
  const confused = { ...(provenance({}) as object), runDetails: {}, builder: { id: builder } };
  assert.equal(says(rule({ builder }), confused), 'deny failed attestation-malformed');
  const reverse = { runDetails: { builder: { id: builder } }, invocation: {} };
  assert.equal(says(rule({ builder }), reverse, v02), 'deny failed attestation-malformed');
});

test('provenance of version 0.2 counts by its own fields', () => {
  const old = {
    builder: { id: builder },
    buildType: 'https://example.com/type',
    invocation: { configSource: { uri: `git+${source}@refs/tags/v1` } },
  };
  const asked = rule({ builder, source, ref: 'refs/tags/v1', buildType: 'https://example.com/type' });
  assert.equal(says(asked, old, v02), 'allow met');
  assert.equal(says(rule({ type: 'slsaprovenance1' }), old, v02), 'deny failed attestation-missing');
  assert.equal(says(rule({ type: 'slsaprovenance02' }), old, v02), 'allow met');
});

test('sources named as BuildKit, Cloud Build and GitLab name them are read', () => {
  for (const parameters of [
    { configSource: { uri: `${source}.git#refs/heads/main` } },
    { sourceToBuild: { repository: source, ref: 'refs/heads/main' } },
    { source: { uri: `git+${source}@refs/heads/main` } },
    { source },
  ])
    assert.equal(says(rule({ source }), provenance(parameters)), 'allow met');
});

test('patterns of builder and source are anchored', () => {
  const asked = rule({
    builderPattern: 'https://github.com/actions/*/github-hosted',
    sourcePattern: 'https://github.com/org/*',
  });
  assert.equal(says(asked, github(source)), 'allow met');
  assert.equal(says(asked, github(`${source}/deep`)), 'deny failed source-other');
  assert.equal(says(asked, github(`https://evil.example/${source}`)), 'deny failed source-other');
});

test('an attestation of another type, or none, is missing, and what there is instead is said', () => {
  assert.equal(judged(rule(), factsOf()).says, 'deny failed attestation-missing');
  const other = attestedBy('ci', 'https://spdx.dev/Document', {});
  const { rule: outcome, says: said } = judged(rule(), factsOf({ answers: [other, signedBy('ci')] }));
  assert.equal(said, 'deny failed attestation-missing');
  assert.match(outcome.found, /but https:\/\/spdx\.dev\/Document/);
  assert.equal(
    outcome.fix?.command,
    `seaworthy attest registry.example.com/team/app@${digestA} --type slsaprovenance1 --predicate FILE`,
  );
});

test('a predicate type is compared whole', () => {
  for (const type of [`${v1}/`, `${v1}.1`, 'https://slsa.dev/provenance', `x${v1}`])
    assert.equal(says(rule(), github(source), type), 'deny failed attestation-missing', type);
});

test('an attestation by another authority does not count', () => {
  const answers = [attestedBy('build', v1, github(source)), rejectedBy('ci', 'identity-other')];
  assert.equal(judged(rule(), factsOf({ answers })).says, 'deny failed identity-other');
});

test('what could not be listed or judged is undecided', () => {
  const unlisted = [{ format: 'attestation', code: 'registry-failed', message: '503' }] as const;
  assert.equal(judged(rule(), factsOf({ unlisted })).says, 'undecided undecided evidence-unlisted');
  const answers = [rejectedBy('ci', 'signature-malformed')];
  assert.equal(judged(rule(), factsOf({ answers })).says, 'undecided undecided signature-malformed');
});

test('a right attestation counts beside a wrong one of the same signer', () => {
  const answers = [
    attestedBy('ci', v1, github('https://github.com/evil/repo')),
    attestedBy('ci', v1, github(source)),
  ];
  assert.equal(judged(rule({ source }), factsOf({ answers })).says, 'allow met');
});

test('a predicate of any shape is judged without a failure of the judge', () => {
  for (const predicate of [
    null,
    undefined,
    1,
    'x',
    [],
    {},
    { buildDefinition: null, runDetails: [] },
    { runDetails: { builder: 'x' } },
    { __proto__: { runDetails: {} } },
  ])
    for (const type of [v1, v02])
      assert.equal(says(rule(), predicate, type), 'deny failed attestation-malformed');
});

test('an attestation grows old, and one without a date is undecided', () => {
  const asked = rule({ maxAge: '7d' });
  const at = (ms: number) => ({ metadata: { finishedOn: new Date(policyNow + ms).toISOString() } });
  const workflow = { workflow: { repository: source } };
  const fresh = judged(
    asked,
    factsOf({
      answers: [attestedBy('ci', v1, provenance(workflow, { builder: { id: builder }, ...at(-dayMs) }))],
    }),
  );
  assert.equal(fresh.says, 'allow met');
  assert.equal(fresh.verdict.until, policyNow + 6 * dayMs + 1);
  assert.equal(
    says(asked, provenance(workflow, { builder: { id: builder }, ...at(-8 * dayMs) })),
    'deny failed attestation-old',
  );
  assert.equal(
    says(asked, provenance(workflow, { builder: { id: builder }, ...at(hourMs) })),
    'deny failed attestation-future',
  );
  assert.equal(says(asked, github(source)), 'undecided undecided evidence-untimed');
  const stamped = attestedBy('ci', v1, github(source), { times: [policyNow - dayMs] });
  assert.equal(judged(asked, factsOf({ answers: [stamped] })).says, 'allow met');
});

const summary = (more: Record<string, unknown> = {}) => ({
  verifier: { id: 'https://verifier.example.com' },
  timeVerified: '2026-11-27T00:00:00Z',
  resourceUri: 'registry.example.com/team/app',
  policy: { uri: 'x', digest: { sha256: 'c'.repeat(64) } },
  verificationResult: 'PASSED',
  verifiedLevels: ['SLSA_BUILD_LEVEL_3'],
  ...more,
});

test('a verification summary counts by verifier, resource, policy, level and result', () => {
  const asked = (more: Record<string, unknown> = {}) =>
    rule({
      type: 'vsa',
      verifier: 'https://verifier.example.com',
      resource: 'registry.example.com/team/app',
      policyDigest: `sha256:${'c'.repeat(64)}`,
      levels: ['SLSA_BUILD_LEVEL_3'],
      ...more,
    });
  assert.equal(says(asked(), summary(), vsa), 'allow met');
  assert.equal(says(asked(), summary({ verificationResult: 'FAILED' }), vsa), 'deny failed summary-failed');
  assert.equal(
    says(asked(), summary({ verificationResult: 'passed' }), vsa),
    'deny failed attestation-malformed',
  );
  assert.equal(
    says(asked(), summary({ verifier: { id: 'https://verifier.example.com.evil' } }), vsa),
    'deny failed summary-other',
  );
  assert.equal(
    says(asked(), summary({ resourceUri: 'registry.example.com/team/app2' }), vsa),
    'deny failed summary-other',
  );
  assert.equal(
    says(asked(), summary({ policy: { digest: { sha256: 'd'.repeat(64) } } }), vsa),
    'deny failed summary-other',
  );
  assert.equal(
    says(asked(), summary({ verifiedLevels: ['SLSA_BUILD_LEVEL_2'] }), vsa),
    'deny failed summary-other',
  );
  assert.equal(says(asked(), summary({ timeVerified: 'soon' }), vsa), 'deny failed attestation-malformed');
  assert.equal(
    says(asked(), summary({ timeVerified: '2027-01-01T00:00:00Z' }), vsa),
    'deny failed attestation-future',
  );
  assert.equal(says(asked({ maxAge: '1h' }), summary(), vsa), 'deny failed attestation-old');
});

test('SBOMs, scans of others and VEX are asked for by their short names or by URI', () => {
  for (const [type, uri] of [
    ['spdx', 'https://spdx.dev/Document'],
    ['cyclonedx', 'https://cyclonedx.org/bom'],
    ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1'],
    ['openvex', 'https://openvex.dev/ns/v0.2.0'],
    ['https://example.com/test-result', 'https://example.com/test-result'],
  ] as const)
    assert.equal(says(rule({ type }), {}, uri), 'allow met', type);
});

test('a threshold of attestations counts distinct signers whose statements are right', () => {
  const policy = policyOf({
    rules: [{ name: 'p', attestation: { type: 'slsaprovenance', by: ['ci', 'build'], atLeast: 2, source } }],
  });
  const right = attestedBy('ci', v1, github(source));
  assert.equal(judged(policy, factsOf({ answers: [right, right] })).says, 'deny failed signers-too-few');
  const wrong = attestedBy('build', v1, github('https://github.com/evil/repo'));
  assert.equal(judged(policy, factsOf({ answers: [right, wrong] })).says, 'deny failed signers-too-few');
  const second = attestedBy('build', v1, github(source));
  assert.equal(judged(policy, factsOf({ answers: [right, second] })).says, 'allow met');
});

test('a source of a million slashes is judged at once', () => {
  const started = performance.now();
  assert.equal(says(rule({ source }), github(`${source}${'/'.repeat(1e6)}x`)), 'deny failed source-other');
  assert.ok(performance.now() - started < 1000);
});
