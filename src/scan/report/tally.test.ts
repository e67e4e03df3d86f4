// Many findings of one package stay short to read, and none of them is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../match/index.ts';
import { rows } from './tally.ts';

function finding(n: number, more: Partial<Finding> = {}): Finding {
  return {
    state: 'affected',
    id: `CVE-2024-${1000 + n}`,
    aliases: [],
    advisories: [],
    purl: 'pkg:npm/a@1.0.0',
    name: 'a',
    version: '1.0.0',
    location: 'a/package.json',
    introducedBy: 'unknown',
    severity: { level: 'medium' },
    fixedIn: [{ version: n % 2 ? '1.1.0' : '1.2.0', advisory: 'A' }],
    priority: 1,
    ...more,
  } as Finding;
}

test('few findings get a row each', () => {
  const few = Array.from({ length: 12 }, (_, i) => finding(i));
  assert.deepEqual(rows(few), { alone: few, together: [] });
});

test('of many, those that stand out get a row, the others share one by level and fix, and all are there', () => {
  const grave = [
    finding(90, { severity: { level: 'critical' } }),
    finding(91, { kev: { added: '2024-01-01', ransomware: false } }),
    finding(92, { epss: 0.5 }),
    finding(93, { state: 'unknown', reason: 'r' } as Partial<Finding>),
    finding(94, { fixedIn: [{ version: '1.1.0', advisory: 'A', channel: 'Ubuntu Pro' }] }),
  ];
  const plain = Array.from({ length: 30 }, (_, i) => finding(i));
  const { alone, together } = rows([...plain, ...grave]);
  assert.deepEqual(alone, grave);
  assert.deepEqual(
    together.map((shared) => [shared[0]!.fixedIn[0]!.version, shared.length]),
    [
      ['1.2.0', 15],
      ['1.1.0', 15],
    ],
  );
});
