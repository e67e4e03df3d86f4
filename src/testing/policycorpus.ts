// Samples of policies, of cases, of allow-lists from elsewhere and of what statements say, for fuzzing.
import { parseJson } from '../core/index.ts';
import { importAzurePolicy } from '../trust/policy/azure.ts';
import { parseCases } from '../trust/policy/casefile.ts';
import { runCases } from '../trust/policy/cases.ts';
import { judge } from '../trust/policy/judge.ts';
import { parsePolicy } from '../trust/policy/parse.ts';
import { formatVerdict } from '../trust/policy/report.ts';
import { verdictJson } from '../trust/policy/verdictjson.ts';
import type { FuzzedParser } from './parsers.ts';
import {
  attestedBy,
  digestA,
  factsOf,
  findingOf,
  keyFile,
  policyNow,
  policyOf,
  scanOf,
} from './policyfacts.ts';

const policyText = `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata: { name: production }
spec:
  registries: ["registry.example.com/team/**"]
  authorities:
    - { name: build, key: { keys: [{ file: a.pub, notBefore: 2026-01-01, notAfter: 2027-01-01 }] } }
    - name: ci
      keyless: { identities: [{ issuer: https://i.example.com, subjectPattern: https://github.com/org/* }] }
  rules:
    - { name: signed, signature: { by: [build, ci], atLeast: 1 } }
    - { name: provenance, attestation: { type: slsaprovenance, by: [ci], source: https://github.com/org/repo } }
    - { name: content, labels: { a: b }, vulnerabilities: { by: [build], severity: high, grace: 7d } }
    - { name: age, mode: warn, age: { max: 30d } }
  exceptions:
    - { rule: age, images: [registry.example.com/team/app], reason: r, author: a, expires: 2026-12-31 }
`;

const casesText = `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicyTest
now: 2026-11-27T12:00:00Z
cases:
  - name: a
    image: registry.example.com/team/app:1.2
    labels: { a: b }
    created: 2026-11-01
    signatures: [{ by: build }]
    attestations: [{ by: ci, type: vsa, predicate: { verificationResult: PASSED } }]
    scans: [{ by: scanner, findings: [{ id: C, severity: high, since: 2026-11-01 }] }]
    expect: allow
    rules: { signed: met }
`;

const judging = policyOf({
  rules: [
    {
      name: 'provenance',
      attestation: {
        type: 'slsaprovenance',
        by: ['ci'],
        source: 'https://github.com/org/repo',
        ref: 'main',
        maxAge: '7d',
      },
    },
    {
      name: 'content',
      vulnerabilities: {
        by: ['ci'],
        summaryBy: ['ci'],
        severity: 'high',
        epss: 0.1,
        grace: '1d',
        publishedFor: '7d',
      },
    },
    {
      name: 'vsa',
      attestation: { type: 'vsa', by: ['ci'], verifier: 'https://v.example.com', levels: ['L'] },
    },
  ],
});

/** What a statement says, whole and damaged, judged and shown: nothing but JSON's own faults may be thrown. */
function statement(type: string, ...predicates: unknown[]): FuzzedParser {
  return {
    corpus: () => predicates.map((predicate) => Buffer.from(JSON.stringify(predicate))),
    parse(bytes) {
      const predicate = parseJson(bytes.toString('utf8'));
      const facts = factsOf({ answers: [attestedBy('ci', type, predicate)] });
      const verdict = judge(judging, facts, policyNow, 'release');
      verdictJson(verdict);
      formatVerdict(verdict, { columns: 100, colour: false });
    },
  };
}

export const policyParsers: Record<string, FuzzedParser> = {
  policy: {
    corpus: () => [Buffer.from(policyText)],
    parse: (bytes) => parsePolicy(bytes.toString('utf8'), 'policy.yaml', () => keyFile('a.pub')),
  },
  'policy-cases': {
    corpus: () => [Buffer.from(casesText)],
    parse: (bytes) => {
      const cases = parseCases(bytes.toString('utf8'), 'policy.test.yaml');
      runCases(judging, cases, 'policy.test.yaml', () => '{}', policyNow);
    },
  },
  'azure-policy': {
    corpus: () =>
      [
        '^([^\\/]+\\.azurecr\\.io|registry\\.io)\\/.+$',
        '^a\\.azurecr\\.io/(?:team/)?[a-z0-9._-]+/app:.*$',
        JSON.stringify({ parameters: { allowedContainerImagesRegex: { value: '^a\\.azurecr\\.io/.+$' } } }),
      ].map((sample) => Buffer.from(sample)),
    parse: (bytes) => importAzurePolicy(bytes.toString('utf8')),
  },
  'statement/scan': statement(
    'https://seaworthy.dev/scan-result/v1',
    scanOf([
      findingOf('CVE-1', { kev: { added: '2026-01-01', ransomware: true }, epss: 0.5 }),
      findingOf('CVE-2', { state: 'unknown', reason: 'r', severity: { level: 'unknown' } }),
    ]),
  ),
  'statement/provenance-v1': statement('https://slsa.dev/provenance/v1', {
    buildDefinition: {
      buildType: 't',
      externalParameters: {
        workflow: { repository: 'git+https://github.com/org/repo.git@refs/heads/main', ref: 'main' },
      },
    },
    runDetails: { builder: { id: 'b' }, metadata: { finishedOn: '2026-11-26T00:00:00Z' } },
  }),
  'statement/provenance-v0.2': statement('https://slsa.dev/provenance/v0.2', {
    builder: { id: 'b' },
    buildType: 't',
    invocation: { configSource: { uri: 'git+https://github.com/org/repo@main' } },
    metadata: { buildFinishedOn: '2026-11-26T00:00:00Z' },
  }),
  'statement/summary': statement('https://slsa.dev/verification_summary/v1', {
    verifier: { id: 'https://v.example.com' },
    timeVerified: '2026-11-26T00:00:00Z',
    resourceUri: `registry.example.com/team/app@${digestA}`,
    policy: { uri: 'x', digest: { sha256: judging.rulesHash.slice('sha256:'.length) } },
    verificationResult: 'PASSED',
    verifiedLevels: ['L'],
    'https://seaworthy.dev/verification-summary/v1': {
      rules: ['content'],
      scannedAt: '2026-11-26T00:00:00Z',
      databaseCheckedAt: '2026-11-26T00:00:00Z',
      until: '2026-12-26T00:00:00Z',
      suppressions: [{ id: 'C', purl: 'pkg:npm/x', kind: 'accepted' }],
      exceptions: [{ undecided: 'end-of-life' }],
    },
  }),
};
