// Signatures: who counts, who counts once, and when "no" is only "not seen".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attestedBy,
  digestA,
  digestB,
  digestIndex,
  factsOf,
  judged,
  policyNow,
  policyOf,
  rejectedBy,
  signedBy,
} from '../../testing/policyfacts.ts';
import type { ManifestFacts } from './facts.ts';

const signed = (more: Record<string, unknown> = {}) =>
  policyOf({ rules: [{ name: 'signed', signature: { by: ['build'], ...more } }] });

test('a signature by a trusted authority is an allow, and the verdict names the evidence', () => {
  const answer = signedBy('build');
  const { rule, says } = judged(signed(), factsOf({ answers: [answer] }));
  assert.equal(says, 'allow met');
  assert.deepEqual(rule.evidence, [answer.manifest]);
});

test('no signature is denied, with the command that makes one', () => {
  const { rule, says } = judged(signed(), factsOf());
  assert.equal(says, 'deny failed signature-missing');
  assert.equal(
    rule.fix?.command,
    `seaworthy sign registry.example.com/team/app@${digestA} --key keys/build.key`,
  );
});

test('a signature by an authority that the rule does not name is none', () => {
  assert.equal(
    judged(signed(), factsOf({ answers: [signedBy('scanner')] })).says,
    'deny failed signature-missing',
  );
});

test('an attestation of any kind is no signature', () => {
  const answers = [attestedBy('build', 'https://slsa.dev/provenance/v1', {})];
  assert.equal(judged(signed(), factsOf({ answers })).says, 'deny failed signature-missing');
});

test('a format that the rule does not accept does not count, so nothing is downgraded in silence', () => {
  const answers = [signedBy('build', 'a', { format: 'cosign' })];
  assert.equal(
    judged(signed({ formats: ['bundle'] }), factsOf({ answers })).says,
    'deny failed signature-missing',
  );
  assert.equal(judged(signed({ formats: ['bundle', 'cosign'] }), factsOf({ answers })).says, 'allow met');
});

test('a rejected signature is denied for its own reason, not for that of a stranger beside it', () => {
  const answers = [rejectedBy('build', 'key-unknown'), rejectedBy('build', 'log-entry-other')];
  const { rule, says } = judged(signed(), factsOf({ answers }));
  assert.equal(says, 'deny failed log-entry-other');
  assert.match(rule.found, /expected better, got log-entry-other \(and 1 more/);
});

test('what could not be listed or judged is undecided, never a denial', () => {
  const unlisted = [{ format: 'bundle', code: 'registry-failed', message: '503' }] as const;
  assert.equal(judged(signed(), factsOf({ unlisted })).says, 'undecided undecided evidence-unlisted');
  const answers = [rejectedBy('build', 'signature-malformed')];
  assert.equal(judged(signed(), factsOf({ answers })).says, 'undecided undecided signature-malformed');
});

test('evidence of a format that the rule does not ask for is not missed', () => {
  const unlisted = [{ format: 'notation', code: 'registry-failed', message: '503' }] as const;
  assert.equal(judged(signed(), factsOf({ unlisted })).says, 'deny failed signature-missing');
});

test('a satisfied rule stays satisfied beside broken evidence', () => {
  const unlisted = [{ format: 'bundle', code: 'registry-failed', message: '503' }] as const;
  const answers = [rejectedBy('build', 'signature-malformed'), signedBy('build')];
  assert.equal(judged(signed(), factsOf({ answers, unlisted })).says, 'allow met');
});

const two = () =>
  policyOf({
    authorities: [
      { name: 'build', key: { keys: [{ file: 'one.pub' }] } },
      { name: 'again', key: { keys: [{ file: 'one.pub' }, { file: 'two.pub' }] } },
    ],
    rules: [{ name: 'signed', signature: { by: ['build', 'again'], atLeast: 2 } }],
  });

test('one signer counts once, however many signatures, formats and authorities', () => {
  const answers = [
    signedBy('build', 'k'),
    signedBy('build', 'k'),
    signedBy('again', 'k'),
    signedBy('again', 'k', { format: 'cosign' }),
  ];
  const { rule, says } = judged(two(), factsOf({ answers }));
  assert.equal(says, 'deny failed signers-too-few');
  assert.match(rule.found, /^1 of 2: build \(key sha256:k\)/);
  assert.equal(judged(two(), factsOf({ answers: [...answers, signedBy('again', 'l')] })).says, 'allow met');
});

test('an attestation by a stranger is not why a signature is missing', () => {
  const strange = { ...rejectedBy('build', 'key-unknown'), states: 'https://cyclonedx.org/bom' };
  assert.equal(judged(signed(), factsOf({ answers: [strange] })).says, 'deny failed signature-missing');
  const damaged = { ...rejectedBy('build', 'signature-malformed'), states: '' };
  assert.equal(judged(signed(), factsOf({ answers: [damaged] })).says, 'deny failed signature-missing');
});

test('the keys of one authority are one signer, the old one and the one that follows it', () => {
  const answers = [signedBy('build', 'old'), signedBy('build', 'new')];
  assert.equal(judged(two(), factsOf({ answers })).says, 'deny failed signers-too-few');
  assert.equal(judged(two(), factsOf({ answers: [...answers, signedBy('again', 'k')] })).says, 'allow met');
});

test('a key that authorities share signs for the one that has no other', () => {
  for (const answers of [
    [signedBy('build', 'k'), signedBy('build', 'l'), signedBy('again', 'k')],
    [signedBy('again', 'k'), signedBy('build', 'k'), signedBy('build', 'l')],
  ])
    assert.equal(judged(two(), factsOf({ answers })).says, 'allow met');
});

test('too few signers are undecided only where unjudged evidence could make up the number', () => {
  const answers = [rejectedBy('build', 'signature-malformed')];
  assert.equal(judged(two(), factsOf({ answers })).says, 'deny failed signature-malformed');
  assert.equal(
    judged(two(), factsOf({ answers: [...answers, signedBy('again')] })).says,
    'undecided undecided signature-malformed',
  );
});

test('one damaged manifest tried by two authorities is one possible signer', () => {
  const first = rejectedBy('build', 'signature-malformed');
  const answers = [first, { ...first, authority: 'again' }];
  assert.equal(judged(two(), factsOf({ answers })).says, 'deny failed signature-malformed');
});

const manifest = (
  digest: string,
  platform: string,
  answers: ManifestFacts['answers'] = [],
): ManifestFacts => ({
  digest,
  platform,
  answers,
  unlisted: [],
});
const multi = (index: ManifestFacts['answers'], a: ManifestFacts['answers'], b: ManifestFacts['answers']) =>
  factsOf(
    {},
    {
      digest: digestIndex,
      index: { digest: digestIndex, answers: index, unlisted: [] },
      platforms: [manifest(digestA, 'linux/amd64', a), manifest(digestB, 'linux/arm64', b)],
    },
  );

test('index asks for the signature of the index, and one on a platform is none', () => {
  assert.equal(judged(signed(), multi([signedBy('build')], [], [])).says, 'allow met');
  assert.equal(
    judged(signed(), multi([], [signedBy('build')], [signedBy('build')])).says,
    'deny failed signature-missing',
  );
});

test('allPlatforms asks for one on every platform, and one on the index is none', () => {
  const policy = signed({ platforms: 'allPlatforms' });
  assert.equal(judged(policy, multi([], [signedBy('build')], [signedBy('build')])).says, 'allow met');
  const { rule, says } = judged(policy, multi([signedBy('build')], [signedBy('build')], []));
  assert.equal(says, 'deny failed signature-missing');
  assert.deepEqual(rule.subject, { digest: digestB, platform: 'linux/arm64' });
  assert.match(rule.found, /^linux\/arm64: /);
});

test('allPlatforms is undecided when not every platform could be read', () => {
  const facts = { ...multi([], [signedBy('build')], [signedBy('build')]), incomplete: 'linux/arm64: 503' };
  assert.equal(
    judged(signed({ platforms: 'allPlatforms' }), facts).says,
    'undecided undecided evidence-unlisted',
  );
});

test('nodePlatforms asks for those that the caller runs, and none of them is undecided', () => {
  const policy = signed({ platforms: 'nodePlatforms' });
  const facts = multi([], [signedBy('build')], []);
  assert.equal(judged(policy, { ...facts, selected: [digestA] }).says, 'allow met');
  assert.equal(judged(policy, { ...facts, selected: [digestB] }).says, 'deny failed signature-missing');
  assert.equal(judged(policy, { ...facts, selected: [] }).says, 'undecided undecided platform-none');
});

test('an image without an index is its own index', () => {
  for (const platforms of ['index', 'allPlatforms', 'nodePlatforms'])
    assert.equal(judged(signed({ platforms }), factsOf({ answers: [signedBy('build')] })).says, 'allow met');
});

test('evidence beside another digest than the resolved one is not looked at', () => {
  const facts = factsOf({ answers: [signedBy('build')] }, { digest: digestB });
  assert.equal(judged(signed(), facts).says, 'undecided undecided evidence-unlisted');
});

test('the verdict ends when a certificate does, or when a key begins or ends to count', () => {
  const until = policyNow + 1000;
  assert.equal(
    judged(signed(), factsOf({ answers: [signedBy('build', 'k', { until })] })).verdict.until,
    until,
  );
  const windows = policyOf({
    authorities: [
      {
        name: 'build',
        key: {
          keys: [
            { file: 'old.pub', notAfter: '2026-12-01' },
            { file: 'new.pub', notBefore: '2026-11-30T00:00:00Z' },
          ],
        },
      },
    ],
    rules: [{ name: 'signed', signature: { by: ['build'] } }],
  });
  assert.equal(
    judged(windows, factsOf({ answers: [signedBy('build')] })).verdict.until,
    Date.parse('2026-11-30T00:00:00Z'),
  );
  assert.equal(
    judged(windows, factsOf({ answers: [signedBy('build')] }), Date.parse('2026-12-01T12:00:00Z')).verdict
      .until,
    Date.parse('2026-12-01T23:59:59.999Z'),
  );
});
