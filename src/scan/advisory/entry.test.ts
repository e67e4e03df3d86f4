import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdvisoryRange } from './advisory.ts';
import {
  isUnfixed,
  type PackedEntry,
  packPackage,
  packRanges,
  unpackEntries,
  unpackRanges,
} from './entry.ts';
import { packRecord, unpackRecord } from './record.ts';

const introduced = { kind: 'introduced', version: '0' } as const;
const ranges: AdvisoryRange[][] = [
  [],
  [{ type: 'ECOSYSTEM', events: [introduced, { kind: 'fixed', version: '1.2-3' }] }],
  [{ type: 'SEMVER', events: [introduced, { kind: 'fixed', version: '1.2.3' }] }],
  [{ type: 'ECOSYSTEM', events: [{ kind: 'fixed', version: '1' }, introduced] }],
  [
    { type: 'ECOSYSTEM', events: [introduced] },
    { type: 'GIT', events: [] },
  ],
  [
    {
      type: 'ECOSYSTEM',
      events: [introduced, { kind: 'last_affected', version: '1' }, { kind: 'limit', version: '*' }],
    },
  ],
  [
    {
      type: 'ECOSYSTEM',
      events: [
        { kind: 'introduced', version: 'E' },
        { kind: 'fixed', version: '<' },
      ],
    },
  ],
  [{ type: 'ECOSYSTEM', events: [introduced, { kind: 'fixed', version: '1 2' }] }],
  [{ type: 'ECOSYSTEM', events: [introduced, { kind: 'fixed', version: ' ' }] }],
  [{ type: 'SEMVER', events: [{ kind: 'introduced', version: '[' }] }],
];

test('ranges come back as they went in, whatever the versions look like', () => {
  for (const range of ranges) assert.deepEqual(unpackRanges(packRanges(range)), range);
});

test('versions come back in their order, and each is kept once', () => {
  const entries = [
    { record: 1, ranges: '', versions: ['1', '2', '3'], extras: undefined },
    { record: 2, ranges: '<4', versions: ['2', '3', '4'], extras: undefined },
    { record: 3, ranges: '', versions: ['9', '1', '3', '__proto__'], extras: { u: 'low' } },
    { record: 4, ranges: '', versions: [], extras: { x: 'broken' } },
    { record: 5, ranges: '', versions: [], extras: undefined },
  ];
  const packed = packPackage(entries);
  assert.deepEqual(packed[0], ['1', '2', '3', '4', '9', '__proto__']);
  assert.deepEqual(
    unpackEntries(JSON.parse(JSON.stringify(packed))),
    entries.map((e) => ({ ...e })),
  );
});

test('an entry is unfixed when no event of it fixes', () => {
  const entry = (packed: string, extras?: PackedEntry[3]): PackedEntry =>
    extras === undefined ? [1, packed] : [1, packed, [], extras];
  assert.ok(!isUnfixed(entry('<1.0')));
  assert.ok(!isUnfixed(entry('S i0 f1.0 i2.0')));
  assert.ok(isUnfixed(entry('S i0')));
  assert.ok(isUnfixed(entry('E i0 lfixed')));
  assert.ok(isUnfixed(entry('')));
  assert.ok(!isUnfixed(entry('', { x: 'broken' })));
});

test('a record comes back as it went in', () => {
  const record = {
    id: 'CVE-2024-1',
    modified: '2024-01-01T00:00:00Z',
    published: undefined as string | undefined,
    withdrawn: false,
    aliases: ['GHSA-1'],
    upstream: ['CVE-2024-2'],
    related: [],
    severity: [{ type: 'CVSS_V3', score: 'x' }],
    databaseSeverity: undefined,
    summary: undefined,
    url: undefined as string | undefined,
    affected: [],
    unreadable: undefined,
  };
  for (const published of [undefined, '2024-01-01T00:00:00Z', '2023-01-01T00:00:00Z'])
    for (const url of [
      undefined,
      'https://nvd.nist.gov/vuln/detail/CVE-2024-1',
      'https://security-tracker.debian.org/tracker/CVE-2024-2',
      'https://nvd.nist.gov/vuln/detail/other',
      'https://example.org/2i',
    ]) {
      const back = unpackRecord(
        packRecord({ ...record, published, url }, [3, 4]),
        record.id,
        record.modified,
      );
      const { aliases, upstream, related, severity, databaseSeverity, summary } = record;
      const fields = {
        aliases,
        upstream,
        related,
        severity,
        databaseSeverity,
        summary,
        published,
        url,
        packages: [3, 4],
      };
      assert.deepEqual(back, fields);
    }
});
