import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distributionEcosystems, distributionOf, endOfLifeOf, formatPurl, parsePurl } from './index.ts';

const os = (id: string, versionId?: string, more: object = {}) => ({
  id,
  ...(versionId === undefined ? {} : { versionId }),
  idLike: [],
  ...more,
});

function asked(id: string, versionId?: string, more: object = {}, releases: string[] = []) {
  const distribution = distributionOf(os(id, versionId, more));
  return distribution && distributionEcosystems(distribution, releases).map(({ name }) => name);
}

test('each distribution is asked by the name OSV gives its release', () => {
  for (const [id, version, names, more] of [
    ['debian', '12', ['Debian:12']],
    ['debian', '12.5', ['Debian:12']],
    ['debian', undefined, ['Debian:sid'], { versionCodename: 'sid' }],
    ['ubuntu', '22.04', ['Ubuntu:22.04:LTS', 'Ubuntu:Pro:22.04:LTS']],
    ['ubuntu', '23.10', ['Ubuntu:23.10']],
    ['ubuntu', '23.04', ['Ubuntu:23.04']],
    ['alpine', '3.18.4', ['Alpine:v3.18']],
    ['wolfi', '20230201', ['Wolfi']],
    ['chainguard', '20230214', ['Chainguard']],
    ['almalinux', '9.3', ['AlmaLinux:9']],
    ['rocky', '9.3', ['Rocky Linux:9']],
    ['azurelinux', '3.0', ['Azure Linux:3']],
    ['mariner', '2.0', ['Azure Linux:2']],
    ['photon', '5.0', ['Photon OS:5.0']],
    ['opensuse-leap', '15.5', ['openSUSE:Leap 15.5']],
    ['opensuse-tumbleweed', '20240101', ['openSUSE:Tumbleweed']],
    ['openeuler', '22.03', ['openEuler:22.03-LTS-SP1'], { prettyName: 'openEuler 22.03 (LTS-SP1)' }],
    ['amzn', '2023', []],
  ] as [string, string | undefined, string[], object?][])
    assert.deepEqual(asked(id, version, more), names, `${id} ${version}`);
});

test('a derivative is not the distribution it is like, and a release that nobody names is none', () => {
  assert.equal(distributionOf(os('linuxmint', '21', { idLike: ['ubuntu', 'debian'] })), undefined);
  assert.equal(distributionOf(os('ubuntu')), undefined);
  assert.equal(distributionOf(os('alpine', 'nonsense')), undefined);
  assert.equal(distributionOf(os('__proto__', '1')), undefined);
  assert.equal(distributionOf(os('constructor', '1')), undefined);
});

test('security support ends after the day its source names, and not on it', () => {
  const debian = distributionOf(os('debian', '12'))!;
  assert.equal(endOfLifeOf(debian, new Date('2025-01-01T00:00:00Z')), undefined);
  const ended = endOfLifeOf(debian, new Date('2040-01-01T00:00:00Z'))!;
  assert.match(ended.date, /^20\d\d-\d\d-\d\d$/);
  assert.equal(endOfLifeOf(debian, new Date(`${ended.date}T12:00:00Z`)), undefined);
  assert.ok(endOfLifeOf(distributionOf(os('alpine', '3.10.0'))!, new Date('2025-01-01T00:00:00Z')));
});

test('purls are read and written as their specification says', () => {
  for (const text of [
    'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12',
    'pkg:npm/%40babel/core@7.0.0',
    'pkg:golang/github.com/a/b@v1.0.0#x/y',
    'pkg:deb/debian/a@1:2.3',
  ])
    assert.equal(formatPurl(parsePurl(text)!), text);
  assert.equal(formatPurl(parsePurl('PKG:NPM/a@1?B=2&a=1&c=')!), 'pkg:npm/a@1?a=1&b=2');
  for (const text of ['', 'npm/a', 'pkg:', 'pkg:npm', 'pkg:npm/', 'pkg:npm/%', 'pkg:n pm/a', 'pkg:npm/a?=1'])
    assert.equal(parsePurl(text), undefined, text);
  const polluted = parsePurl('pkg:npm/a?__proto__=x')!;
  assert.deepEqual(Object.keys(polluted.qualifiers), ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});
