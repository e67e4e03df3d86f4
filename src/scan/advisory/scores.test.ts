import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOf, cveNumber, packScores, parseEpss, scoreIn } from './epss.ts';
import { parseKev } from './kev.ts';

const epss = `#model_version:v2025,score_date:2026-08-16T00:00:00+0000
cve,epss,percentile
CVE-1999-0001,0.03351,0.87650
CVE-2021-44228,0.99999,1.00000
CVE-2024-1234567,1e-05,0.1
not a line
CVE-2024-1,0.5,0.5
CVE-2024-9999,1.5,0.5
`;

test('EPSS scores come with their day, and what is no score is counted', () => {
  const { date, scores, unreadable } = parseEpss(epss);
  assert.equal(date, '2026-08-16T00:00:00Z');
  assert.equal(unreadable, 3);
  assert.deepEqual(
    [...scores],
    [
      [1999000000001, 3351],
      [2021000044228, 99999],
      [2024001234567, 1],
    ],
  );
});

test('what is no EPSS file is refused', () => {
  for (const text of [
    '',
    '<html>',
    'cve,epss\n',
    '#score_date:2026-08-16\ncve,epss\n',
    '#score_date:2026-08-16\ncve,epss\nx\n',
  ])
    assert.throws(() => parseEpss(text), { code: 'feed-unreadable' }, text);
});

test('packed scores give each CVE its own, and no other one', () => {
  const scores = new Map<number, number>();
  for (let n = 1; n < 30_000; n += 3)
    scores.set(cveNumber(`CVE-2024-${String(n).padStart(4, '0')}`)!, (n * 7) % 100_001);
  const blocks = packScores(scores);
  for (let n = 1; n < 30_000; n++) {
    const cve = cveNumber(`CVE-2024-${String(n).padStart(4, '0')}`)!;
    assert.equal(scoreIn(blocks.get(blockOf(cve))!, cve), scores.get(cve));
  }
});

test('only a CVE has a CVE number', () => {
  for (const id of [
    '',
    'CVE-',
    'CVE-2024-123',
    'cve-2024-1234',
    'CVE-2024-1234567890',
    'GHSA-1',
    ' CVE-2024-1234',
  ])
    assert.equal(cveNumber(id), undefined);
});

test('KEV entries come with their date and whether ransomware uses them', () => {
  const entry = { cveID: 'CVE-2021-44228', dateAdded: '2021-12-10', knownRansomwareCampaignUse: 'Known' };
  const text = JSON.stringify({
    dateReleased: '2025-08-25T17:04:19.9796Z',
    vulnerabilities: [
      entry,
      { ...entry, cveID: 'CVE-2021-44229', knownRansomwareCampaignUse: 'Unknown' },
      null,
      { cveID: 7 },
    ],
  });
  assert.deepEqual(parseKev(text), {
    date: '2025-08-25T17:04:19.9796Z',
    entries: new Map([
      [2021000044228, { added: '2021-12-10', ransomware: true }],
      [2021000044229, { added: '2021-12-10', ransomware: false }],
    ]),
    unreadable: 2,
  });
  for (const wrong of [
    '',
    '{}',
    '[]',
    'null',
    '{"dateReleased":"2025-08-25T17:04:19Z","vulnerabilities":[]}',
  ])
    assert.throws(() => parseKev(wrong), { code: 'feed-unreadable' }, wrong);
});
