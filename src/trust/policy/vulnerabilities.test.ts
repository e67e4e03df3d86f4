// The rule on vulnerabilities: whose scan, how old, which findings, since when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dayMs,
  digestA,
  digestB,
  digestIndex,
  factsOf,
  findingOf,
  hourMs,
  judged,
  policyNow,
  policyOf,
  rejectedBy,
  scannedBy,
  scanOf,
} from '../../testing/policyfacts.ts';
import { makeSummary } from './summary.ts';
import { verdictJson } from './verdictjson.ts';

const rule = (more: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) =>
  policyOf({
    rules: [{ name: 'vulnerabilities', vulnerabilities: { by: ['scanner'], severity: 'high', ...more } }],
    ...spec,
  });
const by = (...results: unknown[]) =>
  factsOf({ answers: results.map((result) => scannedBy('scanner', result)) });
const says = (policy: ReturnType<typeof rule>, ...results: unknown[]) => judged(policy, by(...results)).says;
const at = (ms: number) => ({ scannedAt: new Date(policyNow + ms).toISOString() });

test('a clean scan by a trusted signer is an allow', () => {
  assert.equal(says(rule(), scanOf()), 'allow met');
});

test('no scan is denied, with the command that makes one', () => {
  const { rule: outcome, says: said } = judged(rule(), factsOf());
  assert.equal(said, 'deny failed scan-missing');
  assert.equal(
    outcome.fix?.command,
    `seaworthy scan registry.example.com/team/app@${digestA} --attest --key keys/scanner.key`,
  );
});

test('a scan by anybody else is none', () => {
  const facts = factsOf({ answers: [scannedBy('build', scanOf())] });
  assert.equal(judged(rule(), facts).says, 'deny failed scan-missing');
  const stranger = factsOf({ answers: [rejectedBy('scanner', 'key-unknown')] });
  assert.equal(judged(rule(), stranger).says, 'deny failed key-unknown');
});

test('a scan result given by file counts, for its own digest only', () => {
  assert.equal(judged(rule(), factsOf({ scanFiles: [scanOf()] })).says, 'allow met');
  const other = scanOf([], { target: { kind: 'image', digest: digestB } });
  assert.equal(judged(rule(), factsOf({ scanFiles: [other] })).says, 'deny failed scan-other-image');
});

test('a scan of another image, signed for this one, is refused', () => {
  assert.equal(
    says(rule(), scanOf([], { target: { kind: 'image', digest: digestB } })),
    'deny failed scan-other-image',
  );
});

test('what could not be listed, or breaks the schema, is undecided', () => {
  const unlisted = [{ format: 'attestation', code: 'registry-failed', message: '503' }] as const;
  assert.equal(judged(rule(), factsOf({ unlisted })).says, 'undecided undecided evidence-unlisted');
  for (const broken of [
    null,
    {},
    { ...scanOf(), findings: [{ id: 'x' }] },
    { ...scanOf(), scannedAt: 'now' },
    { ...scanOf(), schemaVersion: 2 },
    { ...scanOf(), undecided: [{}] },
    { ...scanOf(), sources: 1 },
  ])
    assert.equal(says(rule(), broken), 'undecided undecided evidence-unreadable');
});

test('a finding that fits the severity is denied with the upgrade that ends it', () => {
  const { rule: outcome, says: said } = judged(rule(), by(scanOf([findingOf('CVE-1')])));
  assert.equal(said, 'deny failed vulnerable');
  assert.equal(outcome.found, '1 critical: CVE-1 (openssl)');
  assert.match(outcome.fix?.text ?? '', /^upgrade openssl to 3\.0\.2/);
  assert.equal(says(rule(), scanOf([findingOf('CVE-1', { severity: { level: 'medium' } })])), 'allow met');
  assert.equal(
    says(rule(), scanOf([findingOf('CVE-1', { state: 'not_affected', reason: 'vex' })])),
    'allow met',
  );
});

test('a base is mended by its own', () => {
  const { rule: outcome } = judged(rule(), by(scanOf([findingOf('CVE-1', { introducedBy: 'base' })])));
  assert.match(outcome.fix?.text ?? '', /^rebuild on an updated base, or upgrade openssl/);
});

test('scores that the rule asks for and the scan had not are undecided', () => {
  const source = { from: 'x', kind: 'url', records: 1, newest: '', licence: '', ageDays: 1 };
  const bare = scanOf([], {
    database: { revision: 'r', isSeed: false, sources: [{ name: 'Debian', ...source }] },
  });
  assert.equal(says(rule(), bare), 'allow met');
  for (const more of [{ kev: true }, { epss: 0.5 }, { priority: 50 }])
    assert.equal(says(rule(more), bare), 'undecided undecided database-missing');
});

test('the newest scan decides, for better and for worse', () => {
  const bad = scanOf([findingOf('CVE-1')], at(-2 * hourMs));
  assert.equal(says(rule(), bad, scanOf([], at(-hourMs))), 'allow met');
  assert.equal(says(rule(), scanOf([], at(-3 * hourMs)), bad), 'deny failed vulnerable');
});

test('a scan dated in the future is refused, however clean, and does not supersede', () => {
  const ahead = scanOf([], at(hourMs));
  assert.equal(says(rule(), ahead), 'deny failed scan-future');
  assert.equal(judged(rule(), by(ahead)).verdict.until, policyNow + hourMs - 300_000);
  assert.equal(says(rule(), ahead, scanOf([findingOf('CVE-1')])), 'deny failed vulnerable');
  assert.equal(says(rule(), scanOf([], at(60_000))), 'allow met');
});

test('a scan grows old', () => {
  const policy = rule({ maxScanAge: '12h' });
  const { verdict, says: said } = judged(policy, by(scanOf([], at(-11 * hourMs))));
  assert.equal(said, 'allow met');
  assert.equal(verdict.until, policyNow + hourMs + 1);
  assert.equal(says(policy, scanOf([], at(-13 * hourMs))), 'deny failed scan-old');
});

test('advisories may be seven days old by now, counting from the oldest source that was needed', () => {
  assert.equal(says(rule(), scanOf([], at(-5 * dayMs))), 'allow met');
  const { rule: outcome, says: said } = judged(rule(), by(scanOf([], at(-6 * dayMs - hourMs))));
  assert.equal(said, 'deny failed database-stale');
  assert.match(outcome.fix?.command ?? '', /^seaworthy db update && seaworthy scan /);
  assert.equal(says(rule({ maxDatabaseAge: '2w' }), scanOf([], at(-6 * dayMs - hourMs))), 'allow met');
  assert.equal(judged(rule(), by(scanOf([], at(-dayMs)))).verdict.until, policyNow + 5 * dayMs + 1);
});

test('a source that was not needed may be as old as it likes, and one of unknown age is undecided', () => {
  const of = (debian: object, kev: object) =>
    scanOf([], {
      database: {
        sources: [
          { name: 'Debian', ...debian },
          { name: 'KEV', ...kev },
        ],
      },
    });
  assert.equal(says(rule(), of({ ageDays: 1 }, { ageDays: 100 })), 'allow met');
  assert.equal(says(rule({ kev: true }), of({ ageDays: 1 }, { ageDays: 100 })), 'deny failed database-stale');
  assert.equal(says(rule(), of({}, { ageDays: 1 })), 'undecided undecided database-stale');
  assert.equal(says(rule(), of({ ageDays: -100 }, {}), scanOf([], at(-30 * dayMs))), 'allow met');
});

test('what the scanner called stale is judged by the policy’s own limit', () => {
  const stale = { undecided: [{ code: 'database-stale', message: 'older than 1', subject: 'Debian' }] };
  assert.equal(says(rule(), scanOf([], stale)), 'allow met');
});

test('whatever the scan could not decide leaves the rule undecided', () => {
  const { rule: outcome, says: said } = judged(
    rule(),
    by(
      scanOf([], {
        undecided: [{ code: 'end-of-life', message: 'Debian 9 is past its end', hint: 'move on' }],
      }),
    ),
  );
  assert.equal(said, 'undecided undecided end-of-life');
  assert.equal(outcome.found, 'Debian 9 is past its end');
  assert.equal(outcome.fix?.text, 'move on');
  assert.equal(
    says(rule(), scanOf([], { undecided: [{ code: 'of-a-later-version', message: 'm' }] })),
    'undecided undecided of-a-later-version',
  );
});

test('a finding that counts is denied although something else is undecided', () => {
  const both = scanOf([findingOf('CVE-1')], { undecided: [{ code: 'end-of-life', message: 'm' }] });
  assert.equal(says(rule(), both), 'deny failed vulnerable');
});

test('an exception for an undecided code lifts that code alone', () => {
  const exceptions = (code: string, more: Record<string, unknown> = {}) => ({
    exceptions: [
      {
        undecided: code,
        images: ['registry.example.com/team/**'],
        reason: 'r',
        author: 'a',
        expires: '2026-12-01',
        ...more,
      },
    ],
  });
  const undecided = [{ code: 'end-of-life', message: 'm' }];
  const {
    rule: outcome,
    verdict,
    says: said,
  } = judged(rule({}, exceptions('end-of-life')), by(scanOf([], { undecided })));
  assert.equal(said, 'allow excepted end-of-life');
  assert.deepEqual(outcome.exceptions?.[0]?.lifts, { undecided: 'end-of-life' });
  assert.equal(verdict.until, Date.parse('2026-12-02T00:00:00Z'));
  assert.equal(
    says(
      rule({}, exceptions('end-of-life')),
      scanOf([], { undecided: [...undecided, { code: 'no-advisories', message: 'm' }] }),
    ),
    'undecided undecided no-advisories',
  );
  assert.equal(
    says(rule({}, exceptions('end-of-life')), scanOf([findingOf('CVE-1')], { undecided })),
    'deny failed vulnerable',
  );
  assert.equal(
    says(rule({}, exceptions('end-of-life', { expires: '2026-11-26' })), scanOf([], { undecided })),
    'undecided undecided end-of-life',
  );
  assert.equal(
    says(
      rule({}, exceptions('end-of-life', { images: ['registry.example.com/other/**'] })),
      scanOf([], { undecided }),
    ),
    'undecided undecided end-of-life',
  );
  assert.equal(
    says(rule({}, exceptions('database-stale')), scanOf([], at(-30 * dayMs))),
    'allow excepted database-stale',
  );
});

test('a result with odd codes is unreadable, and long texts are cut', () => {
  const odd = scanOf([], { undecided: [{ code: 'no\u001b[2J code', message: 'm' }] });
  assert.equal(says(rule(), odd), 'undecided undecided evidence-unreadable');
  const long = scanOf([], {
    undecided: [{ code: 'end-of-life', message: 'm'.repeat(1e6), hint: 'h'.repeat(1e6) }],
  });
  const { rule: outcome } = judged(rule(), by(long));
  assert.ok(outcome.found.length < 2100 && (outcome.fix?.text.length ?? 0) < 2100);
});

test('scan evidence counts for its own platform alone', () => {
  const manifest = (digest: string, platform: string, result?: unknown) => ({
    digest,
    platform,
    answers: result === undefined ? [] : [scannedBy('scanner', result)],
    unlisted: [],
  });
  const arm = scanOf([], { target: { kind: 'image', digest: digestB } });
  const facts = factsOf(
    {},
    {
      digest: digestIndex,
      index: { digest: digestIndex, answers: [scannedBy('scanner', scanOf())], unlisted: [] },
      platforms: [manifest(digestA, 'linux/amd64', scanOf()), manifest(digestB, 'linux/arm64')],
    },
  );
  assert.equal(judged(rule(), facts).says, 'deny failed scan-missing');
  assert.equal(judged(rule(), { ...facts, selected: [digestA] }).says, 'allow met');
  assert.equal(
    judged(rule({ platforms: 'allPlatforms' }), { ...facts, selected: [digestA] }).says,
    'deny failed scan-missing',
  );
  const both = { ...facts, platforms: [facts.platforms[0]!, manifest(digestB, 'linux/arm64', arm)] };
  assert.equal(judged(rule(), both).says, 'allow met');
});

test('dates and ages at the ends of time are judged and shown like any other', () => {
  const policy = rule({ publishedFor: '30d', grace: '7d' }, { suppressions: [] });
  for (const edge of ['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z']) {
    const facts = by(scanOf([findingOf('CVE-1', { published: edge, since: edge })]), {
      ...scanOf(),
      scannedAt: edge,
    });
    const { verdict } = judged(policy, facts);
    assert.doesNotThrow(() => verdictJson(verdict));
    makeSummary(policy, facts, digestA, policyNow);
  }
  const ancient = scanOf([], { database: { sources: [{ name: 'Debian', ageDays: 1e308 }] } });
  assert.equal(says(rule(), ancient), 'deny failed database-stale');
  makeSummary(rule({ maxDatabaseAge: '2w' }), by(ancient), digestA, policyNow);
});
