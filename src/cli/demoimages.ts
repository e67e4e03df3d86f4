// The images of the demo, made here from a few lines of real package data: two bases, three applications and a tool.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type ImageMade, imageOf, layerOf, type MadeLayer } from '../image/index.ts';
import { waitingProgram } from './demoprogram.ts';

/** Debian 12's names, versions and sources as its archive had them; the fix is DSA-5497-2. */
const flawed = '1.2.4-0.2';
const fixed = '1.2.4-0.2+deb12u1';
export const demoFlaw = 'CVE-2023-4863';

const osRelease = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
`;

/** Of images and of the first commit: the same everywhere. */
export const created = '2026-11-01T00:00:00Z';
/** What every image runs. */
const program = 'usr/bin/wait-for-end';
const consent = { 'dev.seaworthy.rebasable': 'true' };

function status(packages: readonly [name: string, version: string, source: string][]): string {
  return packages
    .map(
      ([name, version, source]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nSource: ${source}\n\n`,
    )
    .join('');
}

function debian(webp: string): MadeLayer[] {
  return [
    layerOf('debian 12', [
      { path: 'etc/os-release', data: osRelease },
      {
        path: 'var/lib/dpkg/status',
        data: status([
          ['base-files', '12.4+deb12u13', 'base-files'],
          ['libc6', '2.36-9+deb12u14', 'glibc'],
          ['libwebp7', webp, 'libwebp'],
        ]),
      },
      { path: 'var/lib/dpkg/info/base-files.list', data: `/.\n/etc/os-release\n/${program}\n` },
      { path: program, data: waitingProgram(), mode: 0o755 },
    ]),
  ];
}

function python(below: readonly MadeLayer[]): MadeLayer[] {
  return [
    ...below,
    layerOf('COPY python /opt/python', [
      {
        path: 'opt/python/lib/python3.12/site-packages/wheel-0.45.1.dist-info/METADATA',
        data: 'Metadata-Version: 2.1\nName: wheel\nVersion: 0.45.1\n',
      },
    ]),
  ];
}

function app(below: readonly MadeLayer[], path: string, data: string): MadeLayer[] {
  return [...below, layerOf(`COPY ${path} /`, [{ path, data }])];
}

interface Named {
  name: string;
  layers: MadeLayer[];
  base?: string;
}

/** `registry`: where they will lie, for what they say of their base. */
export function demoImages(registry: string): Named[] {
  const old = debian(flawed);
  const named = (name: string) => `${registry}/${name}`;
  return [
    { name: 'debian', layers: old },
    { name: 'debian-fixed', layers: debian(fixed) },
    { name: 'python', layers: python(old), base: named('base/debian:12') },
    {
      name: 'shop',
      layers: app(old, 'srv/shop/index.html', '<h1>Shop</h1>\n'),
      base: named('base/debian:12'),
    },
    { name: 'web', layers: app(old, 'srv/web/index.html', '<h1>Web</h1>\n'), base: named('base/debian:12') },
    {
      name: 'api',
      layers: app(python(old), 'srv/api/main.py', 'print("api")\n'),
      base: named('base/python:3.12'),
    },
    {
      name: 'tools',
      layers: [
        ...old,
        layerOf('RUN apt-get install curl', [
          {
            path: 'var/lib/dpkg/status',
            data: status([
              ['base-files', '12.4+deb12u13', 'base-files'],
              ['curl', '7.88.1-10+deb12u14', 'curl'],
              ['libc6', '2.36-9+deb12u14', 'glibc'],
              ['libwebp7', flawed, 'libwebp'],
            ]),
          },
        ]),
      ],
      base: named('base/debian:12'),
    },
    { name: 'stranger', layers: app(old, 'srv/shop/index.html', '<h1>Not the shop</h1>\n') },
  ];
}

/** Writes each as an OCI layout below `dir`. */
export function writeDemoImages(dir: string, registry: string): void {
  for (const one of demoImages(registry)) writeLayout(join(dir, one.name), imageOfDemo(one));
}

function imageOfDemo({ layers, base }: Named): ImageMade {
  return imageOf({
    layers,
    created,
    config: { Env: ['PATH=/usr/bin:/bin'], Entrypoint: [`/${program}`], User: '65532', Labels: consent },
    ...(base === undefined ? {} : { annotations: { 'org.opencontainers.image.base.name': base } }),
  });
}

function writeLayout(dir: string, { bytes, descriptor, blobs }: ImageMade): void {
  mkdirSync(join(dir, 'blobs', 'sha256'), { recursive: true });
  const put = (blob: Buffer) => writeFileSync(join(dir, 'blobs', ...digestOf(blob).split(':')), blob);
  for (const blob of [bytes, ...blobs.values()]) put(blob);
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
}

export function demoDigest(name: string, registry: string): string {
  const found = demoImages(registry).find((image) => image.name === name);
  if (found === undefined) throw new Error(`no image ${name}`);
  return imageOfDemo(found).descriptor.digest;
}
