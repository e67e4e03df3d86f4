import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseOf, type TestFeeds } from '../../testing/advisories.ts';
import { testRecord } from '../../testing/feeds.ts';
import { alma9, alpine318, debian12, inventoryOf, packageOf } from '../../testing/inventories.ts';
import type { Package } from '../inventory/index.ts';
import type { OsRelease } from '../package/index.ts';
import { match } from './match.ts';

const now = new Date('2026-01-15T00:00:00Z');

async function matched(t: TestContext, feeds: TestFeeds, os: OsRelease | undefined, packages: Package[]) {
  return match(inventoryOf(os, packages), await databaseOf(t, feeds), now);
}

const ids = (result: Awaited<ReturnType<typeof matched>>) =>
  result.findings.map((finding) => `${finding.name} ${finding.id} ${finding.state}`);
const codes = (result: Awaited<ReturnType<typeof matched>>) => result.undecided.map((entry) => entry.code);

test('trap 1: kernel headers carry the kernel’s flaws, which cannot run in a container, and are shown as such', async (t) => {
  const feeds = {
    Debian: [
      testRecord('DEBIAN-CVE-2024-1000', 'Debian:12', 'linux', '6.1.90-1', { upstream: ['CVE-2024-1000'] }),
    ],
  };
  const source = { name: 'linux', version: '6.1.76-1' };
  const result = await matched(t, feeds, debian12, [
    packageOf('deb', 'linux-libc-dev', '6.1.76-1', { source }),
    packageOf('deb', 'linux-perf', '6.1.76-1', { source }),
  ]);
  assert.deepEqual(ids(result), [
    'linux-perf CVE-2024-1000 affected',
    'linux-libc-dev CVE-2024-1000 not_affected',
  ]);
  const shown = result.findings[1]!;
  assert.equal(shown.state === 'not_affected' && shown.reason, 'not executable in a container');
});

test('trap 2: a Debian backport is the version it rebuilds, fix included', async (t) => {
  const feeds = {
    Debian: [
      testRecord('DEBIAN-CVE-2024-1', 'Debian:12', 'golang', '1.21.5-1', { upstream: ['CVE-2024-1001'] }),
    ],
  };
  const of = (version: string) =>
    packageOf('deb', `golang-${version}`, version, { source: { name: 'golang', version } });
  const result = await matched(t, feeds, debian12, [of('1.21.5-1~bpo12+1'), of('1.21.4-1~bpo12+1')]);
  assert.deepEqual(ids(result), ['golang-1.21.4-1~bpo12+1 CVE-2024-1001 affected']);
});

test('trap 3: a fix that only Ubuntu Pro has is named with its channel, and an installed Pro version counts', async (t) => {
  const os: OsRelease = { id: 'ubuntu', versionId: '22.04', idLike: ['debian'] };
  const entry = (ecosystem: string, events: object[]) => ({
    package: { ecosystem, name: 'tar' },
    ranges: [{ type: 'ECOSYSTEM', events }],
  });
  const record = {
    id: 'UBUNTU-CVE-2024-1002',
    modified: '2026-01-01T00:00:00Z',
    upstream: ['CVE-2024-1002'],
    affected: [
      entry('Ubuntu:22.04:LTS', [{ introduced: '0' }]),
      entry('Ubuntu:Pro:22.04:LTS', [{ introduced: '0' }, { fixed: '1.34-1ubuntu1+esm1' }]),
    ],
  };
  const of = (version: string) => packageOf('deb', 'tar', version, { source: { name: 'tar', version } });
  const result = await matched(t, { Ubuntu: [record] }, os, [of('1.34-1ubuntu0')]);
  assert.deepEqual(result.findings[0]?.fixedIn, [
    { version: '1.34-1ubuntu1+esm1', advisory: record.id, channel: 'Ubuntu Pro (ESM)' },
  ]);
  assert.deepEqual(result.plan, [], 'a plan asks for nothing that the image cannot get');
  const attached = await matched(t, { Ubuntu: [record] }, os, [of('1.34-1ubuntu1+esm1')]);
  assert.deepEqual(attached.findings, []);
});

test('trap 4: a package built locally with a higher version is not the one with the flaw', async (t) => {
  const feeds = {
    Debian: [
      testRecord('DEBIAN-CVE-2024-3', 'Debian:12', 'curl', '7.88.1-10+deb12u5', {
        upstream: ['CVE-2024-1003'],
      }),
    ],
  };
  const version = '8.5.0-1local1';
  assert.deepEqual(
    (
      await matched(t, feeds, debian12, [
        packageOf('deb', 'curl', version, { source: { name: 'curl', version } }),
      ])
    ).findings,
    [],
  );
});

test('trap 5: a modular erratum reaches its own stream only, and a stream that nobody names is unknown', async (t) => {
  const fixed = '1:18.12.1-2.module_el9.1.0+3200+cb4c1ba2';
  const errata = (id: string, summary: string, cve: string) =>
    testRecord(id, 'AlmaLinux:9', 'nodejs', fixed, { summary, related: [cve] });
  const feeds = {
    AlmaLinux: [
      errata('ALSA-2022:1', 'Moderate: nodejs:18 security update', 'CVE-2022-2001'),
      errata('ALSA-2022:2', 'Moderate: nodejs security update', 'CVE-2022-2002'),
      testRecord('ALSA-2022:3', 'AlmaLinux:9', 'nodejs', '1:99-1.el9', {
        summary: 'Low: nodejs',
        related: ['CVE-2022-2003'],
      }),
    ],
  };
  const of = (name: string, modularity?: string) =>
    packageOf('rpm', 'nodejs', '1:16.20.0-1.module_el9.2.0+1+aa', {
      location: name,
      vendor: 'AlmaLinux',
      ...(modularity ? { modularity } : {}),
    });
  const of18 = of('18', 'nodejs:18:9020020230327152102:rhel9');
  const of16 = of('16', 'nodejs:16:9020020230327152102:rhel9');
  assert.deepEqual(ids(await matched(t, feeds, alma9, [of18])), [
    'nodejs CVE-2022-2001 affected',
    'nodejs CVE-2022-2002 unknown',
  ]);
  assert.deepEqual(ids(await matched(t, feeds, alma9, [of16])), ['nodejs CVE-2022-2002 unknown']);
  feeds.AlmaLinux.push(errata('ALSA-2022:4', 'Moderate: nodejs security update', 'CVE-2022-2001'));
  assert.equal(
    (await matched(t, feeds, alma9, [of18])).findings[0]?.state,
    'affected',
    'an erratum that names the stream is not undone by one that does not',
  );
  assert.deepEqual(
    ids(await matched(t, feeds, alma9, [of('plain')])),
    ['nodejs CVE-2022-2003 affected'],
    'a modular fix is not one for the plain package',
  );
});

test('trap 6: a source rpm has no epoch of its own: the binary’s counts', async (t) => {
  const feeds = {
    'Azure Linux': [
      testRecord('AZL-1', 'Azure Linux:3', 'perl', '4:5.38.2-3.azl3', { upstream: ['CVE-2024-1004'] }),
    ],
  };
  const os: OsRelease = { id: 'azurelinux', versionId: '3.0', idLike: [] };
  const of = (version: string) =>
    packageOf('rpm', 'perl-libs', version, {
      source: { name: 'perl', version },
      vendor: 'Microsoft Corporation',
    });
  assert.deepEqual(ids(await matched(t, feeds, os, [of('4:5.38.2-2.azl3')])), [
    'perl-libs CVE-2024-1004 affected',
  ]);
  assert.deepEqual((await matched(t, feeds, os, [of('4:5.38.2-3.azl3')])).findings, []);
});

test('trap 7: a language package that the distribution itself packaged is judged by the distribution alone', async (t) => {
  const feeds = {
    PyPI: [testRecord('GHSA-aaaa', 'PyPI', 'urllib3', '2.0.7', { aliases: ['CVE-2023-45803'] })],
    Debian: [testRecord('DEBIAN-CVE-2024-5', 'Debian:12', 'other', '1', { upstream: ['CVE-2024-1'] })],
    AlmaLinux: [testRecord('ALSA-2024:5', 'AlmaLinux:9', 'other', '1', { related: ['CVE-2024-1'] })],
  };
  const owned = (owner: Package['ownedBy']) =>
    packageOf('pypi', 'urllib3', '1.26.12', owner ? { ownedBy: owner } : {});
  const debOwner = (maintainer: string) => ({
    type: 'deb' as const,
    name: 'python3-urllib3',
    version: '1.26.12-1',
    maintainer,
  });
  const rpmOwner = (vendor: string) => ({
    type: 'rpm' as const,
    name: 'python3-urllib3',
    version: '1.26.12-1.el9',
    vendor,
  });
  const cases: [OsRelease, Package['ownedBy'], number][] = [
    [debian12, debOwner('Debian Python Team <team+python@tracker.debian.org>'), 0],
    [debian12, debOwner('Docker <support@docker.com>'), 1],
    [debian12, undefined, 1],
    [alma9, rpmOwner('AlmaLinux'), 0],
    [alma9, rpmOwner('Fedora Project'), 1],
    [alpine318, { type: 'apk', name: 'py3-urllib3', version: '1.26.12-r0' }, 1],
  ];
  for (const [os, owner, count] of cases)
    assert.equal(
      (await matched(t, feeds, os, [owned(owner)])).findings.length,
      count,
      `${os.id} ${JSON.stringify(owner)}`,
    );
});

test('trap 8: log4j-api is not log4j-core, and a jar without its group is undecided, not harmless', async (t) => {
  const feeds = {
    Maven: [
      testRecord('GHSA-jfh8', 'Maven', 'org.apache.logging.log4j:log4j-core', '2.15.0', {
        aliases: ['CVE-2021-44228'],
      }),
    ],
  };
  const namespace = 'org.apache.logging.log4j';
  const result = await matched(t, feeds, undefined, [
    packageOf('maven', 'log4j-core', '2.14.1', { namespace }),
    packageOf('maven', 'log4j-api', '2.14.1', { namespace }),
    packageOf('maven', 'log4j-core', '2.14.1', { location: 'a.jar' }),
  ]);
  assert.deepEqual(ids(result), ['org.apache.logging.log4j:log4j-core CVE-2021-44228 affected']);
  assert.deepEqual(codes(result), ['package-unidentified']);
});

test('trap 10: Go versions that nobody knows are undecided only when an advisory names the module; other systems’ flaws are not ours', async (t) => {
  const goos = (id: string, name: string, systems?: string[]) => ({
    id,
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'Go', name },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.20.4' }] }],
        ecosystem_specific: { imports: [{ path: 'os', ...(systems ? { goos: systems } : {}) }] },
      },
    ],
  });
  const feeds = {
    Go: [
      goos('GO-1', 'example.com/app'),
      goos('GO-2', 'stdlib', ['windows']),
      goos('GO-3', 'stdlib'),
      goos('GO-4', 'toolchain'),
    ],
  };
  const result = await matched(t, feeds, undefined, [
    packageOf('golang', 'example.com/app', '(devel)', { main: true }),
    packageOf('golang', 'example.com/app', 'v0.0.0', { location: 'b' }),
    packageOf('golang', 'example.com/unknown', '(devel)', { main: true }),
    packageOf('golang', 'stdlib', '1.20.3'),
  ]);
  assert.deepEqual(codes(result), ['version-unorderable', 'version-unorderable']);
  assert.deepEqual(
    ids(result),
    ['stdlib GO-3 affected', 'stdlib GO-2 not_affected'],
    'the compiler’s own flaws are not those of what it compiled',
  );
});

test('trap 11: one flaw under three names is one finding, through records of other packages too', async (t) => {
  const feeds = {
    Go: [
      testRecord('GO-2024-1', 'Go', 'example.com/a', '1.2.0', { aliases: ['CVE-2024-3001'] }),
      testRecord('GHSA-bbbb', 'Go', 'example.com/a', '1.3.0', { aliases: ['GHSA-cccc'] }),
      testRecord('GHSA-cccc', 'Go', 'example.com/other', '1.0.0', { aliases: ['CVE-2024-3001'] }),
      testRecord('GHSA-dddd', 'Go', 'example.com/a', '1.4.0', { related: ['CVE-2024-3001'] }),
    ],
  };
  const result = await matched(t, feeds, undefined, [packageOf('golang', 'example.com/a', 'v1.0.0')]);
  assert.deepEqual(
    result.findings.map((finding) => [
      finding.id,
      finding.advisories,
      finding.fixedIn.map((fix) => fix.version),
    ]),
    [
      ['CVE-2024-3001', ['GHSA-bbbb', 'GO-2024-1'], ['1.2.0', '1.3.0']],
      ['GHSA-dddd', ['GHSA-dddd'], ['1.4.0']],
    ],
  );
});

test('trap 15: a release without rows is undecided, never zero findings', async (t) => {
  const feeds = {
    Alpine: [testRecord('ALPINE-1', 'Alpine:v3.17', 'busybox', '9', { upstream: ['CVE-2024-1'] })],
  };
  const result = await matched(t, feeds, alpine318, [
    packageOf('apk', 'busybox', '1.36.0-r9', { source: { name: 'busybox', version: '1.36.0-r9' } }),
  ]);
  assert.deepEqual(result.findings, []);
  assert.deepEqual(codes(result), ['end-of-life', 'no-advisories']);
});

test('trap 17: another vendor’s rpm is not compared with the distribution’s rows, and is named', async (t) => {
  const feeds = {
    'Rocky Linux': [
      testRecord('RLSA-1', 'Rocky Linux:9', 'php', '0:8.2.0-1.el9', { upstream: ['CVE-2024-4'] }),
    ],
  };
  const os: OsRelease = { id: 'rocky', versionId: '9.3', idLike: ['rhel'] };
  const result = await matched(t, feeds, os, [
    packageOf('rpm', 'php', '8.1.0-1.el9.remi', { vendor: 'Remi’s RPM repository' }),
  ]);
  assert.deepEqual(result.findings, []);
  assert.deepEqual(codes(result), ['foreign-packages']);
  const rhel: OsRelease = { id: 'rhel', versionId: '9.3', idLike: [] };
  const red = await matched(t, feeds, rhel, [
    packageOf('rpm', 'php', '8.1.0-1.el9', { vendor: 'Red Hat, Inc.' }),
  ]);
  assert.deepEqual(
    [red.findings, codes(red)],
    [[], ['no-advisories']],
    'Rocky’s numbers say nothing of Red Hat’s',
  );
});
