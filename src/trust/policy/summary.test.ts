// Verification summaries: made from a scan, and counting only while everything they leaned on still holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dayMs,
  digestA,
  digestB,
  factsOf,
  findingOf,
  hourMs,
  judged,
  policyNow,
  policyOf,
  scannedBy,
  scanOf,
  summarisedBy,
} from '../../testing/policyfacts.ts';
import { summaryExtension } from './predicates.ts';
import { makeSummary } from './summary.ts';

const suppression = {
  id: 'CVE-1',
  purl: 'pkg:deb/debian/openssl',
  kind: 'accepted',
  reason: 'r',
  author: 'a',
  expires: '2026-12-31',
};
const exception = {
  undecided: 'end-of-life',
  images: ['registry.example.com/team/**'],
  reason: 'r',
  author: 'a',
  expires: '2026-12-31',
};
const rules = (more: Record<string, unknown> = {}) => [
  { name: 'signed', signature: { by: ['build'] }, mode: 'audit' },
  { name: 'content', vulnerabilities: { by: ['scanner'], summaryBy: ['ci'], severity: 'high', ...more } },
];
const policyWith = (spec: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  policyOf({ rules: rules(more), ...spec });

const scanned = (result: unknown = scanOf()) => factsOf({ answers: [scannedBy('scanner', result)] });
type Summary = Record<string, unknown> & { verificationResult: string };
const summaryOf = (policy = policyWith(), facts = scanned(), now = policyNow) =>
  makeSummary(policy, facts, digestA, now) as Summary;
const says = (summary: unknown, policy = policyWith(), now = policyNow) =>
  judged(policy, factsOf({ answers: [summarisedBy('ci', summary)] }), now).says;
const details = (summary: Summary) => summary[summaryExtension] as Record<string, unknown>;
const changed = (more: Record<string, unknown>) => {
  const summary = summaryOf();
  return { ...summary, [summaryExtension]: { ...details(summary), ...more } };
};

test('a summary of a good scan stands in for it, and binds digest, rules and advisories', () => {
  const policy = policyWith();
  const summary = summaryOf(policy);
  assert.equal(summary.verificationResult, 'PASSED');
  assert.deepEqual(summary['policy'], {
    uri: 'urn:seaworthy:policy:production',
    digest: { sha256: policy.rulesHash.replace('sha256:', '') },
  });
  assert.deepEqual(details(summary), {
    rules: ['content'],
    scannedAt: new Date(policyNow - hourMs).toISOString(),
    databaseCheckedAt: new Date(policyNow - hourMs - dayMs).toISOString(),
    suppressions: [],
    exceptions: [],
  });
  assert.equal(says(summary, policy), 'allow met');
});

test('a summary by anybody else is none', () => {
  const facts = factsOf({ answers: [summarisedBy('scanner', summaryOf())] });
  assert.equal(judged(policyWith(), facts).says, 'deny failed scan-missing');
  assert.equal(says(summaryOf(), policyWith({}, { summaryBy: undefined })), 'deny failed scan-missing');
});

test('a summary that did not pass counts for nothing', () => {
  const failed = summaryOf(policyWith(), scanned(scanOf([findingOf('CVE-1')])));
  assert.equal(failed.verificationResult, 'FAILED');
  assert.deepEqual(details(failed)['rules'], []);
  assert.equal(says(failed), 'deny failed summary-failed');
  assert.equal(says({ ...summaryOf(), verificationResult: undefined }), 'deny failed summary-failed');
});

test('a summary made under other rules does not count', () => {
  assert.equal(says(summaryOf(), policyWith({}, { severity: 'medium' })), 'deny failed summary-other');
  assert.equal(says({ ...summaryOf(), policy: {} }), 'deny failed summary-other');
});

test('a summary that does not answer the rule does not count', () => {
  assert.equal(says(changed({ rules: ['other'] })), 'deny failed summary-other');
  assert.equal(says(changed({ rules: 'content' })), 'deny failed summary-other');
});

test('modes, suppressions, exceptions and revocations that were added leave summaries as they are', () => {
  const summary = summaryOf();
  const later = policyOf({
    rules: rules().map((rule) => ({ ...rule, mode: 'enforce' })),
    suppressions: [suppression],
    exceptions: [{ ...exception, undecided: undefined, rule: 'signed' }],
    revocations: [{ digest: digestB, reason: 'r', author: 'a' }],
  });
  assert.equal(says(summary, later), 'allow met');
});

test('a summary ends with its advisories and with its scan', () => {
  const summary = summaryOf();
  assert.equal(says(summary, policyWith(), policyNow + 5 * dayMs), 'allow met');
  assert.equal(says(summary, policyWith(), policyNow + 6 * dayMs), 'deny failed database-stale');
  const strict = policyWith({}, { maxScanAge: '1d' });
  const short = summaryOf(strict);
  assert.equal(says(short, strict, policyNow + 22 * hourMs), 'allow met');
  assert.equal(says(short, strict, policyNow + 24 * hourMs), 'deny failed scan-old');
});

test('a summary that does not say what it rests on, or is dated in the future, does not count', () => {
  for (const lacking of [
    { scannedAt: undefined },
    { databaseCheckedAt: undefined },
    { databaseCheckedAt: 'lately' },
    { suppressions: undefined },
    { exceptions: 'none' },
    { until: 'later' },
  ])
    assert.equal(says(changed(lacking)), 'deny failed attestation-malformed');
  const ahead = new Date(policyNow + dayMs).toISOString();
  assert.equal(says(changed({ scannedAt: ahead })), 'deny failed attestation-future');
  const early = factsOf({ answers: [summarisedBy('ci', changed({ scannedAt: ahead }))] });
  assert.equal(judged(policyWith(), early).verdict.until, policyNow + dayMs - 300_000);
  assert.equal(says(changed({ databaseCheckedAt: ahead })), 'deny failed attestation-future');
  const { [summaryExtension]: _, ...foreign } = summaryOf();
  assert.equal(says(foreign), 'deny failed summary-other');
});

test('a summary counts only while the policy still holds the suppressions it leaned on', () => {
  const policy = policyWith({ suppressions: [suppression] });
  const summary = summaryOf(policy, scanned(scanOf([findingOf('CVE-1')])));
  assert.equal(summary.verificationResult, 'PASSED');
  assert.deepEqual(details(summary)['suppressions'], [
    { id: 'CVE-1', purl: 'pkg:deb/debian/openssl', kind: 'accepted' },
  ]);
  assert.equal(says(summary, policy), 'allow met');
  assert.equal(says(summary, policyWith()), 'deny failed summary-over');
  assert.equal(
    says(summary, policyWith({ suppressions: [{ ...suppression, expires: '2026-11-26' }] })),
    'deny failed summary-over',
  );
  assert.equal(
    says(summary, policyWith({ suppressions: [{ ...suppression, purl: 'pkg:deb/debian/zlib' }] })),
    'deny failed summary-over',
  );
  assert.equal(
    says(summary, policyWith({ suppressions: [{ ...suppression, path: 'usr/**' }] })),
    'deny failed summary-over',
  );
  assert.equal(
    says(summary, policyWith({ suppressions: [{ ...suppression, reason: 'other', expires: '2027-06-01' }] })),
    'allow met',
  );
});

test('a suppression that was not leaned on is not named', () => {
  const policy = policyWith({ suppressions: [suppression, { ...suppression, id: 'CVE-9' }] });
  const summary = summaryOf(policy, scanned(scanOf([findingOf('CVE-2', { severity: { level: 'low' } })])));
  assert.deepEqual(details(summary)['suppressions'], []);
});

test('a summary counts only while the policy still holds the exceptions it leaned on', () => {
  const policy = policyWith({ exceptions: [exception] });
  const old = scanOf([], { undecided: [{ code: 'end-of-life', message: 'm' }] });
  const summary = summaryOf(policy, scanned(old));
  assert.equal(summary.verificationResult, 'PASSED');
  assert.deepEqual(details(summary)['exceptions'], [{ undecided: 'end-of-life' }]);
  assert.equal(says(summary, policy), 'allow met');
  assert.equal(says(summary, policyWith()), 'deny failed summary-over');
  assert.equal(
    says(summary, policyWith({ exceptions: [{ ...exception, expires: '2026-11-26' }] })),
    'deny failed summary-over',
  );
  assert.equal(
    says(summary, policyWith({ exceptions: [{ ...exception, images: ['registry.example.com/other/*'] }] })),
    'deny failed summary-over',
  );
});

test('a summary ends when the grace of a finding ends that it passed by', () => {
  const policy = policyWith({}, { grace: '2d' });
  const summary = summaryOf(policy, scanned(scanOf([findingOf('CVE-1')])));
  assert.equal(details(summary)['until'], new Date(policyNow - hourMs + 2 * dayMs + 1).toISOString());
  assert.equal(says(summary, policy), 'allow met');
  assert.equal(says(summary, policy, policyNow + 2 * dayMs), 'deny failed summary-over');
});

test('a newer scan, or the one the summary was made from, decides before the summary', () => {
  const bad = scanOf([findingOf('CVE-1')]);
  const facts = (result: unknown) =>
    factsOf({ answers: [scannedBy('scanner', result), summarisedBy('ci', summaryOf())] });
  assert.equal(judged(policyWith(), facts(bad)).says, 'deny failed vulnerable');
  const older = scanOf([findingOf('CVE-1')], { scannedAt: new Date(policyNow - dayMs).toISOString() });
  assert.equal(judged(policyWith(), facts(older)).says, 'allow met');
});

test('no summary is made from a summary, without a scan, or for a manifest that is not there', () => {
  const facts = factsOf({ answers: [summarisedBy('ci', summaryOf())] });
  assert.equal(makeSummary(policyWith(), facts, digestA, policyNow), undefined);
  assert.equal(makeSummary(policyWith(), scanned(), digestB, policyNow), undefined);
  assert.equal(
    makeSummary(policyOf({ rules: [{ name: 'd', digest: 'required' }] }), scanned(), digestA, policyNow),
    undefined,
  );
});

test('a revoked digest has no passing summary', () => {
  const policy = policyWith({ revocations: [{ digest: digestA, reason: 'r', author: 'a' }] });
  assert.equal(summaryOf(policy).verificationResult, 'FAILED');
});

test('rules in warn or audit are judged as enforced for a summary', () => {
  const policy = policyOf({
    rules: [{ name: 'content', mode: 'audit', vulnerabilities: { by: ['scanner'], severity: 'high' } }],
  });
  const summary = makeSummary(policy, scanned(scanOf([findingOf('CVE-1')])), digestA, policyNow);
  assert.equal(summary?.['verificationResult'], 'FAILED');
});

test('a summary never leans on another summary', () => {
  const older = scanOf([findingOf('CVE-1')], { scannedAt: new Date(policyNow - dayMs).toISOString() });
  const facts = factsOf({ answers: [scannedBy('scanner', older), summarisedBy('ci', summaryOf())] });
  assert.equal(judged(policyWith(), facts).says, 'allow met');
  assert.equal(summaryOf(policyWith(), facts).verificationResult, 'FAILED');
});
