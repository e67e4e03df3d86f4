// One small, well-formed file for each form of package database or package file: what damaged copies start from.
import { deflateSync } from 'node:zlib';
import { elfFile } from './elffile.ts';
import { inlineBuildInfo, pointerBuildInfo } from './gobuildinfo.ts';
import { berkeleyOf, ndbOf, type RpmTags, rpmHeader, sqliteOf } from './rpmdatabase.ts';
import { zipOf } from './ziparchive.ts';

export interface CorpusFile {
  /** Name of the extractor that reads it. */
  extractor: string;
  path: string;
  bytes: Buffer;
  /** How many packages the undamaged file holds. */
  packages: number;
}

export const bashTags: RpmTags = {
  1000: 'bash',
  1001: '5.1.8',
  1002: '9.el9',
  1003: 2,
  1011: 'AlmaLinux',
  1022: 'x86_64',
  1030: [0o100755, 0o040755],
  1044: 'bash-5.1.8-9.el9.src.rpm',
  1116: [0, 1],
  1117: ['bash', 'bash'],
  1118: ['/usr/bin/', '/usr/share/doc/'],
  5096: 'shell:5:820:abcdef',
};

/** Long enough for overflow pages in all three forms. */
export const kernelTags: RpmTags = {
  1000: 'kernel-core',
  1001: '5.14.0',
  1002: '503.el9',
  1022: 'x86_64',
  1005: 'x'.repeat(12_000),
};

export const goModules = [
  'path\texample.com/cmd/tool',
  'mod\texample.com/tool\t(devel)\t',
  'dep\tgolang.org/x/text\tv0.3.7\th1:aaa=',
  'dep\tgithub.com/old/lib\tv1.0.0',
  '=>\tgithub.com/new/lib\tv1.0.1\th1:bbb=',
  'build\t-compiler=gc\n',
].join('\n');

export const auditable = {
  packages: [
    { name: 'app', version: '0.1.0', source: 'local', root: true, dependencies: [1] },
    { name: 'serde', version: '1.0.200', source: 'crates.io' },
    { name: 'cc', version: '1.0.90', source: 'crates.io', kind: 'build' },
  ],
};

export const depsJson = {
  runtimeTarget: { name: '.NETCoreApp,Version=v8.0/linux-x64' },
  targets: {
    '.NETCoreApp,Version=v8.0/linux-x64': {
      'app/1.0.0': {},
      'Newtonsoft.Json/12.0.3': {},
      'Only.Compile/1.0.0': { compileOnly: true },
      'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1': {},
    },
  },
  libraries: {
    'app/1.0.0': { type: 'project' },
    'Newtonsoft.Json/12.0.3': { type: 'package' },
    'Only.Compile/1.0.0': { type: 'package' },
    'For.Windows/2.0.0': { type: 'package' },
    'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1': { type: 'runtimepack' },
  },
};

export function properties(group: string, artifact: string, version: string): string {
  return `#Generated\ngroupId=${group}\nartifactId=${artifact}\nversion=${version}\n`;
}

const stanza = [
  'Package: libc6',
  'Status: install ok installed',
  'Source: glibc (2.36-9+deb12u10)',
  'Version: 2.36-9+deb12u10',
  'Architecture: amd64',
  'Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>',
  'Description: GNU C Library',
  ' shared libraries',
  '',
  '',
].join('\n');

/** A jar with a shaded library, and in it a stored and a deflated jar. */
export function nestedJar(): Buffer {
  const inner = zipOf([
    { path: 'META-INF/maven/g/inner/pom.properties', bytes: properties('g', 'inner', '2.0') },
  ]);
  return zipOf([
    { path: 'META-INF/MANIFEST.MF', bytes: 'Manifest-Version: 1.0\r\nImplementation-Version: 1.0\r\n\r\n' },
    { path: 'META-INF/maven/g/app/pom.properties', bytes: properties('g', 'app', '1.0') },
    { path: 'META-INF/maven/h/shaded/pom.properties', bytes: properties('h', 'shaded', '3.1') },
    { path: 'BOOT-INF/lib/inner-2.0.jar', bytes: inner, stored: true },
    { path: 'BOOT-INF/lib/other-2.5.jar', bytes: inner },
  ]);
}

/** Every file of the corpus. */
export function inventoryCorpus(): CorpusFile[] {
  const headers = [rpmHeader(bashTags), rpmHeader(kernelTags)];
  const rust = elfFile({ sections: [{ name: '.dep-v0', bytes: deflateSync(JSON.stringify(auditable)) }] });
  const go = elfFile({
    sections: [{ name: '.go.buildinfo', bytes: inlineBuildInfo('go1.22.1', goModules) }],
  });
  const library = elfFile({
    needed: ['libc.so.6'],
    soname: 'libx.so.1',
    runpath: '$ORIGIN',
    interpreter: '/lib/ld.so',
  });
  const file = (extractor: string, packages: number, path: string, bytes: Buffer | string): CorpusFile => ({
    extractor,
    path,
    bytes: Buffer.from(bytes as string),
    packages,
  });
  return [
    file('os-release', 0, 'etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \\"12\\""\n'),
    file('dpkg', 2, 'var/lib/dpkg/status', stanza + stanza.replace('libc6', 'libc-bin')),
    file('dpkg-files', 0, 'var/lib/dpkg/info/libc6:amd64.list', '/.\n/lib\n/lib/libc.so.6\n'),
    file(
      'apk',
      1,
      'lib/apk/db/installed',
      'P:musl\nV:1.2.4-r0\nA:x86_64\no:musl\nF:lib\nR:libc.musl-x86_64.so.1\n\n',
    ),
    file('rpm', 2, 'var/lib/rpm/Packages', berkeleyOf(headers)),
    file('rpm', 2, 'usr/lib/sysimage/rpm/Packages.db', ndbOf(headers)),
    file('rpm', 2, 'var/lib/rpm/rpmdb.sqlite', sqliteOf(headers, 1024)),
    file(
      'rpm-manifest',
      1,
      'var/lib/rpmmanifest/container-manifest-2',
      'glibc\t2.35-7.cm2\t1\t2\tMicrosoft Corporation\t(none)\t9\tx86_64\t0\tglibc-2.35-7.cm2.src.rpm\n',
    ),
    file(
      'npm',
      1,
      'app/node_modules/@types/node/package.json',
      '{"name": "@types/node", "version": "20.1.0", "x": [{}]}',
    ),
    file(
      'python',
      1,
      'usr/lib/python3/dist-packages/Foo_Bar-1.0.dist-info/METADATA',
      'Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\n\nName: wrong\n',
    ),
    file('java', 5, 'app/app-1.0.jar', nestedJar()),
    file('dotnet', 2, 'app/app.deps.json', JSON.stringify(depsJson)),
    file('go', 4, 'usr/bin/tool', go),
    file('go', 4, 'usr/bin/old', pointerBuildInfo('go1.16.3', goModules, 64, 'little')),
    file('rust', 2, 'usr/bin/app', rust),
    file('executables', 0, 'usr/lib/libx.so.1', library),
  ];
}
