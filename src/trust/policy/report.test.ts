// The verdict as people and programs read it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { widthOf } from '../../scan/report/index.ts';
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
import { formatVerdict } from './report.ts';
import { verdictJson } from './verdictjson.ts';

const look = { columns: 100, colour: false };

const four = (more: Record<string, unknown> = {}) =>
  policyOf({
    rules: [
      { name: 'signed', signature: { by: ['build'] } },
      {
        name: 'provenance',
        attestation: {
          type: 'slsaprovenance',
          by: ['ci'],
          source: 'https://github.com/organisation/repository-with-a-long-name',
          builder: 'https://github.com/actions/runner/github-hosted',
        },
      },
      {
        name: 'vulnerabilities',
        vulnerabilities: {
          by: ['scanner'],
          severity: 'high',
          kev: true,
          fixable: true,
          grace: '7d',
          maxScanAge: '3d',
        },
      },
      { name: 'age', age: { max: '90d' } },
    ],
    ...more,
  });

const many = Array.from({ length: 200 }, (_, i) =>
  findingOf(`CVE-2026-${1000 + i}`, {
    name: `package-with-a-rather-long-name-${i}`,
    since: '2026-01-01T00:00:00Z',
    fixedIn: [{ version: `1:${i}.2.3+deb12u1`, advisory: 'DSA-1' }],
  }),
);
const evil = {
  buildDefinition: {
    buildType: 'x',
    externalParameters: { workflow: { repository: 'https://github.com/evil/repo' } },
  },
  runDetails: { builder: { id: 'https://github.com/actions/runner/github-hosted' } },
};

/** Everything wrong that can be, on two platforms. */
function worst() {
  const old = policyNow - 400 * dayMs;
  const scan = (digest: string) => scanOf(many, { target: { kind: 'image', digest } });
  return factsOf(
    {},
    {
      digest: digestIndex,
      index: {
        digest: digestIndex,
        answers: [
          ...Array.from({ length: 40 }, () => rejectedBy('build', 'key-unknown')),
          rejectedBy('build', 'certificate-expired'),
          attestedBy('ci', 'https://slsa.dev/provenance/v1', evil),
        ],
        unlisted: [],
      },
      platforms: [
        {
          digest: digestA,
          platform: 'linux/amd64',
          created: old,
          answers: [scannedBy('scanner', scan(digestA))],
          unlisted: [],
        },
        {
          digest: digestB,
          platform: 'linux/arm64',
          created: old,
          answers: [scannedBy('scanner', scan(digestB))],
          unlisted: [],
        },
      ],
    },
  );
}

test('a verdict begins with the answer and the image, and fits 24 lines of 100 columns at its worst', () => {
  for (const facts of [
    worst(),
    factsOf(),
    factsOf({
      unlisted: [{ format: 'bundle', code: 'x', message: 'the registry answered 503 '.repeat(40) }],
    }),
  ]) {
    const text = formatVerdict(judged(four(), facts).verdict, look);
    const lines = text.trimEnd().split('\n');
    assert.ok(lines.length <= 24, `${lines.length} lines\n${text}`);
    for (const line of lines) assert.ok(widthOf(line) <= 100, line);
    assert.match(
      lines[0]!,
      /^(?:DENY|UNDECIDED) {2}registry\.example\.com\/team\/app:1\.2 {2}policy production/,
    );
    for (const name of ['signed', 'provenance', 'vulnerabilities', 'age'])
      assert.match(text, new RegExp(`^[✗?] ${name}`, 'm'));
  }
});

test('each rule that is not met says what was wanted, found and how to mend it', () => {
  const text = formatVerdict(judged(four(), factsOf()).verdict, look);
  assert.match(
    text,
    /^✗ signed +no signature \(cosign, bundle\)\n +wanted: signed by build\n +fix: sign the image with the key of build\n/m,
  );
  const command = text
    .slice(text.indexOf('$ seaworthy sign'))
    .split('\n\n')[0]!
    .replaceAll('\\\n', '')
    .replace(/ +/g, ' ')
    .split('\n')[0];
  assert.equal(command, `$ seaworthy sign registry.example.com/team/app@${digestA} --key keys/build.key`);
});

test('an allow is short', () => {
  const facts = factsOf({ answers: [signedBy('build')] });
  const policy = policyOf({ rules: [{ name: 'signed', signature: { by: ['build'] } }] });
  assert.equal(
    formatVerdict(judged(policy, facts).verdict, look),
    `ALLOW  registry.example.com/team/app:1.2  policy production\n${digestA}  linux/amd64\n\n✓ signed  signed by build (key sha256:build)\n`,
  );
});

test('what decides comes first, and a rule in warn says that it only warns', () => {
  const policy = policyOf({
    rules: [
      { name: 'met', digest: 'required' },
      { name: 'warned', mode: 'warn', age: { max: '1d' } },
      { name: 'denied', signature: { by: ['build'] } },
    ],
  });
  const text = formatVerdict(
    judged(policy, factsOf({ created: policyNow - 3 * dayMs }, { given: 'digest' })).verdict,
    look,
  );
  assert.match(text, /✗ denied[\s\S]*✗ warned[\s\S]*\(warn only\)[\s\S]*✓ met/);
});

test('an exception is shown with its author, its end and its reason', () => {
  const policy = four({
    rules: [{ name: 'signed', signature: { by: ['build'] } }],
    exceptions: [
      {
        rule: 'signed',
        images: ['registry.example.com/**'],
        reason: 'migration',
        author: 'ops',
        expires: '2026-12-01',
      },
    ],
  });
  const text = formatVerdict(judged(policy, factsOf()).verdict, look);
  assert.match(text, /^~ signed/m);
  assert.match(text, /let past by ops through 2026-12-01: migration/);
});

test('a policy of very many rules still fits', () => {
  const rules = Array.from({ length: 60 }, (_, i) => ({ name: `rule-${i}`, signature: { by: ['build'] } }));
  const text = formatVerdict(judged(policyOf({ rules }), factsOf()).verdict, look);
  assert.ok(text.trimEnd().split('\n').length <= 24);
  assert.match(text, /and \d+ more rules, \d+ of them not met/);
});

test('narrow terminals are not overrun', () => {
  const text = formatVerdict(judged(four(), worst()).verdict, { columns: 60, colour: false });
  for (const line of text.split('\n')) assert.ok(widthOf(line) <= 60 || line === digestIndex, line);
});

test('what strangers wrote reaches a terminal as text only, with colour and without', () => {
  const evilSigner = signedBy('ci', 'x', {
    signer: { kind: 'keyless', issuer: 'i', subject: '\u001b[2Jevil\u202e' },
  });
  const policy = policyOf({ rules: [{ name: 'signed', signature: { by: ['ci'] } }] });
  const { verdict } = judged(policy, factsOf({ answers: [evilSigner] }));
  assert.doesNotMatch(formatVerdict(verdict, look), /[\u001b\u202e]/);
  assert.doesNotMatch(formatVerdict(verdict, { columns: 100, colour: true }), /\u001b\[2J|\u202e/);
});

test('JSON is what the published schema says', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/schema/verdict.schema.json', import.meta.url), 'utf8'),
  );
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const exception = { images: ['registry.example.com/**'], reason: 'r', author: 'a', expires: '2026-12-01' };
  const lenient = four({
    exceptions: [
      { ...exception, rule: 'age' },
      { ...exception, undecided: 'evidence-unlisted' },
    ],
  });
  for (const [policy, facts] of [
    [four(), worst()],
    [four(), factsOf()],
    [lenient, worst()],
    [lenient, factsOf({ unlisted: [{ format: 'attestation', code: 'x', message: 'm' }] })],
    [policyOf({}), factsOf()],
    [policyOf({ rules: [{ name: 'd', digest: 'required' }] }), factsOf({}, { digest: '', platforms: [] })],
    [
      policyOf({ registries: ['a.example/b'], revocations: [{ digest: digestA, reason: 'r', author: 'a' }] }),
      factsOf(),
    ],
  ] as const)
    assert.ok(
      validate(JSON.parse(verdictJson(judged(policy, facts).verdict))),
      JSON.stringify(validate.errors),
    );
});
