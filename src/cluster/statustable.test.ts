// The table of a status: a screen for people, whatever the cluster holds and whatever strangers wrote.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { widthOf } from '../scan/report/index.ts';
import type { ClusterStatus, ImageStatus, RunningFinding, RunningStatus } from './statusanswer.ts';
import { formatReach, reachOf } from './statusreach.ts';
import { formatStatus } from './statustable.ts';
import { cut, pad } from './statustext.ts';

const digest = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`;
const look = { columns: 100, colour: false };

function finding(id: string, level: RunningFinding['level']): RunningFinding {
  return {
    state: 'affected',
    id,
    aliases: [],
    advisories: [id],
    purl: 'pkg:npm/x@1',
    name: 'x',
    version: '1',
    introducedBy: 'app',
    priority: 50,
    level,
    fixed: '2',
    since: '2026-11-20T00:00:00.000Z',
  };
}

function row(number: number, more: Partial<RunningStatus> = {}): RunningStatus {
  return {
    namespace: 'shop',
    workload: { group: 'apps', kind: 'Deployment', name: `web-${number}` },
    container: 'main',
    role: 'container',
    state: 'running',
    image: `registry.example.com/team/app${number}:1`,
    identity: { kind: 'digest', digest: digest(number), from: 'node' },
    platform: 'linux/amd64',
    pods: 1,
    key: `${number}`,
    enforced: true,
    ...more,
  };
}

function image(number: number, more: Partial<ImageStatus> = {}): ImageStatus {
  return {
    key: `${number}`,
    reference: 'r',
    digest: digest(number),
    packages: 1,
    findings: [],
    undecided: [],
    ...more,
  };
}

function statusOf(running: RunningStatus[], images: ImageStatus[]): ClusterStatus {
  const context = { context: 'one', pods: running.length, running, notStarted: [], notes: [] };
  return { at: Date.parse('2026-11-27T00:00:00Z'), contexts: [context], images };
}

test('ten thousand workloads are a screen, the worst first, and the others are counted', () => {
  const numbers = Array.from({ length: 10_000 }, (_, at) => at);
  const denied = {
    decision: 'deny' as const,
    failing: [
      {
        rule: 'r',
        mode: 'enforce' as const,
        outcome: 'failed' as const,
        code: 'vulnerable',
        found: 'f'.repeat(5000),
        fix: 'g '.repeat(5000),
        since: 0,
        by: 'evidence' as const,
      },
    ],
  };
  const status = statusOf(
    numbers.map((at) => row(at, { verdict: denied })),
    numbers.map((at) =>
      image(at, {
        findings: at === 7777 ? [finding('CVE-1', 'critical')] : [finding('CVE-2', 'low')],
        ...(at % 2 === 0 ? { problem: { code: 'connect-failed', message: 'm '.repeat(5000) } } : {}),
      }),
    ),
  );
  const text = formatStatus(status, look);
  const lines = text.split('\n');
  assert.ok(lines.length < 240, `${lines.length} lines`);
  assert.ok(lines.every((line) => widthOf(line) <= 100));
  assert.match(text, /Would be denied today: 10,000 workloads/);
  assert.match(text, /and 9,\d+ containers more \(--format json\)/);
  const first = lines[lines.findIndex((line) => line.startsWith('CRIT')) + 1];
  assert.match(first!, /^ {3}1 {4}0 {4}0 {4}0 {2}shop\/Deployment\/web-7777 /);
  const reach = formatReach(reachOf('CVE-2', status, undefined), status, look);
  assert.ok(reach.split('\n').length < 200);
});

test('what strangers wrote cannot move the cursor or turn the line', () => {
  const evil = 'a\u001b[2J\u202eb';
  const status = statusOf(
    [row(1, { namespace: evil, container: evil, image: evil })],
    [image(1, { findings: [{ ...finding('CVE-1', 'high'), name: evil }] })],
  );
  for (const text of [
    formatStatus(status, look),
    formatReach(reachOf('CVE-1', status, undefined), status, look),
  ])
    assert.doesNotMatch(text, /[\u001b\u202e]/);
});

test('a denial says rule, day, what was found, the fix, and who follows later', () => {
  const failing = {
    rule: 'no-high',
    mode: 'enforce' as const,
    outcome: 'failed' as const,
    code: 'vulnerable',
    found: '1 finding',
    fix: 'upgrade x to 2',
    since: Date.parse('2026-11-20T12:00:00Z'),
    by: 'advisories' as const,
  };
  const text = formatStatus(
    statusOf(
      [
        row(1, {
          enforced: false,
          verdict: { decision: 'deny', failing: [failing, { ...failing, rule: 'other', mode: 'audit' }] },
        }),
      ],
      [image(1)],
    ),
    look,
  );
  assert.match(
    text,
    /\n {2}registry\.example\.com\/team\/app1:1@sha256:0{12}\n {4}not enforced: shop\/Deployment\/web-1 main\n/,
  );
  assert.match(
    text,
    /✗ no-high since 2026-11-20: 1 finding \(an admission follows with the next signed scan\)\n {6}fix: upgrade x to 2/,
  );
  assert.doesNotMatch(text, /other/);
});

test('grace is listed with its end, the first to end first', () => {
  const until = (day: string) => ({
    verdict: {
      decision: 'allow' as const,
      failing: [],
      grace: { rule: 'no-high', until: Date.parse(`${day}T00:00:00Z`) },
    },
  });
  const text = formatStatus(
    statusOf([row(1, until('2026-12-09')), row(2, until('2026-12-01'))], [image(1), image(2)]),
    look,
  );
  assert.match(
    text,
    /In grace[^\n]*\n {2}shop\/Deployment\/web-2 [^\n]*until 2026-12-01\s+\(no-high\)\n {2}shop\/Deployment\/web-1 [^\n]*until 2026-12-09/,
  );
});

test('texts are cut and padded by the columns that they take', () => {
  assert.equal(cut('registry.example.com/app', 10), '…e.com/app');
  assert.equal(cut('漢字漢字', 5), '…漢字');
  assert.equal(pad('漢', 4), '漢  ');
  assert.equal(cut('short', 10), 'short');
});
