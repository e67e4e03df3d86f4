import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debian12, inventoryOf, packageOf } from '../../testing/inventories.ts';
import { packageChanges } from './changes.ts';

const inventory = (...packages: Parameters<typeof inventoryOf>[1]) => inventoryOf(debian12, packages);
const names = (list: readonly { name: string; before?: string; after?: string }[]) =>
  list.map(({ name, before, after }) => `${name} ${before ?? '-'} ${after ?? '-'}`);

test('packages that came, went, rose and fell are told apart by their own version order', () => {
  const changes = packageChanges(
    inventory(
      packageOf('deb', 'openssl', '3.0.9-1'),
      packageOf('deb', 'zlib1g', '1:1.2.13'),
      packageOf('deb', 'curl', '7.88.1-10'),
      packageOf('npm', 'a', '1.10.0'),
      packageOf('deb', 'same', '1'),
    ),
    inventory(
      packageOf('deb', 'openssl', '3.0.10-1'),
      packageOf('deb', 'zlib1g', '1.3'),
      packageOf('npm', 'a', '1.9.0'),
      packageOf('deb', 'same', '1'),
      packageOf('deb', 'tzdata', '2026a'),
    ),
  );
  assert.deepEqual(names(changes.upgraded), ['openssl 3.0.9-1 3.0.10-1']);
  assert.deepEqual(names(changes.downgraded), ['zlib1g 1:1.2.13 1.3', 'a 1.10.0 1.9.0']);
  assert.deepEqual(names(changes.removed), ['curl 7.88.1-10 -']);
  assert.deepEqual(names(changes.added), ['tzdata - 2026a']);
});

test('a version that cannot be ordered is neither an upgrade nor a downgrade', () => {
  const changes = packageChanges(
    inventory(packageOf('pub', 'x', '1'), packageOf('apk', 'y', '1.0-r0')),
    inventory(packageOf('pub', 'x', '2'), packageOf('apk', 'y', 'not a version')),
  );
  assert.deepEqual(names(changes.unordered), ['x 1 2', 'y 1.0-r0 not a version']);
  assert.equal(changes.upgraded.length + changes.downgraded.length, 0);
});

test('of a name in several versions the highest that went is compared with the highest that came', () => {
  const changes = packageChanges(
    inventory(
      packageOf('npm', 'a', '1.0.0'),
      packageOf('npm', 'a', '9.0.0'),
      packageOf('npm', 'a', '10.0.0'),
    ),
    inventory(
      packageOf('npm', 'a', '1.0.0'),
      packageOf('npm', 'a', '10.0.1'),
      packageOf('npm', 'a', '3.0.0'),
    ),
  );
  assert.deepEqual(names(changes.upgraded), ['a 10.0.0 10.0.1']);
});

test('one architecture that goes is a removal though another stays', () => {
  const changes = packageChanges(
    inventory(
      packageOf('deb', 'libc6', '1', { arch: 'amd64' }),
      packageOf('deb', 'libc6', '1', { arch: 'i386' }),
    ),
    inventory(packageOf('deb', 'libc6', '1', { arch: 'i386' })),
  );
  assert.deepEqual(
    changes.removed.map(({ arch }) => arch),
    ['amd64'],
  );
});
