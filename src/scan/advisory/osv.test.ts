import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseOsvRecord } from './osv.ts';

const dirt: { why: string; id?: string; text: string; expected: object }[] = JSON.parse(
  readFileSync(new URL('../../../testdata/advisory/dirt.json', import.meta.url), 'utf8'),
);

for (const { why, id, text, expected } of dirt)
  test(`a record with ${why} gives what can be read of it`, () => {
    const record = parseOsvRecord(text, id ?? 'X-1');
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(record[key as keyof typeof record] ?? null, value, key);
  });

test('a whole record gives every field that matching asks for', () => {
  const record = parseOsvRecord(
    JSON.stringify({
      id: 'X-1',
      modified: '2026-01-02T03:04:05.678Z',
      published: '2025-01-02T03:04:05Z',
      aliases: ['CVE-2025-1'],
      upstream: ['CVE-2025-2'],
      related: ['CVE-2025-3'],
      summary: 'Bad',
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }],
      database_specific: { severity: 'HIGH' },
      references: [
        { type: 'WEB', url: 'https://example.org/web' },
        { type: 'ADVISORY', url: 'https://example.org/advisory' },
      ],
      affected: [
        {
          package: { ecosystem: 'Go', name: 'stdlib' },
          severity: [{ type: 'CVSS_V4', score: 'CVSS:4.0/AV:N' }],
          ranges: [
            { type: 'SEMVER', events: [{ introduced: '0' }, { last_affected: '1.2' }] },
            { type: 'GIT', repo: 'https://example.org', events: [{ introduced: 'abc' }] },
          ],
          versions: ['1.0', '1.1'],
          ecosystem_specific: {
            urgency: 'low',
            imports: [{ path: 'net/http', symbols: ['Get'], goos: ['linux'] }],
            binaries: [{ libc6: '2.36' }],
          },
        },
        { ranges: [{ type: 'GIT', events: [{ introduced: 'abc' }] }] },
      ],
    }),
    'X-1',
  );
  assert.deepEqual(record, {
    id: 'X-1',
    modified: '2026-01-02T03:04:05.678Z',
    published: '2025-01-02T03:04:05Z',
    withdrawn: false,
    aliases: ['CVE-2025-1'],
    upstream: ['CVE-2025-2'],
    related: ['CVE-2025-3'],
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }],
    databaseSeverity: 'HIGH',
    summary: 'Bad',
    url: 'https://example.org/advisory',
    unreadable: undefined,
    affected: [
      {
        ecosystem: 'Go',
        name: 'stdlib',
        severity: [{ type: 'CVSS_V4', score: 'CVSS:4.0/AV:N' }],
        ranges: [
          {
            type: 'SEMVER',
            events: [
              { kind: 'introduced', version: '0' },
              { kind: 'last_affected', version: '1.2' },
            ],
          },
          { type: 'GIT', events: [] },
        ],
        versions: ['1.0', '1.1'],
        urgency: 'low',
        imports: [{ path: 'net/http', symbols: ['Get'], goos: ['linux'] }],
        binaries: [{ libc6: '2.36' }],
      },
    ],
  });
});

test('nothing in a record changes what all objects share', () => {
  const record = parseOsvRecord(
    '{"id":"X-1","__proto__":{"a":1},"affected":[{"package":{"ecosystem":"SUSE","name":"__proto__"},"ecosystem_specific":{"binaries":[{"__proto__":"1"}]}}]}',
    'X-1',
  );
  assert.equal(record.affected[0]!.name, '__proto__');
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test('a record of a thousand levels, or of gibberish, is unreadable and nothing worse', () => {
  for (const text of ['['.repeat(100_000), '', '\0', '"id"', '{"id":1}', '{"package":{'.repeat(10_000)])
    assert.notEqual(parseOsvRecord(text, 'X-1').unreadable, undefined);
});
