import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { databaseOf } from '../../testing/advisories.ts';
import { testRecord } from '../../testing/feeds.ts';
import { alma9, alpine318, debian12, inventoryOf, packageOf } from '../../testing/inventories.ts';
import type { OsRelease } from '../package/index.ts';
import { match } from './match.ts';
import { Suppressor } from './suppressions.ts';

const now = new Date('2026-01-15T00:00:00Z');
const entry = (ecosystem: string, name: string, more: object) => ({ package: { ecosystem, name }, ...more });
const record = (id: string, affected: object[], more: object = {}) => ({
  id,
  modified: '2026-01-01T00:00:00Z',
  affected,
  ...more,
});

test('an erratum is a finding for each CVE it names, its id the fix’s advisory; ALBA and ALEA are none', async (t) => {
  const errata = (id: string, related: string[], summary = 'Important: openssl security update') =>
    testRecord(id, 'AlmaLinux:9', 'openssl', '1:3.0.7-25.el9', { related, summary });
  const database = await databaseOf(t, {
    AlmaLinux: [
      errata('ALSA-2024:1', ['CVE-2024-1', 'CVE-2024-0001', 'CVE-2024-0002']),
      errata('ALBA-2024:2', ['CVE-2024-0003']),
      errata('ALEA-2024:3', []),
      errata('ALSA-2024:4', []),
    ],
  });
  const result = match(
    inventoryOf(alma9, [packageOf('rpm', 'openssl', '1:3.0.7-24.el9', { vendor: 'AlmaLinux' })]),
    database,
    now,
  );
  assert.deepEqual(
    result.findings.map(({ id, fixedIn, severity }) => [
      id,
      fixedIn[0]?.advisory,
      severity.level,
      severity.source,
    ]),
    [
      ['ALSA-2024:4', 'ALSA-2024:4', 'high', 'ALSA-2024:4'],
      ['CVE-2024-0001', 'ALSA-2024:1', 'high', 'ALSA-2024:1'],
      ['CVE-2024-0002', 'ALSA-2024:1', 'high', 'ALSA-2024:1'],
    ],
  );
});

test('ranges and lists of versions count alike: fixed is exclusive, last_affected inclusive, fixed 0 never was', async (t) => {
  const range = (...events: object[]) => ({ ranges: [{ type: 'SEMVER', events }] });
  const database = await databaseOf(t, {
    npm: [
      record('A-fixed', [entry('npm', 'x', range({ introduced: '1.0.0' }, { fixed: '2.0.0' }))]),
      record('B-last', [entry('npm', 'x', range({ introduced: '0' }, { last_affected: '1.5.0' }))]),
      record('C-listed', [entry('npm', 'x', { versions: ['1.5.0', '2.0.0'] })]),
      record('D-zero', [entry('npm', 'x', range({ introduced: '0' }, { fixed: '0' }))]),
      record('E-again', [
        entry(
          'npm',
          'x',
          range({ introduced: '3.0.0' }, { fixed: '1.0.0' }, { introduced: '0' }, { fixed: '3.1.0' }),
        ),
      ]),
      record('F-gone', [entry('npm', 'x', range({ introduced: '0' }))], {
        withdrawn: '2026-01-01T00:00:00Z',
      }),
    ],
  });
  const at = (version: string) =>
    match(inventoryOf(undefined, [packageOf('npm', 'x', version)]), database, now).findings.map(
      ({ id }) => id,
    );
  assert.deepEqual(at('1.5.0'), ['A-fixed', 'B-last', 'C-listed']);
  assert.deepEqual(at('2.0.0'), ['C-listed']);
  assert.deepEqual(at('0.9.0'), ['E-again', 'B-last'], 'what can be mended stands first');
  assert.deepEqual(at('3.0.5'), ['E-again']);
  assert.deepEqual(at('3.1.0'), []);
});

test('a bound written short begins and ends where its zeros do, but as the last affected it is undecided', async (t) => {
  const range = (...events: object[]) => ({ ranges: [{ type: 'SEMVER', events }] });
  const database = await databaseOf(t, {
    npm: [
      record('A', [entry('npm', 'x', range({ introduced: '13.0' }, { fixed: '15' }))]),
      record('B', [entry('npm', 'y', range({ introduced: '0' }, { last_affected: '2.1' }))]),
    ],
  });
  const at = (name: string, version: string) =>
    match(inventoryOf(undefined, [packageOf('npm', name, version)]), database, now);
  assert.deepEqual(at('x', '13.0.0').findings[0]?.fixedIn, [{ version: '15.0.0', advisory: 'A' }]);
  assert.equal(at('x', '13.0.0').plan[0]?.to, '15.0.0');
  for (const version of ['12.9.9', '13.0.0-rc.1', '15.0.0'])
    assert.deepEqual(at('x', version).findings, [], version);
  assert.deepEqual(
    at('y', '2.1.5').undecided.map(({ code }) => code),
    ['range-unknown'],
  );
});

test('a row that can only be judged by commits, or has no range at all, is undecided', async (t) => {
  const git = {
    ranges: [{ type: 'GIT', repo: 'https://example.com/x', events: [{ introduced: '0' }, { fixed: 'abc' }] }],
  };
  const database = await databaseOf(t, {
    PyPI: [record('A', [entry('PyPI', 'x', git)]), record('B', [entry('PyPI', 'y', {})])],
  });
  const result = match(
    inventoryOf(undefined, [
      packageOf('pypi', 'x', '1.0'),
      packageOf('pypi', 'y', '1.0'),
      packageOf('pypi', 'z', '1.0'),
    ]),
    database,
    now,
  );
  assert.deepEqual(result.findings, []);
  assert.deepEqual(
    result.undecided.map(({ code, subject }) => [code, subject]),
    [
      ['range-unknown', 'pkg:pypi/x@1.0'],
      ['range-unknown', 'pkg:pypi/y@1.0'],
    ],
  );
});

test('names are those of each ecosystem: PEP 503, NuGet’s and Packagist’s lower case, npm scopes, Maven coordinates', async (t) => {
  const database = await databaseOf(t, {
    PyPI: [testRecord('P', 'PyPI', 'Zope.Interface', '9')],
    NuGet: [testRecord('N', 'NuGet', 'Newtonsoft.Json', '13.0.1')],
    npm: [testRecord('S', 'npm', '@babel/traverse', '7.23.2')],
    Maven: [testRecord('M', 'Maven', 'org.yaml:snakeyaml', '2.0')],
  });
  const packages = [
    packageOf('pypi', 'zope-interface', '5.0'),
    packageOf('nuget', 'newtonsoft.json', '12.0.3'),
    packageOf('npm', 'traverse', '7.0.0', { namespace: '@babel' }),
    packageOf('npm', 'traverse', '7.0.0', { location: 'other' }),
    packageOf('maven', 'snakeyaml', '1.29', { namespace: 'org.yaml' }),
  ];
  assert.deepEqual(
    match(inventoryOf(undefined, packages), database, now)
      .findings.map(({ id }) => id)
      .sort(),
    ['M', 'N', 'P', 'S'],
  );
});

test('each distribution is asked under its own name and by its own key', async (t) => {
  const database = await databaseOf(t, {
    Wolfi: [testRecord('W', 'Wolfi', 'openssl', '3.3.0-r8', { upstream: ['CVE-2024-1111'] })],
    'Red Hat': [
      testRecord('RHSA-1', 'Red Hat:enterprise_linux:9::appstream', 'httpd', '0:2.4.57-6.el9', {
        upstream: ['CVE-2024-2222'],
      }),
      testRecord('RHSA-2', 'Red Hat:rhel_eus:9.2::baseos', 'httpd', '0:2.4.57-7.el9_2', {
        upstream: ['CVE-2024-3333'],
      }),
      testRecord('RHSA-3', 'Red Hat:enterprise_linux:8::appstream', 'httpd', '0:9-1.el8', {
        upstream: ['CVE-2024-4444'],
      }),
    ],
    SUSE: [
      record(
        'SUSE-SU-1',
        [
          entry('SUSE:Linux Enterprise Module for Basesystem 15 SP5', 'openssl-3', {
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '3.0.8-150500.5.1' }] }],
            ecosystem_specific: { binaries: [{ libopenssl3: '3.0.8-150500.5.1' }] },
          }),
        ],
        { upstream: ['CVE-2024-5555'] },
      ),
    ],
    'Photon OS': [testRecord('PH', 'Photon OS:5.0', 'curl', '8.1.2-2.ph5', { upstream: ['CVE-2024-6666'] })],
    Alpine: [testRecord('AL', 'Alpine:v3.18', 'openssl', '3.1.4-r0', { upstream: ['CVE-2024-7777'] })],
  });
  const found = (os: OsRelease, type: string, name: string, version: string, more: object = {}) =>
    match(inventoryOf(os, [packageOf(type, name, version, more)]), database, now).findings.map(
      ({ id, fixedIn }) => [id, fixedIn[0]?.version, fixedIn[0]?.channel],
    );
  const os = (id: string, versionId: string, prettyName = id): OsRelease => ({
    id,
    versionId,
    prettyName,
    idLike: [],
  });
  assert.deepEqual(found(os('wolfi', '20230201'), 'apk', 'openssl', '3.3.0-r7'), [
    ['CVE-2024-1111', '3.3.0-r8', undefined],
  ]);
  const red = { vendor: 'Red Hat, Inc.' };
  assert.deepEqual(found(os('rhel', '9.2'), 'rpm', 'httpd', '2.4.57-5.el9', red), [
    ['CVE-2024-2222', '0:2.4.57-6.el9', undefined],
    ['CVE-2024-3333', '0:2.4.57-7.el9_2', 'Red Hat EUS 9.2'],
  ]);
  assert.deepEqual(found(os('rhel', '9.4'), 'rpm', 'httpd', '2.4.57-5.el9', red), [
    ['CVE-2024-2222', '0:2.4.57-6.el9', undefined],
  ]);
  const sles = os('sles', '15.5', 'SUSE Linux Enterprise Server 15 SP5');
  const source = {
    source: { name: 'openssl-3', version: '3.0.8-150500.4.1' },
    vendor: 'SUSE LLC <https://www.suse.com/>',
  };
  assert.deepEqual(found(sles, 'rpm', 'libopenssl3', '3.0.8-150500.4.1', source), [
    ['CVE-2024-5555', '3.0.8-150500.5.1', undefined],
  ]);
  assert.deepEqual(
    found(sles, 'rpm', 'openssl-3-doc', '3.0.8-150500.4.1', source),
    [],
    'the record does not list this binary',
  );
  const photon = { source: { name: 'curl', version: '8.1.2-1.ph5' }, vendor: 'VMware, Inc.' };
  assert.deepEqual(found(os('photon', '5.0'), 'rpm', 'curl-libs', '8.1.2-1.ph5', photon), [
    ['CVE-2024-6666', '8.1.2-2.ph5', undefined],
  ]);
  const origin = { source: { name: 'openssl', version: '3.1.3-r0' } };
  assert.deepEqual(found(alpine318, 'apk', 'libssl3', '3.1.3-r0', origin), [
    ['CVE-2024-7777', '3.1.4-r0', undefined],
  ]);
});

test('EPSS (the highest of a flaw’s CVEs) and KEV join by CVE, and the priority follows', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-scores-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const epss = join(folder, 'epss.csv.gz');
  writeFileSync(
    epss,
    gzipSync(
      '#model_version:v1,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\nCVE-2024-0001,0.25,0.9\nCVE-2024-0002,0.81,0.9\n',
    ),
  );
  const kev = join(folder, 'kev.json');
  writeFileSync(
    kev,
    JSON.stringify({
      dateReleased: '2026-01-01T00:00:00Z',
      vulnerabilities: [
        { cveID: 'CVE-2024-0003', dateAdded: '2024-05-01', knownRansomwareCampaignUse: 'Known' },
      ],
    }),
  );
  const database = await databaseOf(
    t,
    {
      npm: [
        testRecord('G1', 'npm', 'x', '2.0.0', { aliases: ['CVE-2024-0001', 'CVE-2024-0002'] }),
        testRecord('G2', 'npm', 'x', '2.0.0', { aliases: ['CVE-2024-0003'] }),
      ],
    },
    { epss, kev },
  );
  const result = match(inventoryOf(undefined, [packageOf('npm', 'x', '1.0.0')]), database, now);
  assert.deepEqual(
    result.findings.map((finding) => [finding.id, finding.epss, finding.kev, finding.priority]),
    // 95 for ransomware; 60 × 0.5 (unknown) + 30 × √0.81 + 10 (fixable) = 67
    [
      ['CVE-2024-0003', undefined, { added: '2024-05-01', ransomware: true }, 95],
      ['CVE-2024-0001', 0.81, undefined, 67],
    ],
  );
});

test('severity is a record’s own, else another’s of the same CVE with whose it is, else unknown', async (t) => {
  const vector = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] };
  const database = await databaseOf(t, {
    Debian: [
      testRecord('DEBIAN-CVE-2024-0001', 'Debian:12', 'x', '2', { upstream: ['CVE-2024-0001'] }),
      testRecord('DEBIAN-CVE-2024-0002', 'Debian:12', 'x', '2', { upstream: ['CVE-2024-0002'] }),
    ],
    npm: [testRecord('GHSA-x', 'npm', 'x', '2.0.0', { aliases: ['CVE-2024-0001'], ...vector })],
  });
  const source = { source: { name: 'x', version: '1' } };
  const result = match(inventoryOf(debian12, [packageOf('deb', 'x', '1', source)]), database, now);
  assert.deepEqual(
    result.findings.map(({ severity }) => [severity.level, severity.score, severity.source]),
    [
      ['critical', 9.8, 'GHSA-x'],
      ['unknown', undefined, undefined],
    ],
  );
});

test('the plan is the lowest version without any of the flaws, one step for a source, set-aside findings left out', async (t) => {
  const range = (...events: object[]) => ({ ranges: [{ type: 'SEMVER', events }] });
  const database = await databaseOf(t, {
    npm: [
      record('A', [entry('npm', 'x', range({ introduced: '0' }, { fixed: '1.1.0' }))]),
      record('B', [
        entry(
          'npm',
          'x',
          range({ introduced: '0' }, { fixed: '1.0.5' }, { introduced: '1.1.0' }, { fixed: '1.2.0' }),
        ),
      ]),
      record('C', [entry('npm', 'x', range({ introduced: '0' }))]),
    ],
    Debian: [testRecord('D', 'Debian:12', 'openssl', '3.0.2', { upstream: ['CVE-2024-0001'] })],
  });
  const source = { source: { name: 'openssl', version: '3.0.1' } };
  const packages = [
    packageOf('npm', 'x', '1.0.0'),
    packageOf('deb', 'libssl3', '3.0.1', source),
    packageOf('deb', 'openssl', '3.0.1', source),
  ];
  const { plan } = match(inventoryOf(debian12, packages), database, now);
  assert.deepEqual(
    plan.map(({ kind, name, packages: names, to, fixes, count }) => [kind, name, names, to, fixes, count]),
    [
      ['os', 'openssl', ['libssl3', 'openssl'], '3.0.2', ['CVE-2024-0001'], 2],
      ['language', 'x', ['x'], '1.2.0', ['A', 'B'], 2],
    ],
  );
  const suppressor = new Suppressor(
    [
      {
        id: 'CVE-2024-0001',
        purl: 'pkg:deb/openssl',
        kind: 'accepted',
        reason: 'r',
        author: 'a',
        expires: '2026-12-31',
      },
    ],
    now,
  );
  const aside = match(inventoryOf(debian12, packages), database, now, (finding) => suppressor.apply(finding));
  assert.equal(aside.plan.find((step) => step.name === 'openssl')?.count, 1);
});

test('a source that only ever names fixed flaws is said to, and an ecosystem without an order is undecided', async (t) => {
  const database = await databaseOf(t, {
    npm: [record('A', [entry('npm', 'x', { ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] })])],
    Alpine: [testRecord('B', 'Alpine:v3.18', 'y', '1', { upstream: ['CVE-2024-0001'] })],
  });
  const result = match(
    inventoryOf(alpine318, [
      packageOf('apk', 'z', '1'),
      packageOf('npm', 'z', '1.0.0'),
      packageOf('gem', 'rails', '7.0.0'),
    ]),
    database,
    now,
  );
  assert.deepEqual(
    result.sources.map(({ ecosystem, knows }) => [ecosystem, knows]),
    [
      ['Alpine:v3.18', 'fixed only'],
      ['npm', 'also unfixed'],
    ],
  );
  assert.deepEqual(
    result.undecided.map(({ code, subject }) => [code, subject]),
    [
      ['end-of-life', 'alpine'],
      ['ecosystem-unordered', 'RubyGems'],
    ],
  );
});

test('nothing found is undecided: no packages, a known distribution without its database, an unknown one', async (t) => {
  const database = await databaseOf(t, { npm: [testRecord('A', 'npm', 'x', '1.0.0')] });
  const codes = (os: OsRelease | undefined, packages: Parameters<typeof inventoryOf>[1]) =>
    match(inventoryOf(os, packages), database, now).undecided.map(({ code }) => code);
  assert.deepEqual(codes(undefined, []), ['no-package-evidence']);
  assert.deepEqual(codes(debian12, [packageOf('npm', 'y', '1.0.0')]), ['no-package-evidence']);
  assert.deepEqual(codes({ id: 'nixos', versionId: '24.05', idLike: [] }, [packageOf('rpm', 'y', '1-1')]), [
    'unsupported-distribution',
  ]);
  assert.deepEqual(
    codes({ id: 'amzn', versionId: '2023', idLike: ['fedora'] }, [packageOf('rpm', 'y', '1-1')]),
    ['no-advisories'],
  );
});
