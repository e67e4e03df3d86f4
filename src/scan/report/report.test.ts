import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { defaultLimits, fixedClock, undecided } from '../../core/index.ts';
import { databaseOf } from '../../testing/advisories.ts';
import { testRecord } from '../../testing/feeds.ts';
import { debian12, inventoryOf, packageOf } from '../../testing/inventories.ts';
import type { Inventory } from '../inventory/index.ts';
import { formatOpenVex, parseOpenVex, parseSuppressions, type ScanResult } from '../match/index.ts';
import { cycloneDx, parseSbom, spdx } from '../sbom/index.ts';
import { judgeInventory } from '../scan.ts';
import { formatCycloneDx, formatJson, formatSarif, formatSpdx, formatTable, onlyFixable } from './index.ts';

const clock = fixedClock('2026-01-15T00:00:00Z');
const hostile = 'evil\u001b[2J\u202e\u0007name';
const diffId = `sha256:${'d'.repeat(64)}`;

function inventory(): Inventory {
  const source = {
    source: { name: 'openssl', version: '3.0.1' },
    arch: 'amd64',
    layer: diffId,
    maintainer: 'OpenSSL Team <pkg@debian.org>',
  };
  return {
    ...inventoryOf(debian12, [
      packageOf('deb', 'libssl3', '3.0.1', source),
      packageOf('deb', 'openssl', '3.0.1', source),
      packageOf('npm', 'x', '1.0.0', {
        namespace: '@scope',
        introducedBy: 'app',
        location: 'srv/node_modules/@scope/x/package.json',
      }),
      packageOf('npm', hostile, '1.0.0', { purl: 'pkg:npm/evil@1.0.0' }),
      packageOf('golang', 'example.com/app', '(devel)', {
        main: true,
        purl: 'pkg:golang/example.com/app@%28devel%29',
      }),
      packageOf('pypi', 'urllib3', '1.26', {
        ownedBy: { type: 'deb', name: 'python3-urllib3', version: '1.26', maintainer: 'a@debian.org' },
      }),
      packageOf('rpm', 'odd', '1:1-1', {
        vendor: 'V',
        modularity: 'a:b:1:c',
        location: 'var/lib/rpm/rpmdb.sqlite',
      }),
    ]),
    unattributed: [{ path: 'usr/local/bin/node', name: 'node', layer: diffId }],
    unownedExecutables: 3,
    undecided: [undecided('package-database-unreadable', `${hostile} is damaged`, { subject: 'a' })],
  };
}

async function judged(
  t: TestContext,
  more: Partial<Parameters<typeof judgeInventory>[1]> = {},
  of = inventory(),
): Promise<ScanResult> {
  const vector = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] };
  const database = await databaseOf(t, {
    Debian: [
      testRecord('DEBIAN-CVE-2024-0001', 'Debian:12', 'openssl', '3.0.2', {
        upstream: ['CVE-2024-0001'],
        summary: 'overflow',
      }),
    ],
    npm: [
      testRecord('GHSA-x', 'npm', '@scope/x', '2.0.0', { aliases: ['CVE-2024-0002'], ...vector }),
      testRecord('GHSA-evil', 'npm', hostile, '2.0.0', { summary: hostile }),
      {
        id: 'GHSA-nofix',
        modified: '2026-01-01T00:00:00Z',
        affected: [
          {
            package: { ecosystem: 'npm', name: '@scope/x' },
            ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
          },
        ],
      },
    ],
    Go: [testRecord('GO-1', 'Go', 'example.com/app', '1.0.0')],
  });
  const target = {
    target: 'oci:x',
    kind: 'image' as const,
    from: 'oci',
    reference: 'example.com/team/app:1',
    digest: `sha256:${'a'.repeat(64)}`,
    platform: 'linux/amd64',
    layers: [{ digest: `sha256:${'b'.repeat(64)}`, diffId, size: 10, introducedBy: 'unknown' as const }],
  };
  return judgeInventory({ target, inventory: of }, { clock, database, maxDatabaseAge: 30, ...more });
}

test('JSON is what the published schema says', async (t) => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/schema/scan-result.schema.json', import.meta.url), 'utf8'),
  );
  const validate = new Ajv2020({
    strict: true,
    strictRequired: false,
    validateFormats: false,
    allErrors: true,
  }).compile(schema);
  const list = await parseSuppressions(
    'suppressions: [{ id: CVE-2024-0002, purl: "pkg:npm/@scope/x", kind: accepted, reason: r, author: a, expires: 2026-12-31 }, { id: CVE-2024-0001, purl: "pkg:deb/openssl", kind: accepted, reason: r, author: a, expires: 2025-12-31 }, { id: X, purl: pkg:npm/y, kind: accepted, reason: r, author: a, expires: 2026-12-31 }]',
    'a.yaml',
  );
  const result = await judged(t, { suppressions: list });
  assert.ok(validate(JSON.parse(formatJson(result))), JSON.stringify(validate.errors));
  assert.equal(result.suppressions.expired[0]?.id, 'CVE-2024-0001');
  assert.equal(result.suppressions.unused.length, 1);
});

test('what strangers wrote never reaches a terminal as more than text, and no width is exceeded', async (t) => {
  const result = await judged(t);
  for (const columns of [40, 80, 120]) {
    const table = formatTable(result, { columns, colour: false });
    assert.doesNotMatch(table, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    for (const line of table.split('\n')) assert.ok([...line].length <= columns, `${columns}: ${line}`);
  }
  const coloured = formatTable(result, { columns: 80, colour: true });
  assert.doesNotMatch(coloured.replace(/\u001b\[[0-9;]*m/g, ''), /\u001b/, 'colours are the only sequences');
});

test('the table says what to do first, what has no fix, what is undecided and what silence proves', async (t) => {
  const table = formatTable(await judged(t), { columns: 100, colour: false });
  assert.match(table, /Do first\n {2}1\. bump @scope\/x 1\.0\.0 → 2\.0\.0: removes 1 finding/);
  assert.match(table, /upgrade openssl \(libssl3, openssl\) 3\.0\.1 → 3\.0\.2: removes 2 findings/);
  assert.match(table, /Findings without a fix/);
  assert.match(table, /Could not be decided/);
  assert.match(table, /version-unorderable/);
  assert.match(table, /Debian:12: 1 advisory row, fixed only/);
  assert.doesNotMatch(table, /clean/i);
});

test('no findings but something undecided is no all-clear, and a source of fixed flaws alone is no proof', async (t) => {
  const bare = { ...inventoryOf(debian12, [packageOf('deb', 'other', '1')]) };
  const fixedOnly = formatTable(await judged(t, {}, bare), { columns: 100, colour: true });
  assert.match(fixedOnly, /does not tell of flaws without a fix/);
  const unsure = formatTable(await judged(t, {}, { ...bare, undecided: [undecided('limit-reached', 'x')] }), {
    columns: 100,
    colour: true,
  });
  assert.match(unsure, /not an all-clear/);
  assert.doesNotMatch(unsure, /\u001b\[32m/, 'nothing is green');
});

test('only fixable leaves out what no version removes, and says how many', async (t) => {
  const result = onlyFixable(await judged(t));
  assert.ok(!result.findings.some(({ id }) => id === 'GHSA-nofix'));
  assert.match(formatTable(result, { columns: 80, colour: false }), /1 finding without a fix left out/);
});

test('every format carries everything undecided, and what the answer rests on', async (t) => {
  const result = await judged(t);
  const formats = {
    json: formatJson(result),
    sarif: formatSarif(result),
    cyclonedx: formatCycloneDx(result),
    spdx: formatSpdx(result),
  };
  for (const [name, text] of Object.entries(formats)) {
    JSON.parse(text);
    assert.ok(
      text.includes('fixed only') && text.includes('npm'),
      `${name} does not say what its sources know`,
    );
    for (const { code } of result.undecided) assert.ok(text.includes(code), `${name} lacks ${code}`);
    for (const { id } of result.findings) assert.ok(text.includes(id), `${name} lacks ${id}`);
  }
  const sarif = JSON.parse(formats.sarif).runs[0];
  for (const found of sarif.results) assert.equal(sarif.tool.driver.rules[found.ruleIndex].id, found.ruleId);
});

test('an SBOM of ours gives the same findings and the same undecided as the image it was made of', async (t) => {
  const of = inventory();
  const image = await judged(t);
  const subject = { reference: image.target.reference, digest: image.target.digest!, inventory: of };
  for (const [name, document] of [
    ['CycloneDX', cycloneDx(subject, clock.now())],
    ['SPDX', spdx(subject, clock.now())],
  ] as const) {
    const read = parseSbom(Buffer.from(JSON.stringify(document)), 'a.json', defaultLimits);
    assert.deepEqual(JSON.parse(JSON.stringify(read.inventory)), JSON.parse(JSON.stringify(of)), name);
    assert.deepEqual([read.reference, read.digest], [subject.reference, subject.digest], name);
    const again = await judged(t, {}, read.inventory);
    assert.deepEqual([again.findings, again.undecided], [image.findings, image.undecided], name);
  }
});

test('an SBOM without a distribution, or with packages that nobody can look up, is undecided', () => {
  const bom = (components: object[]) =>
    parseSbom(
      Buffer.from(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', components })),
      'a.json',
      defaultLimits,
    );
  const read = bom([
    { type: 'library', name: 'a', purl: 'pkg:npm/a@1.0.0' },
    { type: 'library', name: 'b' },
  ]);
  assert.deepEqual(
    read.inventory.undecided.map(({ code }) => code),
    ['package-unidentified', 'distribution-unknown'],
  );
  const told = bom([
    {
      type: 'library',
      name: 'libssl3',
      purl: 'pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=almalinux-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm',
    },
  ]);
  assert.deepEqual(told.inventory.osRelease, { id: 'almalinux', versionId: '9.3', idLike: [] });
  assert.equal(told.inventory.packages[0]!.version, '1:3.0.7-24.el9');
  assert.deepEqual(told.inventory.packages[0]!.source, { name: 'openssl', version: '1:3.0.7-24.el9' });
  for (const text of ['{}', '[]', '{"bomFormat":"CycloneDX","components":{}}', '{"spdxVersion":"SPDX-3.0"}'])
    assert.throws(
      () => parseSbom(Buffer.from(text), 'a.json', defaultLimits),
      (error: { code?: string }) => /^sbom-/.test(error.code!),
    );
});

test('suppressions narrow by package, version and path; mistakes are named with their line and the right word', async (t) => {
  const list = (text: string) => parseSuppressions(`suppressions:\n${text}`, 'list.yaml');
  const entry = (more: string) =>
    `  - {id: CVE-2024-0002, kind: accepted, reason: r, author: a, expires: 2026-12-31, ${more}}\n`;
  const aside = async (more: string) =>
    (await judged(t, { suppressions: await list(entry(more)) })).findings.filter(
      (finding) => finding.suppressed,
    ).length;
  assert.equal(await aside('purl: "pkg:npm/@scope/x"'), 1);
  assert.equal(await aside('purl: "pkg:npm/@scope/x@1.0.0", path: "srv/**/package.json"'), 1);
  assert.equal(await aside('purl: "pkg:npm/@scope/x@1.0.1"'), 0);
  assert.equal(await aside('purl: "pkg:npm/@scope/x", path: "opt/**"'), 0);
  assert.equal(await aside('purl: "pkg:npm/x"'), 0);
  await assert.rejects(
    list(
      '  - id: A\n    purl: pkg:npm/x\n    kind: accepted\n    reasn: r\n    author: a\n    expires: soon\n',
    ),
    (error: Error) => {
      assert.match(error.message, /list\.yaml:5:5: unknown key "reasn", did you mean "reason"\?/);
      assert.match(error.message, /list\.yaml:7:\d+: suppressions\.0\.expires: expected a day as YYYY-MM-DD/);
      return true;
    },
  );
  await assert.rejects(
    list('  - {id: A, purl: pkg:npm/x, kind: not_affected, reason: r, author: a, expires: 2026-01-01}\n'),
    /needs a justification/,
  );
});

test('OpenVEX written of suppressions is read back: not_affected sets the state and names who said so', async (t) => {
  const list = await parseSuppressions(
    'suppressions: [{ id: CVE-2024-0002, purl: "pkg:npm/@scope/x", kind: not_affected, justification: vulnerable_code_not_present, reason: not built, author: team, expires: 2026-12-31 }, { id: CVE-2024-0001, purl: "pkg:deb/openssl", kind: accepted, reason: later, author: team, expires: 2026-12-31 }]',
    'a.yaml',
  );
  const result = await judged(t, { suppressions: list });
  const image = { reference: result.target.reference, digest: result.target.digest! };
  const text = formatOpenVex(result.findings, image, 'team', clock.now());
  const written = JSON.parse(text);
  assert.deepEqual(
    written.statements.map(({ status, action_statement }: { status: string; action_statement?: string }) => [
      status,
      action_statement,
    ]),
    [
      ['affected', 'accepted: later (until 2026-12-31)'],
      ['not_affected', undefined],
    ],
  );
  const read = await judged(t, { vex: parseOpenVex(text, 'a.json') });
  const set = read.findings.find(({ id }) => id === 'CVE-2024-0002')!;
  assert.deepEqual(
    [set.state, set.state === 'not_affected' && set.author, set.priority],
    ['not_affected', 'team', 0],
  );
  const other = parseOpenVex(text.replaceAll('a'.repeat(64), 'c'.repeat(64)), 'a.json');
  assert.equal(
    (await judged(t, { vex: other })).findings.find(({ id }) => id === 'CVE-2024-0002')!.state,
    'affected',
    'another image’s statement is not ours',
  );
});
