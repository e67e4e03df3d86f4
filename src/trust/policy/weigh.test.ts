// Which findings count against a rule, since when, and which are set aside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dayMs,
  factsOf,
  findingOf,
  judged,
  policyNow,
  policyOf,
  scannedBy,
  scanOf,
} from '../../testing/policyfacts.ts';

const rule = (more: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) =>
  policyOf({
    rules: [{ name: 'vulnerabilities', vulnerabilities: { by: ['scanner'], severity: 'high', ...more } }],
    ...spec,
  });
const by = (...results: unknown[]) =>
  factsOf({ answers: results.map((result) => scannedBy('scanner', result)) });
const says = (policy: ReturnType<typeof rule>, ...results: unknown[]) => judged(policy, by(...results)).says;
const at = (ms: number) => ({ scannedAt: new Date(policyNow + ms).toISOString() });
const iso = (ms: number) => new Date(policyNow + ms).toISOString();

test('fixable leaves out what has no fix, or only one in a channel such as ESM', () => {
  const without = scanOf([
    findingOf('CVE-1', { fixedIn: [] }),
    findingOf('CVE-2', { fixedIn: [{ version: '2', advisory: 'a', channel: 'esm' }] }),
  ]);
  assert.equal(says(rule(), without), 'deny failed vulnerable');
  assert.equal(says(rule({ fixable: true }), without), 'allow met');
  assert.equal(says(rule({ fixable: true }), scanOf([findingOf('CVE-3')])), 'deny failed vulnerable');
});

test('known exploitation, EPSS and priority count each on their own', () => {
  const low = { severity: { level: 'low', score: 2 } };
  const only = (more: Record<string, unknown>) =>
    policyOf({ rules: [{ name: 'v', vulnerabilities: { by: ['scanner'], ...more } }] });
  const exploited = scanOf([findingOf('CVE-1', { ...low, kev: { added: '2026-01-01', ransomware: false } })]);
  const likely = scanOf([findingOf('CVE-1', { ...low, epss: 0.6 })]);
  assert.equal(says(only({ kev: true }), exploited), 'deny failed vulnerable');
  assert.equal(says(only({ kev: true }), likely), 'allow met');
  assert.equal(says(only({ epss: 0.5 }), likely), 'deny failed vulnerable');
  assert.equal(says(only({ epss: 0.7 }), likely), 'allow met');
  assert.equal(says(only({ priority: 90 }), exploited), 'deny failed vulnerable');
  assert.equal(says(only({ priority: 90 }), likely), 'allow met');
});

test('a priority that the scanner set to 0 by its own suppression is computed anew', () => {
  const hidden = findingOf('CVE-1', {
    priority: 0,
    suppressed: { kind: 'accepted', reason: 'r', author: 'a', expires: '2099-01-01' },
  });
  assert.equal(says(rule({ priority: 50, severity: undefined }), scanOf([hidden])), 'deny failed vulnerable');
});

test('a finding of unknown state is undecided where it would count', () => {
  const unknown = (level: string) =>
    scanOf([findingOf('CVE-1', { state: 'unknown', reason: 'backported?', severity: { level } })], {
      undecided: [{ code: 'finding-unknown', message: 'm', subject: 'pkg:deb/debian/openssl@3.0.1' }],
    });
  assert.equal(says(rule(), unknown('critical')), 'undecided undecided finding-unknown');
  assert.equal(says(rule(), unknown('low')), 'allow met');
});

test('a finding without severity is undecided unless the policy says what it counts as', () => {
  const bare = scanOf([findingOf('CVE-1', { severity: { level: 'unknown' } })]);
  assert.equal(says(rule(), bare), 'undecided undecided severity-unknown');
  assert.equal(says(rule({ unknownSeverity: 'high' }), bare), 'deny failed vulnerable');
  assert.equal(says(rule({ unknownSeverity: 'low' }), bare), 'allow met');
});

test('age counts from the day of publication', () => {
  const policy = rule({ publishedFor: '30d' });
  const { verdict, says: said } = judged(
    policy,
    by(scanOf([findingOf('CVE-1', { published: iso(-29 * dayMs) })])),
  );
  assert.equal(said, 'allow met');
  assert.equal(verdict.until, policyNow + dayMs + 1);
  assert.equal(
    says(policy, scanOf([findingOf('CVE-1', { published: iso(-31 * dayMs) })])),
    'deny failed vulnerable',
  );
  assert.equal(
    says(policy, scanOf([findingOf('CVE-1', { published: undefined })])),
    'undecided undecided evidence-untimed',
  );
});

test('grace counts from when the finding was first found for this digest', () => {
  const policy = rule({ grace: '7d' });
  const first = judged(policy, by(scanOf([findingOf('CVE-1')])));
  assert.equal(first.says, 'allow met');
  assert.match(first.rule.found, /1 in grace until 2026-12-04/);
  assert.equal(says(policy, scanOf([findingOf('CVE-1', { since: iso(-6 * dayMs) })])), 'allow met');
  assert.equal(
    says(policy, scanOf([findingOf('CVE-1', { since: iso(-8 * dayMs) })])),
    'deny failed vulnerable',
  );
});

test('a new scan renews no grace, even when it forgot since when', () => {
  const policy = rule({ grace: '3d' });
  const old = scanOf([findingOf('CVE-1')], at(-4 * dayMs));
  assert.equal(says(policy, old, scanOf([findingOf('CVE-1')])), 'deny failed vulnerable');
  assert.equal(says(policy, old, scanOf([findingOf('CVE-2')])), 'allow met');
  const ahead = scanOf([findingOf('CVE-1', { since: iso(100 * dayMs) })], at(-4 * dayMs));
  assert.equal(says(policy, ahead), 'deny failed vulnerable');
});

const suppression = {
  id: 'CVE-1',
  purl: 'pkg:deb/debian/openssl',
  kind: 'accepted',
  reason: 'r',
  author: 'a',
  expires: '2026-12-31',
};

test('the policy’s suppressions set findings aside until they run out', () => {
  const {
    verdict,
    says: said,
    rule: outcome,
  } = judged(
    rule({ maxDatabaseAge: '90d' }, { suppressions: [suppression] }),
    by(scanOf([findingOf('CVE-1')])),
  );
  assert.equal(said, 'allow met');
  assert.match(outcome.found, /1 suppressed/);
  assert.equal(verdict.until, Date.parse('2027-01-01T00:00:00Z'));
  assert.equal(
    says(
      rule({}, { suppressions: [{ ...suppression, expires: '2026-11-26' }] }),
      scanOf([findingOf('CVE-1')]),
    ),
    'deny failed vulnerable',
  );
  assert.equal(
    says(rule({}, { suppressions: [suppression] }), scanOf([findingOf('CVE-2')])),
    'deny failed vulnerable',
  );
});

test('a suppression that ran out is named where its finding counts again', () => {
  const late = rule({}, { suppressions: [{ ...suppression, expires: '2026-11-26' }] });
  const { rule: outcome } = judged(late, by(scanOf([findingOf('CVE-1')])));
  assert.equal(
    outcome.found,
    '1 critical: CVE-1 (openssl); the suppression of CVE-1 by a ran out on 2026-11-26',
  );
});

test('a suppression inside the result counts only while the policy still holds it', () => {
  const inside = scanOf([
    findingOf('CVE-1', { suppressed: { kind: 'accepted', reason: 'r', author: 'a', expires: '2099-01-01' } }),
  ]);
  assert.equal(says(rule(), inside), 'deny failed vulnerable');
  assert.equal(says(rule({}, { suppressions: [suppression] }), inside), 'allow met');
});

test('a denial says since when: the finding, its grace, an exception or a suppression that ran out', () => {
  const since = (policy: ReturnType<typeof rule>, scan: ReturnType<typeof scanOf>) => {
    const { rule: outcome } = judged(policy, by(scan));
    assert.equal(outcome.code, 'vulnerable');
    return outcome.since === undefined ? undefined : outcome.since - policyNow;
  };
  const seen = scanOf([
    findingOf('CVE-1', { since: iso(-10 * dayMs) }),
    findingOf('CVE-2', { since: iso(-9 * dayMs) }),
  ]);
  assert.equal(since(rule({}), seen), -10 * dayMs);
  assert.equal(since(rule({ grace: '7d' }), seen), -3 * dayMs + 1);
  const ranOut = { expires: '2026-11-25', reason: 'r', author: 'a' };
  const end = Date.parse('2026-11-26T00:00:00Z') - policyNow;
  const lifted = {
    exceptions: [{ ...ranOut, rule: 'vulnerabilities', images: ['registry.example.com/**'] }],
  };
  assert.equal(since(rule({}, lifted), seen), end);
  const aside = { suppressions: [{ ...suppression, ...ranOut }] };
  const one = scanOf([findingOf('CVE-1', { since: iso(-10 * dayMs) })]);
  assert.equal(since(rule({ maxDatabaseAge: '90d' }, aside), one), end);
});

test('what is in grace is said with its end, whether the rule is met or not', () => {
  const policy = rule({ grace: '7d' });
  const young = findingOf('CVE-1', { since: iso(-2 * dayMs) });
  const met = judged(policy, by(scanOf([young]))).rule;
  assert.equal(met.graceUntil! - policyNow, 5 * dayMs + 1);
  assert.equal(met.since, undefined);
  const old = findingOf('CVE-2', { since: iso(-8 * dayMs) });
  const failed = judged(policy, by(scanOf([young, old]))).rule;
  assert.deepEqual([failed.outcome, failed.graceUntil! - policyNow], ['failed', 5 * dayMs + 1]);
});
