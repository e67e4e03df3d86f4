import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseOf } from '../../testing/advisories.ts';
import { testRecord } from '../../testing/feeds.ts';
import { inventoryOf, packageOf } from '../../testing/inventories.ts';
import type { Finding } from './finding.ts';
import { match } from './match.ts';
import { applyVex, parseOpenVex } from './openvex.ts';
import { formatOpenVex } from './openvexwrite.ts';
import { pathFits } from './pathfits.ts';
import { parseSuppressions } from './suppressionfile.ts';
import { type Suppression, Suppressor } from './suppressions.ts';

const now = new Date('2026-01-15T12:00:00Z');
const image = { reference: 'registry.example.com:5000/team/app:v1', digest: `sha256:${'a'.repeat(64)}` };

async function finding(t: TestContext): Promise<Finding> {
  const database = await databaseOf(t, {
    npm: [testRecord('GHSA-x', 'npm', '@a/x', '2.0.0', { aliases: ['CVE-2024-0001'] })],
  });
  const item = packageOf('npm', 'x', '1.0.0', {
    namespace: '@a',
    location: 'srv/app/node_modules/@a/x/package.json',
  });
  return match(inventoryOf(undefined, [item]), database, now).findings[0]!;
}

const suppression = (more: Partial<Suppression> = {}): Suppression => ({
  id: 'CVE-2024-0001',
  purl: 'pkg:npm/%40a/x',
  kind: 'accepted',
  reason: 'behind a login',
  author: 'team',
  expires: '2026-01-15',
  ...more,
});

test('a suppression holds through its last day, by any id of the flaw, for a version or all, below a path', async (t) => {
  const found = await finding(t);
  const holds = (more: Partial<Suppression>, when = now) =>
    new Suppressor([suppression(more)], when).apply(found).suppressed !== undefined;
  assert.ok(holds({}));
  assert.ok(!holds({}, new Date('2026-01-16T00:00:00Z')));
  assert.ok(holds({ id: 'GHSA-x' }));
  assert.ok(!holds({ id: 'CVE-2024-00011' }));
  assert.ok(holds({ purl: 'pkg:npm/%40a/x@1.0.0' }));
  assert.ok(!holds({ purl: 'pkg:npm/%40a/x@1.0.1' }));
  assert.ok(!holds({ purl: 'pkg:npm/x' }), 'another package');
  assert.ok(holds({ path: '/srv/**' }));
  assert.ok(holds({ path: 'srv/*/node_modules/@a/x/*.json' }));
  assert.ok(!holds({ path: 'opt/**' }));
});

test('one that ran out is told apart from one that nothing needs', async (t) => {
  const found = await finding(t);
  const list = [suppression({ expires: '2025-12-31' }), suppression({ id: 'CVE-2024-9999' })];
  const suppressor = new Suppressor(list, now);
  const open = suppressor.apply(found);
  assert.deepEqual([open.suppressed, open.priority], [undefined, found.priority]);
  assert.deepEqual(suppressor.expired(), [list[0]]);
  assert.deepEqual(suppressor.unused(), [list[1]]);
});

test('path patterns go part by part, and hostile ones end', () => {
  for (const [pattern, path, fits] of [
    ['**', 'a', true],
    ['a/**', 'a', true],
    ['**/b', 'a/c/b', true],
    ['a/*', 'a/b/c', false],
    ['a*c', 'abc', true],
    ['a*a', 'a', false],
    ['a.c', 'abc', false],
  ] as const)
    assert.equal(pathFits(pattern, path), fits, `${pattern} ${path}`);
  assert.equal(pathFits('**/'.repeat(200).concat('x'), 'a/'.repeat(200)), false);
  assert.equal(pathFits('*a'.repeat(500).concat('b'), 'a'.repeat(5000)), false);
});

test('every mistake in the file is named with its line, and a mistyped word with the right one', () => {
  const text = `suppressions:
  - id: CVE-2024-0001
    purl: lodash
    kind: not_affected
    reason: r
    author: a
    expires: soon
  - id: CVE-2024-0002
    purl: pkg:npm/x
    kind: accepted
    reson: r
    author: a
    expires: 2026-02-01
`;
  assert.throws(
    () => parseSuppressions(text, 's.yaml'),
    (error: Error) => {
      for (const part of [
        /s\.yaml:3:\d+: .*package URL/,
        /s\.yaml:7:\d+: .*YYYY-MM-DD/,
        /s\.yaml:11:\d+: .*"reason"/,
      ])
        assert.match(error.message, part);
      return true;
    },
  );
  const one = (more: string) =>
    `suppressions: [{id: a, purl: 'pkg:npm/x', reason: r, author: b, expires: 2026-02-01, ${more}}]`;
  assert.throws(() => parseSuppressions(one('kind: not_affected'), 's.yaml'), /justification/);
  assert.equal(
    parseSuppressions(one('kind: not_affected, justification: component_not_present'), 's.yaml').length,
    1,
  );
  assert.throws(() => parseSuppressions(one('kind: accepted, id: again'), 's.yaml'), {
    code: 'document-invalid',
  });
});

test('what is set aside is written as OpenVEX, and read back says the same of the same image only', async (t) => {
  const found = await finding(t);
  const aside = (more: Partial<Suppression>) => new Suppressor([suppression(more)], now).apply(found);
  const written = (more: Partial<Suppression>) =>
    parseOpenVex(formatOpenVex([found, aside(more)], image, 'seaworthy', now), 'a.json');
  const harmless = written({ kind: 'not_affected', justification: 'component_not_present' });
  assert.equal(harmless.length, 1, 'what is not set aside is not written');
  const told = applyVex(found, harmless, image);
  assert.deepEqual(
    [told.state, told.state === 'not_affected' && [told.author, told.justification], told.priority],
    ['not_affected', ['team', 'component_not_present'], 0],
  );
  const accepted = written({});
  assert.equal(accepted[0]!.status, 'affected');
  assert.deepEqual(applyVex(found, accepted, image), found);
  const other = { reference: 'registry.example.com:5000/team/app:v2', digest: `sha256:${'b'.repeat(64)}` };
  assert.deepEqual(applyVex(found, harmless, other), found);
});

test('of several statements the latest instant stands, whatever zone it is written in', async (t) => {
  const found = await finding(t);
  const statement = (status: string, timestamp: string) => ({
    vulnerability: { name: 'CVE-2024-0001' },
    products: [{ '@id': 'pkg:npm/%40a/x' }],
    status,
    timestamp,
  });
  const read = (...statements: object[]) =>
    applyVex(
      found,
      parseOpenVex(
        JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', author: 'vendor', statements }),
        'a.json',
      ),
      image,
    );
  const earlier = statement('not_affected', '2026-01-01T12:00:00+10:00');
  const later = statement('under_investigation', '2026-01-01T05:00:00Z');
  for (const list of [
    [earlier, later],
    [later, earlier],
  ])
    assert.equal(read(...list).state, 'unknown');
  assert.equal(read(statement('fixed', '2026-01-01T00:00:00Z')).state, 'not_affected');
  assert.throws(() => read({ ...earlier, status: 'fine' }), { code: 'vex-invalid' });
});
