import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultLimits, fixedClock, openHome } from '../core/index.ts';
import { mediaTypes } from '../image/index.ts';
import { createClient } from '../net/index.ts';
import { createRegistry } from '../registry/index.ts';
import { memoryResults, type ResultStore } from '../store/index.ts';
import { databaseOf } from '../testing/advisories.ts';
import { testRecord } from '../testing/feeds.ts';
import { type MakeImageOptions, makeImage, type TarFile, writeLayout } from '../testing/images.ts';
import { listenApp } from '../testing/listen.ts';
import { anonymous, copyImage, fromLayout, openRegistry, toRegistry } from '../transport/index.ts';
import { inspectTarget, scan } from './scan.ts';

const status = (...packages: [name: string, version: string][]) =>
  packages
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\n`,
    )
    .join('');
const debian: TarFile[] = [
  {
    path: 'etc/os-release',
    data: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  },
  { path: 'var/lib/dpkg/status', data: status(['base-files', '12'], ['zlib1g', '1.2']) },
];
const npm = (name: string, version: string, root = 'srv'): TarFile => ({
  path: `${root}/node_modules/${name}/package.json`,
  data: JSON.stringify({ name, version }),
});

function setting(t: TestContext, results?: ResultStore) {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-inspect-'));
  const http = createClient({ env: {} });
  t.after(async () => {
    await http.close();
    rmSync(folder, { recursive: true });
  });
  const home = openHome(join(folder, 'home'));
  const options = {
    home,
    limits: defaultLimits,
    transport: { http, home, engines: [], env: {}, credentials: anonymous },
    ...(results ? { results } : {}),
  };
  const layout = (name: string, made: MakeImageOptions) => {
    writeLayout(join(folder, name), [{ images: [makeImage(made)] }]);
    return `oci:${join(folder, name)}`;
  };
  return { folder, home, options, layout };
}

const names = (packages: { type: string; name: string; version: string }[]) =>
  packages.map((item) => `${item.type} ${item.name} ${item.version}`).sort();

test('upper layers hide what lies below: whiteouts, opaque directories, replaced files and directories', async (t) => {
  const { options, layout } = setting(t);
  const target = layout('i', {
    layers: [
      [
        ...debian,
        npm('a', '1.0.0'),
        npm('b', '1.0.0'),
        npm('c', '1.0.0'),
        npm('d', '1.0.0', 'opt'),
        npm('e', '1.0.0', 'app'),
      ],
      [
        { path: 'srv/node_modules/.wh.a' },
        { path: 'srv/node_modules/b/package.json', data: JSON.stringify({ name: 'b', version: '2.0.0' }) },
        { path: 'srv/node_modules/c/package.json', data: 'no json at all' },
        { path: 'opt/node_modules/.wh..wh..opq' },
        { path: 'app', data: 'a file where a directory was' },
      ],
    ],
  });
  const { inventory } = await inspectTarget(target, options);
  assert.deepEqual(names(inventory.packages), ['deb base-files 12', 'deb zlib1g 1.2', 'npm b 2.0.0']);
  assert.deepEqual(
    inventory.undecided.map(({ code, subject }) => [code, subject]),
    [['package-database-unreadable', 'srv/node_modules/c/package.json']],
  );
});

test('a database that an upper layer carries on keeps the layer each package first came with', async (t) => {
  const { options, layout, folder } = setting(t);
  const base = layout('base', { layers: [debian] });
  const upper: TarFile[] = [
    { path: 'var/lib/dpkg/status', data: status(['base-files', '12'], ['zlib1g', '1.3'], ['curl', '8']) },
  ];
  const target = layout('app', { layers: [debian, upper] });
  const { inventory, target: scanned } = await inspectTarget(target, { ...options, base });
  assert.deepEqual(
    inventory.packages.map((item) => [
      item.name,
      item.layer === scanned.layers[0]!.diffId ? 0 : 1,
      item.introducedBy,
    ]),
    [
      ['base-files', 0, 'base'],
      ['zlib1g', 1, 'app'],
      ['curl', 1, 'app'],
    ],
  );
  assert.equal(scanned.base?.layers, 1);
  const other = layout('other', { layers: [[npm('x', '1.0.0')]] });
  const unproven = await inspectTarget(target, { ...options, base: other });
  assert.ok(
    unproven.inventory.packages.every((item) => item.introducedBy === 'unknown'),
    'another image is no base',
  );
  assert.ok(existsSync(folder));
});

test('what /lib links to is where a package database of an upper layer lies', async (t) => {
  const { options, layout } = setting(t);
  const apk = (version: string) => `P:musl\nV:${version}\nA:x86_64\no:musl\n\n`;
  const target = layout('i', {
    layers: [
      [
        { path: 'lib', type: '2', linkname: 'usr/lib' },
        { path: 'etc/os-release', data: 'ID=alpine\nVERSION_ID=3.22.0\n' },
        { path: 'usr/lib/apk/db/installed', data: apk('1.2.4-r0') },
      ],
      [{ path: 'lib/apk/db/installed', data: apk('1.2.5-r0') }],
    ],
  });
  assert.deepEqual(names((await inspectTarget(target, options)).inventory.packages), ['apk musl 1.2.5-r0']);
});

test('a forged list of diffIDs is refused, read afresh and from kept results alike', async (t) => {
  const results = memoryResults();
  const { folder, options, layout } = setting(t, results);
  const good = layout('good', { layers: [debian, [npm('a', '1.0.0')]] });
  const forge = (name: string) => {
    const made = makeImage({ layers: [debian, [npm('a', '1.0.0')]] });
    const config = JSON.parse(made.config.toString()) as { rootfs: { diff_ids: string[] } };
    config.rootfs.diff_ids.reverse();
    const bytes = Buffer.from(JSON.stringify(config));
    const forged = makeImage({
      layers: [debian, [npm('a', '1.0.0')]],
      manifest: { config: { mediaType: mediaTypes.ociConfig, ...descriptorOf(bytes) } },
    });
    forged.blobs.set(descriptorOf(bytes).digest, bytes);
    writeLayout(join(folder, name), [{ images: [forged] }]);
    return `oci:${join(folder, name)}`;
  };
  await assert.rejects(inspectTarget(forge('afresh'), options), { code: 'digest-mismatch' });
  await inspectTarget(good, options);
  await assert.rejects(inspectTarget(forge('kept'), options), { code: 'digest-mismatch' });
});

test('a layer whose bytes are not its digest’s ends the scan; one that is damaged but true is named', async (t) => {
  const { folder, options, layout } = setting(t);
  const target = layout('i', { layers: [debian, [npm('a', '1.0.0')]] });
  const blobs = join(folder, 'i', 'blobs', 'sha256');
  const layers = readdirSync(blobs).filter((name) => readFileSync(join(blobs, name))[0] === 0x1f);
  const first = join(blobs, layers[0]!);
  const bytes = readFileSync(first);
  bytes[bytes.length - 12]! ^= 1;
  writeFileSync(first, bytes);
  await assert.rejects(inspectTarget(target, options), { code: 'digest-mismatch' });
  assert.deepEqual(readdirSync(options.home.dir('tmp')), [], 'nothing is left behind');
  const broken = makeImage({ layers: [debian, [npm('a', '1.0.0')]] });
  const { digest, size } = descriptorOf(Buffer.from('no tar at all, and no compression'));
  const cut = makeImage({
    layers: [debian, [npm('a', '1.0.0')]],
    manifest: {
      layers: [
        JSON.parse(broken.bytes.toString()).layers[0],
        { mediaType: mediaTypes.layerTar, digest, size },
      ],
    },
  });
  cut.blobs.set(digest, Buffer.from('no tar at all, and no compression'));
  writeLayout(join(folder, 'cut'), [{ images: [cut] }]);
  const { inventory } = await inspectTarget(`oci:${join(folder, 'cut')}`, options);
  assert.deepEqual(names(inventory.packages), ['deb base-files 12', 'deb zlib1g 1.2']);
  assert.deepEqual(
    inventory.undecided.map(({ code, subject }) => [code, subject]),
    [['target-partly-unreadable', digest]],
  );
});

test('a kept result that is damaged is read again, and known layers are not read at all', async (t) => {
  const { options, layout, home } = setting(t);
  const target = layout('i', { layers: [debian] });
  const first = await inspectTarget(target, options);
  const folder = join(home.dir('results'), 'layer');
  const version = readdirSync(folder)[0]!;
  const kept = join(folder, version, readdirSync(join(folder, version))[0]!);
  const bytes = readFileSync(kept);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(kept, bytes);
  assert.deepEqual((await inspectTarget(target, options)).inventory, first.inventory);
  let read = 0;
  const progress = { layers: () => void read++, bytes() {}, layerDone() {}, files() {}, stage() {} };
  await inspectTarget(target, { ...options, progress });
  assert.equal(read, 0);
});

test('a hard link is the file it names, and one to a file that was passed by is named', async (t) => {
  const { options, layout } = setting(t);
  const link = (path: string, linkname: string): TarFile => ({ path, type: '1', linkname });
  const target = layout('i', {
    layers: [
      [
        ...debian,
        npm('a', '1.0.0', 'cache'),
        { path: 'store/0a1b', data: JSON.stringify({ name: 'b', version: '1.0.0' }) },
        link('srv/node_modules/a/package.json', 'cache/node_modules/a/package.json'),
        link('srv/node_modules/b/package.json', '/store/0a1b'),
        link('srv/node_modules/c/package.json', 'store/0a1b'),
      ],
      [{ path: '.wh.cache' }],
    ],
  });
  const { inventory } = await inspectTarget(target, options);
  assert.deepEqual(
    inventory.packages.filter(({ type }) => type === 'npm').map(({ name, location }) => [name, location]),
    [['a', 'srv/node_modules/a/package.json']],
  );
  assert.deepEqual(
    inventory.undecided.map(({ code, subject }) => [code, subject]),
    [['package-database-unreadable', 'srv/node_modules/b/package.json']],
  );
});

test('a kept result of another layer is not taken for this one’s', async (t) => {
  const results = memoryResults();
  const swapped: ResultStore = {
    get: (key) => results.get(key) && results.get([...keys].find((other) => other !== key)!),
    put(key, bytes) {
      keys.add(key);
      results.put(key, bytes);
    },
  };
  const keys = new Set<string>();
  const { options, layout } = setting(t, swapped);
  const target = layout('i', { layers: [debian, [npm('a', '1.0.0')]] });
  const first = await inspectTarget(target, options);
  assert.equal(keys.size, 2);
  assert.deepEqual((await inspectTarget(target, options)).inventory, first.inventory);
});

test('an image gives the same from a registry, on threads and alone', async (t) => {
  const { options, layout, folder } = setting(t);
  const filler = {
    path: 'filler',
    data: Buffer.from(Array.from({ length: 3 << 20 }, (_, i) => (i * 7919) % 251)),
  };
  const big: MakeImageOptions = {
    layers: [
      [...debian, filler],
      [npm('a', '1.0.0'), { ...filler, path: 'other' }],
    ],
    compression: 'none',
  };
  const local = await inspectTarget(layout('big', big), { ...options, results: memoryResults(), threads: 2 });
  const host = await listenApp(createRegistry(), t);
  const registry = openRegistry(host, { http: options.transport.http, credentials: anonymous });
  await copyImage(fromLayout(join(folder, 'big')), toRegistry(registry, 'team/app'), { tag: 'v1' });
  const remote = await inspectTarget(`registry:${host}/team/app:v1`, {
    ...options,
    results: memoryResults(),
    threads: 1,
  });
  assert.equal(remote.target.from, 'registry');
  assert.deepEqual(remote.inventory, local.inventory);
});

test('the whole walk: packages, findings, the plan, and what could not be decided', async (t) => {
  const { options, layout } = setting(t);
  const database = await databaseOf(t, {
    Debian: [
      testRecord('DEBIAN-CVE-2024-0001', 'Debian:12', 'zlib1g', '1.3', { upstream: ['CVE-2024-0001'] }),
    ],
    npm: [testRecord('GHSA-a', 'npm', 'a', '2.0.0')],
  });
  const node: TarFile = {
    path: 'usr/local/bin/node',
    data: Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(9)]),
    mode: 0o755,
  };
  const target = layout('i', { layers: [[...debian, npm('a', '1.0.0'), node]] });
  const result = await scan(target, {
    ...options,
    clock: fixedClock('2026-01-10T00:00:00Z'),
    database,
    maxDatabaseAge: 7,
  });
  assert.deepEqual(
    result.findings.map(({ id, name }) => [id, name]),
    [
      ['CVE-2024-0001', 'zlib1g'],
      ['GHSA-a', 'a'],
    ],
  );
  assert.equal(result.plan.length, 2);
  assert.deepEqual(
    result.undecided.map(({ code, subject }) => [code, subject]),
    [
      ['database-stale', 'Debian'],
      ['database-stale', 'npm'],
    ],
  );
});

function descriptorOf(bytes: Buffer) {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}
