// SBOMs of others and of nobody honest: what they name is judged, what they hide is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { parseSbom } from './index.ts';

const parse = (document: object) =>
  parseSbom(Buffer.from(JSON.stringify(document)), 'a.json', defaultLimits).inventory;
const bom = (components: object[], properties: object[] = []) =>
  parse({ bomFormat: 'CycloneDX', specVersion: '1.6', metadata: { properties }, components });
const system = { type: 'operating-system', name: 'debian', version: '12' };

test('the dialects of syft and trivy name the source, the place and the layer', () => {
  const [syft, trivy] = bom([
    system,
    {
      type: 'library',
      name: 'libssl3',
      purl: 'pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&upstream=openssl&distro=debian-12',
      properties: [
        { name: 'syft:location:0:path', value: '/var/lib/dpkg/status' },
        { name: 'syft:location:0:layerID', value: 'sha256:1' },
      ],
    },
    {
      type: 'library',
      name: 'libc6',
      purl: 'pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.5',
      properties: [
        { name: 'aquasecurity:trivy:SrcName', value: 'glibc' },
        { name: 'aquasecurity:trivy:SrcVersion', value: '2.36' },
        { name: 'aquasecurity:trivy:SrcRelease', value: '9' },
        { name: 'aquasecurity:trivy:LayerDiffID', value: 'sha256:2' },
      ],
    },
  ]).packages;
  assert.deepEqual(
    [syft!.source, syft!.location, syft!.layer, syft!.arch],
    [{ name: 'openssl', version: '3.0.11-1' }, 'var/lib/dpkg/status', 'sha256:1', 'amd64'],
  );
  assert.deepEqual([trivy!.source, trivy!.layer], [{ name: 'glibc', version: '2.36-9' }, 'sha256:2']);
});

test('names of languages are read as their ecosystems write them', () => {
  const { packages } = bom([
    system,
    ...['pkg:npm/%40scope/x@1.0.0', 'pkg:pypi/Foo.Bar@1', 'pkg:golang/example.com/a/b@v1.0.0'].map(
      (purl) => ({
        type: 'library',
        name: 'x',
        purl,
      }),
    ),
  ]);
  assert.deepEqual(
    packages.map(({ namespace, name }) => [namespace, name]),
    [
      ['@scope', 'x'],
      [undefined, 'foo-bar'],
      [undefined, 'example.com/a/b'],
    ],
  );
});

test('an SPDX document of syft gives packages, their place and the distribution', () => {
  const inventory = parse({
    spdxVersion: 'SPDX-2.3',
    name: 'image',
    packages: [
      { SPDXID: 'SPDXRef-Root', name: 'image', primaryPackagePurpose: 'CONTAINER' },
      {
        SPDXID: 'SPDXRef-a',
        name: 'libssl3',
        sourceInfo: 'acquired package info from DPKG DB: /var/lib/dpkg/status',
        externalRefs: [
          {
            referenceType: 'purl',
            referenceLocator: 'pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl&distro=debian-12',
          },
        ],
      },
    ],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: 'SPDXRef-Root',
      },
    ],
  });
  assert.deepEqual(inventory.osRelease, { id: 'debian', versionId: '12', idLike: [] });
  assert.deepEqual(
    inventory.packages.map(({ name, source, location }) => [name, source?.name, location]),
    [['libssl3', 'openssl', 'var/lib/dpkg/status']],
  );
  assert.deepEqual(inventory.undecided, []);
});

test('an application without a purl is undecided, and a list of trivy’s is none', () => {
  const { undecided } = bom([
    system,
    { type: 'application', name: 'nginx', version: '1.25' },
    {
      type: 'application',
      name: 'package-lock.json',
      properties: [{ name: 'aquasecurity:trivy:Type', value: 'npm' }],
    },
    { type: 'file', name: '/etc/passwd' },
  ]);
  assert.deepEqual(
    undecided.map(({ code, subject }) => [code, subject]),
    [['package-unidentified', 'nginx']],
  );
});

test('of many packages without a purl twenty are named and the others counted', () => {
  const { undecided } = bom([
    system,
    ...Array.from({ length: 50 }, (_, i) => ({ type: 'library', name: `p${i}` })),
  ]);
  assert.equal(undecided.length, 21);
  assert.match(undecided[20]!.message, /^30 more packages/);
});

test('nested components lie flat, and nesting too deep to be honest is refused, never cut', () => {
  const nested = (levels: number) => {
    let inner: object = { type: 'library', name: 'in', purl: 'pkg:npm/in@1.0.0' };
    for (let i = 0; i < levels; i++) inner = { type: 'file', name: 'out', components: [inner] };
    return bom([system, inner]);
  };
  assert.equal(nested(20).packages.length, 1);
  assert.throws(() => nested(21), { code: 'sbom-invalid' });
});

test('facts that a stranger wrote are texts or nothing, and no name is special', () => {
  const fact = (name: string, value: unknown) => ({
    name: `seaworthy:${name}`,
    value: JSON.stringify(value),
  });
  const inventory = bom(
    [],
    [
      fact('osRelease', { id: 'debian', versionId: 12, ['__proto__']: 'x', prettyName: ['x'] }),
      fact('undecided', { code: 'limit-reached', message: 'm', hint: 5, subject: {} }),
      fact('unattributed', { path: 'a', name: 'node', layer: 1 }),
    ],
  );
  assert.deepEqual(inventory.osRelease, { id: 'debian', idLike: [] });
  assert.deepEqual(inventory.undecided[0], { code: 'limit-reached', message: 'm' });
  assert.deepEqual(inventory.unattributed, [{ path: 'a', name: 'node' }]);
  for (const value of [
    { code: 'no-such-code', message: 'm' },
    { code: 'toString', message: 'm' },
    [],
    5,
    null,
  ])
    assert.throws(() => bom([], [fact('undecided', value)]), { code: 'sbom-invalid' });
});
