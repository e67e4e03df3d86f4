// What is in an image, against the answers of the package managers that put it there; compared as sets.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imageOf } from './make.ts';
import { data, sh } from './peers.ts';
import { nuget } from './recipes.ts';
import { scanned } from './seaworthy.ts';

function packages(name: string, type: string): string[] {
  return scanned(`oci:${imageOf(name).layout}`)
    .packages.filter((item) => item.type === type)
    .map(
      (item) =>
        `${item.namespace ? `${item.namespace}${type === 'maven' ? ':' : '/'}` : ''}${item.name} ${item.version}`,
    );
}

const sorted = (items: Iterable<string>) => [...new Set(items)].sort();
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

for (const name of ['debian', 'debian-old'])
  test(`${name}: as dpkg-query lists it, sources and architectures too`, () => {
    const { layout, tree } = imageOf(name);
    const format = '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\\n';
    const expected = lines(sh(`dpkg-query --admindir="${tree}/var/lib/dpkg" -W -f '${format}'`));
    const found = scanned(`oci:${layout}`)
      .packages.filter((item) => item.type === 'deb')
      .map(
        (item) =>
          `${item.name} ${item.version} ${item.arch} ${item.source?.name ?? item.name} ${item.source?.version ?? item.version}`,
      );
    assert.deepEqual(sorted(found), sorted(expected));
    assert.ok(expected.length >= 40);
  });

for (const name of ['alma', 'azure'])
  test(`${name}: as rpm -qa lists it, vendor and epoch too`, () => {
    const { layout, tree } = imageOf(name);
    const expected = lines(
      sh(
        `rpm --root "${tree}" --dbpath /var/lib/rpm -qa --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH} %{VENDOR}\\n'`,
      ),
    );
    const found = scanned(`oci:${layout}`).packages.map(
      (item) =>
        `${item.name} ${/^\d+:/.test(item.version) ? item.version : `0:${item.version}`} ${item.arch} ${item.vendor}`,
    );
    assert.deepEqual(sorted(found), sorted(expected));
    assert.ok(expected.length >= 25);
  });

test('sle: as rpm -qa listed it when the fixture was made', () => {
  const expected = lines(
    readFileSync(join(data, 'fixtures/rpm/sle15-sqlite/expected.rpm-qa.psv'), 'utf8'),
  ).map((line) => line.split('|')[0]!);
  const found = scanned(`oci:${imageOf('sle').layout}`).packages.map((item) => item.name);
  assert.equal(new Set(found).size > 20, true);
  const strange = found.filter((name) => !expected.some((line) => line.startsWith(name)));
  assert.deepEqual(strange, []);
  assert.equal(found.length, expected.filter((line) => !/gpg-pubkey|^name/i.test(line)).length);
});

for (const version of ['3.10.2', '3.16.2', '3.18.0'])
  test(`alpine ${version}: as the packages.tsv of the shared data lists it`, () => {
    const expected = lines(readFileSync(join(data, `findings/alpine-${version}/packages.tsv`), 'utf8')).slice(
      1,
    );
    const found = scanned(`oci:${imageOf(`alpine-${version}`).layout}`).packages.map((item) =>
      [
        item.name,
        item.version,
        item.source?.name ?? item.name,
        item.source?.version ?? item.version,
        item.arch,
      ].join('\t'),
    );
    assert.deepEqual(sorted(found), sorted(expected));
  });

test('npm: as npm ls --all lists each app’s packages', () => {
  const { tree } = imageOf('node');
  interface Node {
    version?: string;
    name?: string;
    dependencies?: Record<string, Node>;
  }
  const listed: string[] = [];
  const walk = (node: Node) => {
    for (const [name, below] of Object.entries(node.dependencies ?? {})) {
      if (below.version) listed.push(`${name} ${below.version}`);
      walk(below);
    }
  };
  walk(JSON.parse(sh(`cd "${tree}/srv/app" && npm ls --all --json || true`)) as Node);
  assert.deepEqual(sorted(packages('node', 'npm')), sorted(listed));
});

test('Python: as pip list lists it', () => {
  const { tree } = imageOf('python');
  const listed = JSON.parse(
    sh(`pip list --format json --path "${tree}/usr/local/lib/python3.11/site-packages" 2>/dev/null`),
  ) as { name: string; version: string }[];
  const found = packages('python', 'pypi');
  assert.deepEqual(
    sorted(found),
    sorted(listed.map(({ name, version }) => `${name.toLowerCase().replace(/[-_.]+/g, '-')} ${version}`)),
  );
});

test('Java: a fat jar holds what mvn dependency:list lists', () => {
  const { tree } = imageOf('java');
  const listed = lines(readFileSync(join(tree, '..', 'maven.txt'), 'utf8')).map((line) => {
    const [group, artifact, , version] = line.split(':');
    return `${group}:${artifact} ${version}`;
  });
  assert.deepEqual(sorted(packages('java', 'maven')), sorted(listed));
});

test('Go: as go version -m lists it, the standard library as the version of Go', () => {
  const { tree } = imageOf('go');
  const listed: string[] = [];
  for (const line of lines(sh(`go version -m "${tree}/usr/local/bin/app"`))) {
    const [kind, name, version] = line.trim().split(/\s+/);
    if (kind === 'dep' || kind === 'mod') listed.push(`${name} ${version}`);
    else if (/^go\d/.test(line.split(': ')[1] ?? '')) listed.push(`stdlib ${line.split(': ')[1]!.slice(2)}`);
  }
  assert.deepEqual(sorted(packages('go', 'golang')), sorted(listed));
});

test('Rust: as cargo tree lists what is linked, with versions of cargo metadata', () => {
  const { tree } = imageOf('rust');
  const metadata = JSON.parse(readFileSync(join(tree, '..', 'cargo.json'), 'utf8')) as {
    packages: { name: string; version: string }[];
  };
  const known = new Set(metadata.packages.map(({ name, version }) => `${name} ${version}`));
  const linked = lines(readFileSync(join(tree, '..', 'cargo-tree.txt'), 'utf8')).map((line) => {
    const [name, version] = line.split(' ');
    return `${name} ${version!.slice(1)}`;
  });
  const found = packages('rust', 'cargo');
  assert.deepEqual(sorted(found), sorted(linked.filter((line) => !procMacros.test(line))));
  assert.ok(found.every((line) => known.has(line)));
});

/** Run by the compiler, linked into nothing: cargo tree lists them, the binary's own list does not. */
const procMacros =
  /^(?:tokio-macros|proc-macro2|quote|syn|unicode-xid|unicode-ident|futures-macro|tracing-attributes|autocfg) /;

test('.NET: every package of deps.json, no project', () => {
  assert.deepEqual(sorted(packages('dotnet', 'nuget')), sorted(nuget.map((item) => item.replace('/', ' '))));
});
