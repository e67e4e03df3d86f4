import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { dpkg } from './dpkg.ts';
import { dpkgFiles } from './dpkgfiles.ts';

const context = { limits: defaultLimits };
const status = (...stanzas: string[]) =>
  dpkg.extract(openBuffer('var/lib/dpkg/status', `${stanzas.join('\n\n')}\n`), context);

test('status and status.d are wanted, in both places; lists and sums are not', () => {
  const wanted = (path: string) => dpkg.wants(openBuffer(path, ''));
  for (const root of ['var/lib/dpkg/', 'usr/lib/dpkg/']) {
    assert.ok(wanted(`${root}status`) && wanted(`${root}status.d/base-files`));
    for (const name of [
      'status-old',
      'status.d/base-files.md5sums',
      'status.d/a/b',
      'info/libc6.list',
      'available',
    ])
      assert.equal(wanted(root + name), false, name);
  }
  assert.equal(wanted('home/var/lib/dpkg/status'), false);
});

test('the source defaults to the binary, and a rebuild counts in the binary only', () => {
  const found = status(
    'Package: a\nStatus: install ok installed\nVersion: 1.0-1',
    'Package: b\nStatus: install ok installed\nVersion: 1.0-1+b1\nSource: bsrc (1.0-1)\nArchitecture: amd64',
    'Package: perl-base\nStatus: install ok installed\nVersion: 4:5.36\nSource: perl\nMaintainer: X <x@debian.org>',
  );
  assert.deepEqual(found.undecided, []);
  assert.deepEqual(found.packages, [
    { type: 'deb', name: 'a', version: '1.0-1', source: { name: 'a', version: '1.0-1' } },
    {
      type: 'deb',
      name: 'b',
      version: '1.0-1+b1',
      source: { name: 'bsrc', version: '1.0-1' },
      arch: 'amd64',
    },
    {
      type: 'deb',
      name: 'perl-base',
      version: '4:5.36',
      source: { name: 'perl', version: '4:5.36' },
      maintainer: 'X <x@debian.org>',
    },
  ]);
});

test('only the third word of Status tells what is installed', () => {
  const found = status(
    'Package: gone\nStatus: deinstall ok config-files\nVersion: 1',
    'Package: held\nStatus: hold ok installed\nVersion: 2',
    'Package: half\nStatus: install ok half-installed\nVersion: 3',
    'Package: never\nStatus: purge ok not-installed',
    'Package: unsaid\nVersion: 4',
  );
  assert.deepEqual(
    found.packages!.map(({ name }) => name),
    ['held'],
  );
  assert.deepEqual(found.undecided, []);
});

test('a stanza of status.d counts without a Status, as distroless images have it', () => {
  const file = openBuffer('var/lib/dpkg/status.d/tzdata', 'package: tzdata\nVERSION: 2024a-0+deb12u1');
  assert.equal(dpkg.extract(file, context).packages![0]!.name, 'tzdata');
});

test('what is wrong in one stanza is named once, and the others are kept', () => {
  const found = status(
    'Package: good\nStatus: install ok installed\nVersion: 1',
    'Package: bad\nStatus: install ok installed',
    'Package: two\nPackage: names\nStatus: install ok installed\nVersion: 1',
    'not a field',
  );
  assert.deepEqual(
    found.packages!.map(({ name }) => name),
    ['good', 'two'],
  );
  assert.equal(found.undecided!.length, 1);
  assert.equal(found.undecided![0]!.code, 'package-database-unreadable');
  assert.match(found.undecided![0]!.message, /and 3 more/);
});

test('a version that was cut off is not taken for whole', () => {
  const text = 'Package: a\nStatus: install ok installed\nVersion: 1.1';
  const found = dpkg.extract(openBuffer('var/lib/dpkg/status', text), context);
  assert.equal(found.undecided![0]!.code, 'package-database-unreadable');
});

test('invalid UTF-8 in a name is named, elsewhere it is let be', () => {
  const bytes = Buffer.from('Package: a\xff\nStatus: install ok installed\nVersion: 1\n', 'latin1');
  assert.throws(() => dpkg.extract(openBuffer('var/lib/dpkg/status', bytes), context), {
    code: 'inventory-invalid',
  });
  const maintainer = Buffer.from(
    'Package: a\nStatus: install ok installed\nVersion: 1\nMaintainer: J\xf6rg\n',
    'latin1',
  );
  assert.deepEqual(dpkg.extract(openBuffer('var/lib/dpkg/status', maintainer), context).undecided, []);
});

test('a file past the bound and a line without end are refused', () => {
  const file = openBuffer('var/lib/dpkg/status', `Package: ${'a'.repeat(3 << 20)}`);
  assert.throws(() => dpkg.extract(file, context), { code: 'inventory-invalid' });
  const limits = { ...defaultLimits, packageFileBytes: 10 };
  assert.throws(() => dpkg.extract(file, { limits }), { code: 'limit-reached' });
});

test('lists give the files of a package, without the directories above them', () => {
  const list =
    '/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/a\n/usr/share/doc/a/copyright\n/usr/share/docs\n';
  const file = openBuffer('var/lib/dpkg/info/libc6:amd64.list', list);
  assert.ok(dpkgFiles.wants(file));
  assert.deepEqual(dpkgFiles.extract(file, context).owned, [
    { owner: 'libc6:amd64', paths: ['usr/share/doc/a/copyright', 'usr/share/docs'] },
  ]);
});

test('sums give the files of a distroless package', () => {
  const sums = `${'0'.repeat(32)}  usr/lib/libx.so\n${'1'.repeat(32)}  ./etc/my file\n`;
  const file = openBuffer('var/lib/dpkg/status.d/libx.md5sums', sums);
  assert.ok(dpkgFiles.wants(file));
  assert.deepEqual(dpkgFiles.extract(file, context).owned, [
    { owner: 'libx', paths: ['usr/lib/libx.so', 'etc/my file'] },
  ]);
});
