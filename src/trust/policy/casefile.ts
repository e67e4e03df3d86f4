// Cases written beside a policy: images with what is stated of them, and the verdict that is expected.
import { z } from 'zod';
import { parseDocumentAs } from '../../core/document/index.ts';
import { formats, rejections } from '../evidence/index.ts';
import { apiVersion, oneOf } from './document.ts';

const text = z.string().trim().min(1, 'expected text, got none').max(2000);
const time = z.union(
  [z.iso.date(), z.iso.datetime({ offset: true })],
  'expected a day as YYYY-MM-DD, or a time with its zone',
);
const format = oneOf(formats);
const codes = Object.keys(rejections) as [keyof typeof rejections, ...(keyof typeof rejections)[]];

const signature = z.strictObject({
  by: text,
  format: format.optional(),
  signer: text.optional().describe('Tells two signers of one authority apart.'),
  rejected: oneOf(codes).optional().describe('The signature is there, but does not count for this reason.'),
});

const attestation = z.strictObject({
  by: text,
  type: text,
  signer: text.optional(),
  predicate: z.unknown().optional(),
  file: text.optional().describe('JSON of the predicate; the path is relative to the cases.'),
});

const finding = z.strictObject({
  id: text,
  severity: oneOf(['critical', 'high', 'medium', 'low', 'negligible', 'unknown']).optional(),
  package: text.optional().describe('A package URL with its version.'),
  fixed: text.optional().describe('The version that ends it; none is known when absent.'),
  kev: z.boolean().optional(),
  epss: z.number().min(0).max(1).optional(),
  published: time.optional(),
  since: time.optional(),
  state: oneOf(['affected', 'unknown']).optional(),
});

const scan = z.strictObject({
  by: text,
  file: text
    .optional()
    .describe('Result of seaworthy scan --format json; the path is relative to the cases.'),
  scannedAt: time.optional().describe('An hour before the case when absent.'),
  databaseDays: z.number().min(0).optional().describe('How old the advisories were then; 0 when absent.'),
  findings: z.array(finding).max(10_000).optional(),
  undecided: z.array(text).max(100).optional().describe('Codes of docs/undecided.md.'),
});

const evidence = {
  signatures: z.array(signature).max(1000).optional(),
  attestations: z.array(attestation).max(1000).optional(),
  scans: z.array(scan).max(100).optional(),
  unlisted: z.array(oneOf([...formats, 'attestation'])).optional(),
};

const testCase = z.strictObject({
  name: text,
  image: text,
  labels: z.record(text, z.string()).optional(),
  now: time.optional(),
  created: time.optional(),
  base: z
    .strictObject({ name: text, since: time.optional(), signatures: z.array(signature).optional() })
    .optional(),
  ...evidence,
  expect: oneOf(['allow', 'deny', 'undecided']),
  release: z.boolean().optional().describe('Judge as for a release: every rule is enforced.'),
  rules: z
    .record(text, text)
    .optional()
    .describe('For each rule met, failed, undecided, excepted, or the code of its answer.'),
});

export const policyTestDocument = z.strictObject({
  apiVersion: z.literal(apiVersion, `expected ${apiVersion}`),
  kind: z.literal('ImagePolicyTest', 'expected ImagePolicyTest'),
  metadata: z.looseObject({ name: text }).optional(),
  policy: text.optional().describe('File of the policy; NAME.yaml beside NAME.test.yaml when absent.'),
  now: time.optional().describe('When the cases are judged; today when absent.'),
  cases: z.array(testCase).min(1, 'expected at least one case, got none').max(1000),
});

export type CaseFile = z.output<typeof policyTestDocument>;
export type PolicyCase = CaseFile['cases'][number];
export type ScanCase = z.output<typeof scan>;
export type SignatureCase = z.output<typeof signature>;

const keys = [
  ...Object.keys(policyTestDocument.shape),
  ...Object.keys(testCase.shape),
  ...Object.keys(signature.shape),
  ...Object.keys(attestation.shape),
  ...Object.keys(scan.shape),
  ...Object.keys(finding.shape),
  'since',
];

/** Throws DocumentFault, a line `FILE:LINE:COLUMN: …` for each mistake. */
export function parseCases(text: string, file: string): CaseFile {
  return parseDocumentAs(text, file, policyTestDocument, keys);
}
