import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { bashTags, kernelTags } from '../../testing/inventorycorpus.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { berkeleyOf, ndbOf, rpmHeader, sqliteOf } from '../../testing/rpmdatabase.ts';
import { sharedData } from '../../testing/shareddata.ts';
import type { FoundPackage } from './inventory.ts';
import { rpm } from './rpm.ts';
import { sourceOf } from './rpmheader.ts';
import { rpmManifest } from './rpmmanifest.ts';

const context = { limits: defaultLimits };
const read = (path: string, bytes: Buffer) => rpm.extract(openBuffer(path, bytes), context);

const bash: FoundPackage = {
  type: 'rpm',
  name: 'bash',
  version: '2:5.1.8-9.el9',
  arch: 'x86_64',
  source: { name: 'bash', version: '2:5.1.8-9.el9' },
  modularity: 'shell:5:820:abcdef',
  vendor: 'AlmaLinux',
};
const key = rpmHeader({ 1000: 'gpg-pubkey', 1001: '8483c65d', 1002: '5ccc5b19' });

test('the three forms of the database give the same packages, the keys left out', () => {
  const headers = [rpmHeader(bashTags), key, rpmHeader(kernelTags)];
  for (const [path, bytes] of [
    ['var/lib/rpm/Packages', berkeleyOf(headers)],
    ['var/lib/rpm/Packages', berkeleyOf(headers, 'big')],
    ['usr/lib/sysimage/rpm/Packages.db', ndbOf(headers)],
    ['usr/share/rpm/rpmdb.sqlite', sqliteOf(headers)],
    ['var/lib/rpm/rpmdb.sqlite', sqliteOf(headers, 512)],
    ['var/lib/rpm/rpmdb.sqlite', sqliteOf(headers, 65536)],
  ] as const) {
    assert.ok(rpm.wants(openBuffer(path, bytes)));
    const found = read(path, bytes);
    assert.deepEqual(found.undecided, []);
    assert.deepEqual(found.packages, [
      bash,
      { type: 'rpm', name: 'kernel-core', version: '5.14.0-503.el9', arch: 'x86_64' },
    ]);
    assert.deepEqual(found.owned, [{ owner: 'bash', paths: ['usr/bin/bash'] }]);
  }
});

test('many packages make a tree of several levels in SQLite', () => {
  const headers = Array.from({ length: 3000 }, (_, n) =>
    rpmHeader({ 1000: `p${n}`, 1001: '1', 1002: '1', 1005: 'x'.repeat(n % 700) }),
  );
  const found = read('var/lib/rpm/rpmdb.sqlite', sqliteOf(headers, 512));
  assert.deepEqual(
    found.packages!.map(({ name }) => name),
    headers.map((_, n) => `p${n}`),
  );
});

test('a header that is broken is named, and the others are kept', () => {
  const broken = rpmHeader({ 1000: 'a', 1001: '1', 1002: '1' });
  broken.writeUInt32BE(0xffff, 16);
  const found = read('var/lib/rpm/Packages.db', ndbOf([rpmHeader(bashTags), broken]));
  assert.deepEqual(found.packages, [bash]);
  assert.equal(found.undecided![0]!.code, 'package-database-unreadable');
});

test('one directory for countless files does not make the paths grow without bound', () => {
  const names = Array.from({ length: 5000 }, () => 'f');
  const header = rpmHeader({
    1000: 'a',
    1001: '1',
    1002: '1',
    1116: names.map(() => 0),
    1117: names,
    1118: [`/${'d'.repeat(4000)}/`],
  });
  const found = read('var/lib/rpm/Packages.db', ndbOf([header]));
  assert.equal(found.packages!.length, 1);
  assert.deepEqual(found.owned, []);
  assert.equal(found.undecided![0]!.code, 'limit-reached');
});

test('a chain of overflow pages that bites its tail ends', () => {
  const bytes = berkeleyOf([rpmHeader(kernelTags)]);
  bytes.writeUInt32LE(2, 2 * 4096 + 16);
  bytes.writeUInt16LE(1, 2 * 4096 + 22);
  assert.throws(() => read('var/lib/rpm/Packages', bytes), { code: 'inventory-invalid' });
});

test('slots that share a blob are refused', () => {
  const bytes = ndbOf([rpmHeader(kernelTags)]);
  for (let slot = 48; slot < 4096; slot += 16) bytes.copy(bytes, slot, 32, 48);
  const found = read('var/lib/rpm/Packages.db', bytes);
  assert.ok(found.packages!.length <= 2);
  assert.equal(found.undecided!.length, 1);
});

test('a database that was cut off is never whole', () => {
  const headers = [rpmHeader(bashTags), rpmHeader(kernelTags)];
  for (const [path, bytes] of [
    ['var/lib/rpm/Packages', berkeleyOf(headers)],
    ['var/lib/rpm/Packages.db', ndbOf(headers)],
    ['var/lib/rpm/rpmdb.sqlite', sqliteOf(headers)],
  ] as const) {
    let undecided = 0;
    try {
      undecided = read(path, Buffer.from(bytes.subarray(0, bytes.length - 4096))).undecided!.length;
    } catch {
      undecided = 1;
    }
    assert.equal(undecided, 1, path);
  }
});

test('a write-ahead log that holds something is undecided, an empty one is nothing', () => {
  const path = 'var/lib/rpm/rpmdb.sqlite-wal';
  assert.equal(rpm.wants(openBuffer(path, '')), false);
  const log = openBuffer(path, Buffer.alloc(100));
  assert.ok(rpm.wants(log));
  assert.equal(rpm.extract(log, context).undecided![0]!.code, 'package-database-unreadable');
});

test("a source's name and version are read from the right, with the binary's epoch", () => {
  assert.deepEqual(sourceOf('perl-libs-x-5.26-1.el8.src.rpm', 4), {
    name: 'perl-libs-x',
    version: '4:5.26-1.el8',
  });
  assert.deepEqual(sourceOf('a-1-2.nosrc.rpm', 0), { name: 'a', version: '1-2' });
  for (const wrong of [undefined, '(none)', 'a-1.src.rpm', 'a-1-2.rpm', '-1-2.src.rpm', '--.src.rpm'])
    assert.equal(sourceOf(wrong, 0), undefined, String(wrong));
});

test('the manifest of a distroless Azure Linux image is read', () => {
  const text = [
    'bash\t5.1.8-1.cm2\t1653816591\t1653628955\tMicrosoft Corporation\t1\t3359716\tx86_64\t1\tbash-5.1.8-1.cm2.src.rpm',
    'gpg-pubkey\t3135ce90-5e6fda74\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)',
    'short\tline',
  ].join('\n');
  const found = rpmManifest.extract(openBuffer('var/lib/rpmmanifest/container-manifest-2', text), context);
  assert.deepEqual(found.packages, [
    {
      type: 'rpm',
      name: 'bash',
      version: '1:5.1.8-1.cm2',
      arch: 'x86_64',
      source: { name: 'bash', version: '1:5.1.8-1.cm2' },
      vendor: 'Microsoft Corporation',
    },
  ]);
  assert.equal(found.undecided!.length, 1);
});

for (const [folder, database] of [
  ['libuuid-bdb', 'Packages'],
  ['sle15-ndb', 'Packages.db'],
  ['sle15-sqlite', 'var/lib/rpm/rpmdb.sqlite'],
] as const) {
  test(`${folder} gives what rpm -qa says`, (t) => {
    const expected = sharedData(t, `fixtures/rpm/${folder}/expected.rpm-qa.psv`);
    const bytes = sharedData(t, `fixtures/rpm/${folder}/${database}`);
    if (expected === undefined || bytes === undefined) return;
    const name = database.slice(database.lastIndexOf('/') + 1);
    const found = read(`var/lib/rpm/${name}`, readFileSync(bytes));
    assert.deepEqual(found.undecided, []);
    assert.deepEqual(
      found.packages!.map(rowOf).sort(),
      readFileSync(expected, 'utf8').trim().split('\n').slice(1).sort(),
    );
  });
}

function rowOf({ name, version, arch, source, vendor, modularity }: FoundPackage): string {
  const [, epoch = '0', number, release] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(version)!;
  const sourceRpm = `${source!.name}-${source!.version.replace(/^\d+:/, '')}.src.rpm`;
  return [name, epoch, number, release, arch, sourceRpm, vendor, modularity ?? '(none)'].join('|');
}
