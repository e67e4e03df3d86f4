// What a denial says to do about findings: the packages, and the one version that ends them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../scan/match/index.ts';
import { upgradeFix } from './upgrade.ts';

function finding(id: string, purl: string, name: string, version: string): Finding {
  return {
    id,
    purl,
    name,
    fixedIn: [{ version, advisory: id }],
    introducedBy: 'app',
    severity: { level: 'high' },
    priority: 1,
  } as unknown as Finding;
}

test('of several fixes of one package the highest by its own order is named', () => {
  const openssl = (id: string, version: string) =>
    finding(id, 'pkg:deb/debian/openssl@3.0.9-1', 'openssl', version);
  const { text } = upgradeFix([
    openssl('CVE-1', '3.0.9-2'),
    openssl('CVE-2', '3.0.18-1~deb12u2'),
    openssl('CVE-3', '3.0.10-1~deb12u1'),
  ]);
  assert.equal(text, 'upgrade openssl to 3.0.18-1~deb12u2, then build and scan again');
});

test('each ecosystem is ordered by its own rules', () => {
  for (const [purl, low, high] of [
    ['pkg:npm/a@1.0.0', '2.0.0-rc.1', '2.0.0'],
    ['pkg:pypi/a@1.0', '1.9', '1.10'],
    ['pkg:apk/alpine/a@1', '1.2_rc1', '1.2'],
    ['pkg:golang/example.com/a@v1.0.0', '1.9.0', '1.10.0'],
    ['pkg:maven/g/a@1', '1.0-alpha-1', '1.0'],
  ] as const)
    for (const versions of [
      [low, high],
      [high, low],
    ] as const)
      assert.equal(
        upgradeFix(versions.map((version, at) => finding(`CVE-${at}`, purl, 'a', version))).text,
        `upgrade a to ${high}, then build and scan again`,
      );
});

test('versions that cannot be ordered leave open which is the higher', () => {
  const { text } = upgradeFix(
    ['1.x', 'two'].map((version, at) => finding(`CVE-${at}`, 'pkg:npm/a@1.0.0', 'a', version)),
  );
  assert.equal(text, 'upgrade a to 1.x or later, then build and scan again');
});
