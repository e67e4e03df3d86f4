// Tests of what a renewal's signature may stand for, and of what rules in audit mode stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleOutcome, Verdict } from '../trust/index.ts';
import { signable, whyUnfit } from './predecessor.ts';

function rule(outcome: RuleOutcome['outcome'], more: Partial<RuleOutcome> = {}): RuleOutcome {
  const basics = { rule: 'no-high', kind: 'vulnerabilities', mode: 'enforce', evidence: [] } as const;
  return { ...basics, outcome, expected: 'no finding', found: '1 high', ...more };
}

function verdict(...rules: RuleOutcome[]): Verdict {
  const isOpen = rules.some(({ outcome }) => outcome === 'failed' || outcome === 'undecided');
  return {
    decision: isOpen ? 'deny' : 'allow',
    purpose: 'release',
    image: 'r.example/team/app:1',
    digest: `sha256:${'1'.repeat(64)}`,
    platforms: [],
    policy: { name: 'default', hash: 'h', rulesHash: 'r' },
    rules,
    at: 0,
  };
}

const audit = { mode: 'audit' } as const;
const signed = (outcome: RuleOutcome['outcome'], more: Partial<RuleOutcome> = {}) =>
  rule(outcome, { rule: 'signed', kind: 'signature', code: 'signature-missing', ...more });

test('a missing signature is ours to give where the predecessor had one, in audit mode too', () => {
  for (const more of [{}, audit]) {
    assert.deepEqual(signable(verdict(signed('met', more)), verdict(signed('failed', more))), {
      sign: ['signed'],
    });
    assert.ok('stop' in signable(verdict(signed('failed', more)), verdict(signed('failed', more))));
  }
});

test('a rule in audit mode stops nothing that the predecessor did not meet either', () => {
  const before = verdict(rule('failed', audit), signed('met'));
  assert.deepEqual(signable(before, verdict(rule('failed', audit), signed('failed'))), { sign: ['signed'] });
  assert.equal(whyUnfit(before, verdict(rule('failed', audit), signed('met'))), undefined);
  assert.equal(whyUnfit(before, verdict(rule('undecided', audit), signed('met'))), undefined);
});

test('a rule in audit mode stops what its predecessor met, or what was undecided and fails now', () => {
  for (const was of ['met', 'excepted', 'undecided'] as const) {
    const before = verdict(rule(was, audit));
    const after = verdict(rule('failed', audit));
    assert.ok('stop' in signable(before, after), was);
    assert.match(whyUnfit(before, after) ?? '', /no-high: expected no finding, found 1 high/);
  }
});

test('an enforced rule stops it, whatever its predecessor was', () => {
  const both = verdict(rule('failed'));
  assert.ok('stop' in signable(both, both));
  assert.match(whyUnfit(both, both) ?? '', /^deny: no-high/);
});

test('a verdict that refuses without a rule that is open is not overruled', () => {
  assert.match(whyUnfit(verdict(), { ...verdict(), decision: 'undecided' }) ?? '', /^undecided/);
});
