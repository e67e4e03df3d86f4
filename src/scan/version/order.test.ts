import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compareToBound, compareVersions, orderOf, parseVersion, type VersionOrder } from './index.ts';

const shared = new URL('../../../../shared/data/version/', import.meta.url);
const own = new URL('../../../testdata/version/', import.meta.url);
const skip = !existsSync(shared) && !process.env['CI'] && '../shared/data is not there';

/** Lines where the ecosystem's own tool and the file differ: the tool decides. */
const decidedByTool: Record<string, Record<string, '<' | '=' | '>' | 'unorderable'>> = JSON.parse(
  readFileSync(new URL('choices.json', own), 'utf8'),
);

function answers(order: VersionOrder, file: URL): { line: string; expected: string; got: string }[] {
  const found = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const match = /^(\S+) ([<=>]) (\S+)$/.exec(line);
    if (match === null) {
      assert.match(line, /^\s*(#.*|\/\/.*)?$/, `a line that is neither an answer nor a remark: ${line}`);
      continue;
    }
    const sign = compareVersions(order, match[1]!, match[3]!);
    const back = compareVersions(order, match[3]!, match[1]!);
    assert.equal(Math.sign(sign ?? 0), -Math.sign(back ?? 0) + 0, `not the same from both sides: ${line}`);
    const got = sign === undefined ? 'unorderable' : sign < 0 ? '<' : sign > 0 ? '>' : '=';
    found.push({ line, expected: match[2]!, got });
  }
  return found;
}

const files: [file: string, ecosystem: string][] = [
  ['debian', 'Debian'],
  ['redhat', 'Red Hat'],
  ['alpine', 'Alpine'],
  ['semver', 'npm'],
  ['semver', 'crates.io'],
  ['semver', 'Go'],
  ['pypi', 'PyPI'],
  ['maven', 'Maven'],
  ['nuget', 'NuGet'],
];

for (const [file, ecosystem] of files)
  test(`${ecosystem} orders every line of the shared ${file} file, but for those the tool decides`, {
    skip,
  }, () => {
    const choices = { ...decidedByTool[ecosystem] };
    for (const { line, expected, got } of answers(
      orderOf(ecosystem)!,
      new URL(`${file}-versions.txt`, shared),
    )) {
      assert.equal(got, choices[line] ?? expected, line);
      delete choices[line];
    }
    assert.deepEqual(choices, {}, 'choices for lines that the file no longer has');
  });

for (const [ecosystem, file] of Object.entries({
  Debian: 'deb',
  'Red Hat': 'rpm',
  Alpine: 'apk',
  npm: 'npm',
  'crates.io': 'crates',
  PyPI: 'pep440',
  Maven: 'maven',
  Go: 'go',
  NuGet: 'nuget',
}))
  test(`${ecosystem} orders its own boundary cases`, () => {
    for (const { line, expected, got } of answers(orderOf(ecosystem)!, new URL(`${file}.txt`, own)))
      assert.equal(got, expected, line);
    for (const text of unorderable[ecosystem] ?? [])
      assert.equal(parseVersion(orderOf(ecosystem)!, text), undefined, `accepted: ${text}`);
  });

const unorderable: Record<string, string[]> = {
  Debian: ['', ' ', '1:', ':1', 'a:1', '1-', '-1', '1 2', '2147483648:1', '-1:1'],
  'Red Hat': [''],
  Alpine: ['', 'a', '1.', '.1', '1-r', '1-1', '20.10.11.r0', '1_foo', '1.2.3bc', '1.2A', 'v1', '1~', '1~xyz'],
  npm: [
    '',
    '1',
    '1.2',
    '01.2.3',
    '1.2.3-01',
    '1.2.3-',
    '1.2.3+',
    '1.2.3.4',
    '9007199254740992.0.0',
    '^1.0.0',
  ],
  'crates.io': ['', '1', '1.2', 'v1.2.3', ' 1.2.3', '18446744073709551616.0.0', '1.2.3-a..b'],
  PyPI: ['', '1.0-bulbasaur', '2004d', '1..0', '1.0+', '1.0+a..b', 'dev', '1.0.*', '1.0rc1b2', '1.0\u0131'],
  Maven: [''],
  Go: ['', '(devel)', 'devel go1.23-0123abc', 'v1.2.3.4', 'v01.2.3', 'v1.2-rc1', 'unknown', 'go1'],
  NuGet: ['', 'v1.0', '1.0.0.0.0', '1.0-', '1.0-a..b', '1.0+', '-1.0'],
};

test('an rpm bound without a release stands for every release of its version', () => {
  const order = orderOf('AlmaLinux:9')!;
  assert.equal(compareToBound(order, '0:2.4.0-1', '2.4.0'), 0);
  assert.ok(compareVersions(order, '0:2.4.0-1', '2.4.0')! > 0);
  assert.ok(compareToBound(order, '1:2.3.0-1', '2.4.0')! > 0);
  assert.ok(compareToBound(order, '2.4.0-1', '2.4.0-2')! < 0);
});

test('an ecosystem without an order has none, however it is spelt', () => {
  for (const name of ['Bitnami', 'RubyGems', 'debian', '', '__proto__', 'constructor', ':12'])
    assert.equal(orderOf(name), undefined);
});

test('a version longer than any package manager writes is unorderable, and answers at once', () => {
  for (const ecosystem of ['Debian', 'Alpine', 'npm', 'PyPI', 'Maven', 'Go', 'NuGet', 'Red Hat', 'crates.io'])
    for (const text of ['1.'.repeat(50_000), '9'.repeat(100_000), '1-'.repeat(50_000), '1_p'.repeat(40_000)])
      assert.equal(parseVersion(orderOf(ecosystem)!, text), undefined);
});
