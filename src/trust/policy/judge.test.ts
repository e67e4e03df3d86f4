// The verdict as a whole: only an explicit allow is one; modes, exceptions and revocations bend what they may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../../image/index.ts';
import { randomFrom } from '../../testing/mutate.ts';
import {
  attestedBy,
  dayMs,
  digestA,
  digestB,
  digestIndex,
  factsOf,
  findingOf,
  judged,
  policyNow,
  policyOf,
  rejectedBy,
  scannedBy,
  scanOf,
  signedBy,
} from '../../testing/policyfacts.ts';
import { judge } from './judge.ts';
import { labelsRead, needsOf } from './needs.ts';

const signed = { name: 'signed', signature: { by: ['build'] } };
const good = () => factsOf({ answers: [signedBy('build')] });
const exception = {
  images: ['registry.example.com/team/**'],
  reason: 'migration',
  author: 'ops',
  expires: '2026-12-01',
};

test('an empty policy, and one whose rules are for others, never allow', () => {
  assert.equal(judged(policyOf({}), good()).says, 'undecided undecided no-rule');
  assert.equal(judged(policyOf({ rules: [] }), good()).says, 'undecided undecided no-rule');
  const other = policyOf({ rules: [{ ...signed, images: ['registry.example.com/other/**'] }] });
  assert.equal(judged(other, good()).says, 'undecided undecided no-rule');
  assert.equal(
    judged(policyOf({ registries: ['registry.example.com/**'] }), good()).verdict.decision,
    'undecided',
  );
});

test('rules are selected by whole repository and by the labels that the caller gives', () => {
  const policy = policyOf({
    rules: [
      { ...signed, images: ['registry.example.com/team/*'], labels: { environment: ['prod', 'staging*'] } },
    ],
  });
  const says = (reference: string, labels: Record<string, string>) =>
    judged(
      policy,
      factsOf({ answers: [signedBy('build')] }, { reference: parseReference(reference), labels }),
    ).says;
  assert.equal(says('registry.example.com/team/app:1', { environment: 'prod' }), 'allow met');
  assert.equal(says('registry.example.com/team/app:1', { environment: 'staging-2' }), 'allow met');
  for (const [reference, labels] of [
    ['registry.example.com/team/app:1', {}],
    ['registry.example.com/team/app:1', { environment: 'prod2' }],
    ['registry.example.com/team/app/deep:1', { environment: 'prod' }],
    ['registry.example.com/teams/app:1', { environment: 'prod' }],
    ['evil.example/registry.example.com/team/app:1', { environment: 'prod' }],
    ['registry.example.com:5000/team/app:1', { environment: 'prod' }],
  ] as const)
    assert.equal(says(reference, labels), 'undecided undecided no-rule', reference);
});

test('the registries of the policy are a floor that no exception lifts', () => {
  const policy = (registries: string[]) =>
    policyOf({ registries, rules: [signed], exceptions: [{ ...exception, rule: 'signed' }] });
  assert.equal(judged(policy(['registry.example.com/team/**']), good()).verdict.decision, 'allow');
  const { verdict } = judged(policy(['registry.example.com/other/**']), good());
  assert.equal(verdict.decision, 'deny');
  assert.equal(verdict.rules[0]?.code, 'registry-refused');
});

test('a registry whose name only ends or begins like the allowed one is refused', () => {
  const policy = policyOf({ registries: ['*.trusted.example.com/org/*'], rules: [signed] });
  const decide = (reference: string) =>
    judged(policy, factsOf({ answers: [signedBy('build')] }, { reference: parseReference(reference) }))
      .verdict.decision;
  assert.equal(decide('eu.trusted.example.com/org/app'), 'allow');
  for (const evil of [
    'attacker.example.com/x.trusted.example.com/org/evil',
    'eu.trusted.example.com.evil.example/org/app',
    'trusted.example.com/org/app',
    'a.b.trusted.example.com.evil/org/app',
    'eu.trusted.example.com/org/app/deeper',
    'eu.trusted.example.com:5000/org/app',
  ])
    assert.equal(decide(evil), 'deny', evil);
});

test('short names are those of Docker Hub', () => {
  const policy = policyOf({
    registries: ['docker.io/library/alpine'],
    rules: [{ name: 'd', digest: 'required' }],
  });
  const facts = factsOf({}, { reference: parseReference('alpine'), given: 'digest' });
  assert.equal(judged(policy, facts).verdict.decision, 'allow');
});

test('a rule on registries has a mode and can be lifted', () => {
  const rules = [{ name: 'ours', registries: ['registry.example.com/other/**'] }];
  assert.equal(judged(policyOf({ rules }), good()).says, 'deny failed registry-refused');
  assert.equal(
    judged(policyOf({ rules: [{ ...rules[0], mode: 'audit' }] }), good()).says,
    'allow failed registry-refused',
  );
  assert.equal(
    judged(policyOf({ rules, exceptions: [{ ...exception, rule: 'ours' }] }), good()).says,
    'allow excepted registry-refused',
  );
});

test('a rule in warn or audit leaves the allow, with its reason; for a release it binds', () => {
  const unlisted = [{ format: 'bundle', code: 'registry-failed', message: '503' }] as const;
  for (const mode of ['warn', 'audit'])
    for (const [facts, decision] of [
      [factsOf(), 'deny'],
      [factsOf({ unlisted }), 'undecided'],
    ] as const) {
      const policy = policyOf({ rules: [{ ...signed, mode }] });
      const { verdict, rule } = judged(policy, facts);
      assert.equal(verdict.decision, 'allow');
      assert.notEqual(rule.outcome, 'met');
      assert.equal(judge(policy, facts, policyNow, 'release').decision, decision);
    }
});

test('a denial beats what is undecided', () => {
  const unlisted = [{ format: 'bundle', code: 'registry-failed', message: '503' }] as const;
  const policy = policyOf({ rules: [signed, { name: 'digest', digest: 'required' }] });
  assert.equal(judged(policy, factsOf({ unlisted })).verdict.decision, 'deny');
});

test('revoking beats everything: exceptions, modes, every satisfied rule', () => {
  const revocations = [{ digest: digestA, reason: 'stolen key', author: 'security' }];
  const policy = policyOf({
    rules: [{ ...signed, mode: 'audit' }],
    revocations,
    exceptions: [{ ...exception, rule: 'signed' }],
  });
  const { verdict } = judged(policy, good());
  assert.equal(verdict.decision, 'deny');
  assert.equal(verdict.rules[0]?.code, 'revoked');
  assert.equal(verdict.rules[0]?.found, 'revoked by security: stolen key');
  assert.equal(judged(policyOf({ revocations }), good()).verdict.decision, 'deny');
});

test('revoking a platform stops an index where that platform would run', () => {
  const policy = policyOf({ rules: [signed], revocations: [{ digest: digestB, reason: 'r', author: 'a' }] });
  const platforms = [digestA, digestB].map((digest) => ({ digest, answers: [], unlisted: [] }));
  const index = { digest: digestIndex, answers: [signedBy('build')], unlisted: [] };
  const facts = factsOf({}, { digest: digestIndex, index, platforms });
  assert.equal(judged(policy, facts).verdict.decision, 'deny');
  assert.equal(judged(policy, { ...facts, selected: [digestA] }).verdict.decision, 'allow');
});

test('an exception lets one rule be passed, for its images and labels, until it runs out', () => {
  const says = (more: Record<string, unknown>, labels: Record<string, string> = {}) =>
    judged(
      policyOf({ rules: [signed], exceptions: [{ ...exception, rule: 'signed', ...more }] }),
      factsOf({}, { labels }),
    );
  const lifted = says({});
  assert.equal(lifted.says, 'allow excepted signature-missing');
  assert.deepEqual(lifted.rule.exceptions, [
    { lifts: { rule: 'signed' }, reason: 'migration', author: 'ops', expires: '2026-12-01' },
  ]);
  assert.equal(lifted.verdict.until, Date.parse('2026-12-02T00:00:00Z'));
  assert.equal(says({ expires: '2026-11-27' }).says, 'allow excepted signature-missing');
  const late = says({ expires: '2026-11-26' });
  assert.equal(late.says, 'deny failed signature-missing');
  assert.match(late.rule.found, /the exception by ops ran out on 2026-11-26/);
  assert.equal(says({ images: ['registry.example.com/other/**'] }).says, 'deny failed signature-missing');
  assert.equal(
    says({ labels: { namespace: 'a' } }, { namespace: 'b' }).says,
    'deny failed signature-missing',
  );
  assert.equal(
    says({ labels: { namespace: 'a' } }, { namespace: 'a' }).says,
    'allow excepted signature-missing',
  );
});

test('an exception for a rule lifts no other, and one that is not needed is not named', () => {
  const policy = policyOf({
    rules: [signed, { name: 'digest', digest: 'required' }],
    exceptions: [{ ...exception, rule: 'signed' }],
  });
  assert.equal(judged(policy, factsOf()).verdict.decision, 'deny');
  const { verdict } = judged(policy, good());
  assert.equal(verdict.rules[0]?.outcome, 'met');
  assert.equal(verdict.rules[0]?.exceptions, undefined);
});

test('an exception for an undecided reason never lifts a denial', () => {
  const policy = policyOf({
    rules: [signed],
    exceptions: [{ ...exception, undecided: 'evidence-unlisted' }],
  });
  const unlisted = [{ format: 'bundle', code: 'registry-failed', message: '503' }] as const;
  assert.equal(judged(policy, factsOf({ unlisted })).says, 'allow excepted evidence-unlisted');
  assert.equal(judged(policy, factsOf()).says, 'deny failed signature-missing');
});

test('an image named by a tag is denied where a digest is required, with the name to write', () => {
  const policy = policyOf({ rules: [{ name: 'digest', digest: 'required' }] });
  const { rule, says } = judged(policy, factsOf());
  assert.equal(says, 'deny failed tag-given');
  assert.equal(rule.fix?.text, `write registry.example.com/team/app@${digestA}`);
  assert.equal(judged(policy, factsOf({}, { given: 'digest' })).says, 'allow met');
});

test('an image grows old; one without a believable date is undecided', () => {
  const policy = policyOf({ rules: [{ name: 'age', age: { max: '30d' } }] });
  const at = (created?: number) => judged(policy, factsOf(created === undefined ? {} : { created }));
  assert.equal(at(policyNow - 29 * dayMs).says, 'allow met');
  assert.equal(at(policyNow - 29 * dayMs).verdict.until, policyNow + dayMs + 1);
  assert.equal(at(policyNow - 31 * dayMs).says, 'deny failed image-old');
  for (const created of [undefined, 0, Date.parse('1980-01-01T00:00:00Z'), policyNow + 1, Number.NaN])
    assert.equal(at(created).says, 'undecided undecided evidence-untimed');
});

test('a base must be allowed, signed and known for long enough', () => {
  const policy = policyOf({
    rules: [{ name: 'base', base: { allowed: ['registry.example.com/base/*'], by: ['build'], wait: '3d' } }],
  });
  const base = {
    name: 'registry.example.com/base/debian:12',
    digest: digestB,
    since: policyNow - 4 * dayMs,
    answers: [signedBy('build')],
    unlisted: [],
  };
  const says = (more: object) => judged(policy, factsOf({ base: { ...base, ...more } })).says;
  assert.equal(says({}), 'allow met');
  assert.equal(judged(policy, factsOf()).says, 'undecided undecided base-unknown');
  assert.equal(says({ name: 'docker.io/library/debian:12' }), 'deny failed base-other');
  assert.equal(says({ name: 'registry.example.com/base/debian/evil' }), 'deny failed base-other');
  assert.equal(says({ answers: [] }), 'deny failed base-unsigned');
  assert.equal(says({ answers: undefined }), 'undecided undecided evidence-unlisted');
  assert.equal(
    says({ answers: [], unlisted: [{ format: 'bundle', code: 'x', message: 'm' }] }),
    'undecided undecided evidence-unlisted',
  );
  assert.equal(says({ since: undefined }), 'undecided undecided evidence-untimed');
  assert.equal(says({ since: policyNow - 2 * dayMs }), 'deny failed base-new');
  assert.equal(
    judged(policy, factsOf({ base: { ...base, since: policyNow - 2 * dayMs } })).verdict.until,
    policyNow + dayMs,
  );
});

test('a verdict says whose policy it is and ends at the earliest moment of any rule', () => {
  const policy = policyOf({ rules: [signed, { name: 'age', age: { max: '30d' } }] });
  const until = policyNow + 5 * dayMs;
  const facts = factsOf({ answers: [signedBy('build', 'k', { until })], created: policyNow - 29 * dayMs });
  const { verdict } = judged(policy, facts);
  assert.deepEqual(verdict.policy, { name: 'production', hash: policy.hash, rulesHash: policy.rulesHash });
  assert.equal(verdict.until, policyNow + dayMs + 1);
  assert.equal(verdict.image, 'registry.example.com/team/app:1.2');
  assert.deepEqual(verdict.platforms, ['linux/amd64']);
});

test('only what the selecting rules want is asked for', () => {
  const policy = policyOf({
    rules: [
      { ...signed, images: ['registry.example.com/a/**'] },
      {
        name: 'v',
        images: ['registry.example.com/b/**'],
        labels: { environment: 'prod' },
        vulnerabilities: { by: ['scanner'], summaryBy: ['ci'], severity: 'high' },
      },
      {
        name: 'p',
        images: ['registry.example.com/b/**'],
        attestation: { type: 'spdx', by: ['ci'], platforms: 'allPlatforms' },
      },
    ],
    exceptions: [{ ...exception, rule: 'signed', labels: { namespace: 'x' } }],
  });
  const a = needsOf(policy, parseReference('registry.example.com/a/x'), {});
  assert.deepEqual(a.formats, ['cosign', 'bundle']);
  assert.deepEqual(a.predicateTypes, []);
  assert.deepEqual(
    a.authorities.map(({ name }) => name),
    ['build'],
  );
  assert.deepEqual([a.index, a.platforms, a.config], [true, 'none', false]);
  const b = needsOf(policy, parseReference('registry.example.com/b/x'), { environment: 'prod' });
  assert.deepEqual(b.formats, []);
  assert.deepEqual(
    b.authorities.map(({ name }) => name),
    ['scanner', 'ci'],
  );
  assert.ok(b.predicateTypes.includes('https://seaworthy.dev/scan-result/v1'));
  assert.ok(b.predicateTypes.includes('https://slsa.dev/verification_summary/v1'));
  assert.deepEqual([b.index, b.platforms], [false, 'all']);
  assert.deepEqual(needsOf(policy, parseReference('registry.example.com/c/x'), {}).rules, []);
  assert.deepEqual(labelsRead(policy), ['environment', 'namespace']);
});

/** Facts of every kind, mixed by a seeded die. */
function mixed(die: (below: number) => number) {
  const kinds = [
    () => signedBy('build'),
    () => signedBy('scanner'),
    () => signedBy('ci', 'ci', { format: 'cosign' }),
    () => rejectedBy('build', 'key-unknown'),
    () => rejectedBy('scanner', 'signature-malformed'),
    () =>
      attestedBy(
        'ci',
        'https://slsa.dev/provenance/v1',
        die(2) ? { runDetails: { builder: { id: 'b' } } } : null,
      ),
    () => scannedBy('scanner', die(4) ? scanOf(die(2) ? [findingOf('CVE-1')] : []) : 'broken'),
  ];
  const answers = Array.from({ length: die(6) }, () => kinds[die(kinds.length)]!());
  const unlisted = die(4) ? [] : [{ format: 'bundle' as const, code: 'x', message: 'm' }];
  return factsOf({ answers, unlisted, ...(die(2) ? { created: policyNow - die(60) * dayMs } : {}) });
}

test('whatever the facts: an allow has every enforced rule met or let past, and broken evidence beside it changes nothing', () => {
  const die = randomFrom(7);
  const policy = policyOf({
    rules: [
      signed,
      { name: 'provenance', attestation: { type: 'slsaprovenance', by: ['ci'], builder: 'b' } },
      { name: 'content', vulnerabilities: { by: ['scanner'], severity: 'high' } },
      { name: 'age', age: { max: '30d' } },
    ],
    exceptions: [
      { ...exception, rule: 'age' },
      { ...exception, undecided: 'evidence-unlisted' },
    ],
  });
  const seen = { allow: 0, deny: 0, undecided: 0 };
  for (let i = 0; i < 3000; i++) {
    const facts = mixed(die);
    const { decision, rules } = judge(policy, facts, policyNow, 'admission');
    seen[decision]++;
    assert.equal(rules.length, 4);
    if (decision !== 'allow') continue;
    assert.ok(rules.every(({ outcome }) => outcome === 'met' || outcome === 'excepted'));
    const manifest = facts.platforms[0]!;
    const worse = [
      rejectedBy('build', 'signature-malformed'),
      rejectedBy('ci', 'log-entry-other'),
      scannedBy('scanner', 1),
    ];
    const beside = factsOf({ ...manifest, answers: [...worse, ...manifest.answers] });
    assert.equal(judge(policy, beside, policyNow, 'admission').decision, 'allow');
  }
  assert.ok(Math.min(seen.allow, seen.deny, seen.undecided) > 20, JSON.stringify(seen));
});
