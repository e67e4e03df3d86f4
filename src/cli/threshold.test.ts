import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undecided } from '../core/index.ts';
import type { Finding, ScanResult } from '../scan/index.ts';
import {
  exitCodeOf,
  parseCode,
  parseCondition,
  parseLevel,
  type Threshold,
  undecidedBy,
} from './threshold.ts';

const finding = (more: Partial<Finding>): Finding => ({
  state: 'affected',
  id: 'CVE-2024-0001',
  aliases: [],
  advisories: ['A'],
  purl: 'pkg:npm/x@1.0.0',
  name: 'x',
  version: '1.0.0',
  location: 'x',
  introducedBy: 'unknown',
  severity: { level: 'medium' },
  fixedIn: [],
  priority: 0,
  ...(more as object),
});
const result = (findings: Finding[], codes: ReturnType<typeof undecided>[] = []) =>
  ({ findings, undecided: codes }) as unknown as ScanResult;
const threshold = (conditions: string[], more: Partial<Threshold> = {}): Threshold => ({
  conditions: conditions.map(parseCondition),
  accepted: new Set(),
  ...more,
});
const code = (findings: Finding[], conditions: string[], more: Partial<Threshold> = {}) =>
  exitCodeOf(result(findings), threshold(conditions, more));

test('any of several conditions is enough: a severity or above, KEV, an EPSS of at least so much', () => {
  const kev = finding({ kev: { added: '2024-01-01', ransomware: false } });
  assert.equal(code([finding({})], ['medium']), 1);
  assert.equal(code([finding({})], ['low']), 1);
  assert.equal(code([finding({})], ['high']), 0);
  assert.equal(code([kev], ['critical', 'kev']), 1);
  assert.equal(code([finding({})], ['kev']), 0);
  assert.equal(code([finding({ epss: 0.5 })], ['epss>=0.5']), 1);
  assert.equal(code([finding({ epss: 0.49 })], ['epss>=0.5']), 0);
  assert.equal(code([finding({})], ['epss>=0.01']), 0);
});

test('what does not affect the image, or is set aside, meets no threshold', () => {
  const suppressed = { kind: 'accepted' as const, reason: 'r', author: 'a', expires: '2099-01-01' };
  assert.equal(code([finding({ suppressed })], ['low']), 0);
  assert.equal(code([finding({ state: 'not_affected', reason: 'r' } as Partial<Finding>)], ['low']), 0);
});

test('a finding without severity is undecided for a severity, unless it is given one', () => {
  const unknown = finding({ severity: { level: 'unknown' } });
  assert.deepEqual(
    undecidedBy(result([unknown]), threshold(['high'])).map((entry) => entry.code),
    ['severity-unknown'],
  );
  assert.deepEqual(undecidedBy(result([unknown]), threshold(['kev'])), []);
  assert.deepEqual(undecidedBy(result([unknown]), threshold(['high'], { unknownAs: 'low' })), []);
  assert.equal(code([unknown], ['high'], { unknownAs: 'critical' }), 1);
  assert.equal(code([unknown], ['high'], { unknownAs: 'low' }), 0);
});

test('accepted codes leave the exit code alone, others make it 3, findings beat both', () => {
  const both = result([finding({})], [undecided('end-of-life', 'x'), undecided('limit-reached', 'y')]);
  const accepted = (...codes: string[]) => ({ accepted: new Set(codes) });
  assert.equal(exitCodeOf(both, threshold([])), 3);
  assert.equal(exitCodeOf(both, threshold([], accepted('end-of-life'))), 3);
  assert.equal(exitCodeOf(both, threshold([], accepted('end-of-life', 'limit-reached'))), 0);
  assert.equal(exitCodeOf(both, threshold(['low'])), 1);
});

test('what cannot be understood is refused with the nearest right word', () => {
  for (const wrong of ['hihg', 'epss>=2', 'epss>=x', 'epss', ''])
    assert.throws(() => parseCondition(wrong), { code: 'option-invalid' }, wrong);
  assert.throws(() => parseCondition('critcal'), { hint: 'did you mean critical?' });
  assert.throws(() => parseCode('end-of-live'), { hint: 'did you mean end-of-life?' });
  assert.throws(() => parseLevel('unknown'), { code: 'option-invalid' });
});
