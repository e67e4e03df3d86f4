import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultLimits, fixedClock, openHome } from '../core/index.ts';
import { createClient } from '../net/index.ts';
import { memoryResults } from '../store/index.ts';
import { databaseOf } from '../testing/advisories.ts';
import { testRecord } from '../testing/feeds.ts';
import { makeImage, type TarFile, writeLayout } from '../testing/images.ts';
import { anonymous } from '../transport/index.ts';
import { cycloneDx, spdx } from './sbom/index.ts';
import { inspectTarget, scan } from './scan.ts';

const osRelease: TarFile = { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\n' };
const status = (...packages: [name: string, version: string, source?: string][]) =>
  packages
    .map(
      ([name, version, source]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\n${source ? `Source: ${source}\n` : ''}Version: ${version}\n\n`,
    )
    .join('');
const json = (path: string, value: object): TarFile => ({ path, data: JSON.stringify(value) });

function setting(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-scan-'));
  const http = createClient({ env: {} });
  t.after(async () => {
    await http.close();
    rmSync(folder, { recursive: true });
  });
  const home = openHome(join(folder, 'home'));
  const transport = { http, home, engines: [], env: {}, credentials: anonymous };
  const options = {
    home,
    limits: defaultLimits,
    transport,
    results: memoryResults(),
    clock: fixedClock('2026-01-10T00:00:00Z'),
    maxDatabaseAge: 30,
  };
  let made = 0;
  const layout = (...layers: TarFile[][]) => {
    const path = join(folder, `image-${made++}`);
    writeLayout(path, [{ images: [makeImage({ layers })] }]);
    return `oci:${path}`;
  };
  return { folder, options, layout };
}

const flaws = (result: Awaited<ReturnType<typeof scan>>) =>
  result.findings.map(({ id, name, version }) => `${name} ${version} ${id}`).sort();

test('trap 9: lockfiles, subpaths and extensions are no packages; one that is bundled without a folder is not invented', async (t) => {
  const { options, layout } = setting(t);
  const target = layout([
    json('srv/node_modules/a/package.json', { name: 'a', version: '1.0.0', resolved: false }),
    json('srv/node_modules/a/esm/package.json', { type: 'module', name: 'inner', version: '9.0.0' }),
    json('srv/node_modules/a/package-lock.json', {
      packages: { 'node_modules/lodash': { version: '4.0.0' } },
    }),
    json('srv/node_modules/.package-lock.json', {
      packages: { 'node_modules/lodash': { version: '4.0.0' } },
    }),
    json('usr/share/code/extensions/handlebars/package.json', { name: 'handlebars', version: '1.0.0' }),
    json('srv/node_modules/a/node_modules/@s/b/package.json', { name: '@s/b', version: '2.0.0' }),
  ]);
  const { inventory } = await inspectTarget(target, options);
  assert.deepEqual(inventory.packages.map(({ purl }) => purl).sort(), [
    'pkg:npm/%40s/b@2.0.0',
    'pkg:npm/a@1.0.0',
  ]);
});

test('trap 13: an SBOM of the image, in either format, gives the findings that the image gives', async (t) => {
  const { options, layout, folder } = setting(t);
  const database = await databaseOf(t, {
    Debian: [
      testRecord('DEBIAN-CVE-2024-0001', 'Debian:12', 'zlib', '1:1.3', { upstream: ['CVE-2024-0001'] }),
    ],
    npm: [testRecord('GHSA-a', 'npm', '@Scope/Name', '2.0.0')],
    PyPI: [testRecord('PYSEC-1', 'PyPI', 'foo-bar', '2.0')],
  });
  const target = layout([
    osRelease,
    {
      path: 'var/lib/dpkg/status',
      data: status(['zlib1g', '1:1.2', 'zlib'], ['libz-dev', '1:1.2+b1', 'zlib (1:1.2)']),
    },
    json('srv/node_modules/@Scope/Name/package.json', { name: '@Scope/Name', version: '1.0.0' }),
    {
      path: 'opt/lib/Foo_Bar-1.0.dist-info/METADATA',
      data: 'Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\n',
    },
  ]);
  const whole = await scan(target, { ...options, database });
  assert.deepEqual(flaws(whole).length, 4);
  const { inventory, target: scanned } = await inspectTarget(target, options);
  const subject = { reference: scanned.reference, digest: scanned.digest!, inventory };
  for (const [name, document] of [
    ['cdx.json', cycloneDx(subject, options.clock.now())],
    ['spdx.json', spdx(subject, options.clock.now())],
  ] as const) {
    writeFileSync(join(folder, name), JSON.stringify(document));
    const again = await scan(`sbom:${join(folder, name)}`, { ...options, database });
    assert.deepEqual(flaws(again), flaws(whole), name);
  }
});

test('trap 14: what an upper layer removed or replaced has no findings', async (t) => {
  const { options, layout } = setting(t);
  const database = await databaseOf(t, {
    npm: [testRecord('GHSA-a', 'npm', 'a', '2.0.0'), testRecord('GHSA-b', 'npm', 'b', '2.0.0')],
  });
  const at = (name: string, version: string) =>
    json(`srv/node_modules/${name}/package.json`, { name, version });
  const target = layout(
    [at('a', '1.0.0'), at('b', '1.0.0')],
    [at('a', '2.0.0'), { path: 'srv/node_modules/.wh.b' }],
  );
  assert.deepEqual(flaws(await scan(target, { ...options, database })), []);
});

test('trap 18: a package in two status files is found once, and a status file of a rebased layer stands', async (t) => {
  const { options, layout } = setting(t);
  const database = await databaseOf(t, {
    Debian: [testRecord('DEBIAN-CVE-2024-0001', 'Debian:12', 'zlib', '1.3', { upstream: ['CVE-2024-0001'] })],
  });
  const target = layout(
    [osRelease, { path: 'var/lib/dpkg/status', data: status(['zlib1g', '1.1', 'zlib']) }],
    [
      { path: 'var/lib/dpkg/status', data: status(['zlib1g', '1.2', 'zlib']) },
      { path: 'var/lib/dpkg/status.d/zlib1g', data: status(['zlib1g', '1.2', 'zlib']) },
    ],
  );
  assert.deepEqual(flaws(await scan(target, { ...options, database })), ['zlib1g 1.2 CVE-2024-0001']);
});

test('sources are stale each by its own age, and without a database nothing is judged', async (t) => {
  const { options, layout } = setting(t);
  const database = await databaseOf(t, { npm: [testRecord('GHSA-a', 'npm', 'a', '2.0.0')] });
  const target = layout([json('srv/node_modules/a/package.json', { name: 'a', version: '1.0.0' })]);
  const codes = async (more: object) =>
    (await scan(target, { ...options, database, ...more })).undecided.map(({ code }) => code);
  assert.deepEqual(await codes({}), []);
  assert.deepEqual(await codes({ maxDatabaseAge: 2 }), ['database-stale']);
  assert.deepEqual(await codes({ database: undefined }), ['database-missing']);
});
