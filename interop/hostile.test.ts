// Images that are wrong on purpose, through the command as it is run: each ends with its own exit code and name, writes
// nothing outside its home, and never shows a part as the whole.
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../src/image/index.ts';
import type { ScanResult } from '../src/scan/index.ts';
import { type MadeImage, makeImage, makeTar, writeLayout } from '../src/testing/images.ts';
import { imageOf } from './make.ts';
import { type Ran, seaworthy } from './seaworthy.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-hostile-'));
after(() => rmSync(work, { recursive: true, force: true }));
const { layout } = imageOf('alpine-3.18.0');

interface Real {
  place: string;
  layer: string;
  config: string;
  manifest: string;
}

/** A copy of a real image that may be spoilt; each has a home of its own, so that nothing is known of it. */
function real(name: string): Real {
  const place = join(work, name);
  cpSync(layout, place, { recursive: true });
  const pathOf = (digest: string) => join(place, 'blobs', digest.replace(':', '/'));
  const { manifests } = JSON.parse(readFileSync(join(place, 'index.json'), 'utf8'));
  const manifest = pathOf(manifests[0].digest);
  const { config, layers } = JSON.parse(readFileSync(manifest, 'utf8'));
  return { place, manifest, config: pathOf(config.digest), layer: pathOf(layers[0].digest) };
}

/** Blobs may be hard links into the kept images: a spoilt one takes the place of the link. */
function spoil(path: string, bytes: Buffer): void {
  rmSync(path);
  writeFileSync(path, bytes);
}

/** Puts a changed document under its new digest, so that only what it says is wrong. */
function rewrite(image: Real, change: (config: { rootfs: { diff_ids: string[] } }) => void): void {
  const put = (document: unknown) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    writeFileSync(join(image.place, 'blobs', digest.replace(':', '/')), bytes);
    return { digest, size: bytes.length };
  };
  const config = JSON.parse(readFileSync(image.config, 'utf8'));
  change(config);
  const manifest = JSON.parse(readFileSync(image.manifest, 'utf8'));
  Object.assign(manifest.config, put(config));
  const index = JSON.parse(readFileSync(join(image.place, 'index.json'), 'utf8'));
  Object.assign(index.manifests[0], put(manifest));
  spoil(join(image.place, 'index.json'), Buffer.from(JSON.stringify(index)));
}

function fresh(name: string, target: string): Ran {
  return seaworthy('--home', join(work, `home-${name}`), 'scan', target, '--format', 'json');
}

function refused(name: string, target: string, code: RegExp): void {
  const ran = fresh(name, target);
  assert.equal(ran.code, 2, ran.stderr);
  assert.equal(ran.stdout, '', 'a part must not be shown');
  assert.match(ran.stderr, code);
  assert.doesNotMatch(ran.stderr, /^\s+at /m, 'an error that is known has no stack');
}

/** A layout of one layer with these bytes, whatever they are. */
function layoutOfLayer(name: string, tar: Buffer, gz = gzipSync(tar)): string {
  const made = makeImage();
  const layer = { ...JSON.parse(made.bytes.toString()).layers[0], digest: digestOf(gz), size: gz.length };
  const config = Buffer.from(
    JSON.stringify({
      ...JSON.parse(made.config.toString()),
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      ...JSON.parse(made.bytes.toString()),
      config: { ...JSON.parse(made.bytes.toString()).config, digest: digestOf(config), size: config.length },
      layers: [layer],
    }),
  );
  const image: MadeImage = {
    ...made,
    bytes,
    config,
    descriptor: { ...made.descriptor, digest: digestOf(bytes), size: bytes.length },
    blobs: new Map([config, gz].map((blob) => [digestOf(blob), blob])),
  };
  writeLayout(join(work, name), [{ tag: 'latest', images: [image] }]);
  return `oci:${join(work, name)}`;
}

const status = 'Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12\n\n';
const debian = [
  { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\n' },
  { path: 'var/lib/dpkg/status', data: status },
];

test('a forged list of diffIDs is exit 2, in a fresh home and in one that knows the layer', () => {
  const image = real('forged');
  assert.equal(fresh('forged', `oci:${layout}`).code, 3);
  rewrite(image, ({ rootfs }) => rootfs.diff_ids.fill(`sha256:${'0'.repeat(64)}`));
  refused('forged', `oci:${image.place}`, /digest-mismatch/);
  refused('forged-fresh', `oci:${image.place}`, /digest-mismatch/);
});

test('more diffIDs than layers, or fewer, is exit 2', () => {
  for (const [name, change] of [
    ['longer', (ids: string[]) => void ids.push(`sha256:${'0'.repeat(64)}`)],
    ['shorter', (ids: string[]) => void ids.pop()],
  ] as const) {
    const image = real(name);
    rewrite(image, ({ rootfs }) => change(rootfs.diff_ids));
    refused(name, `oci:${image.place}`, /not-an-image/);
  }
});

test('one bit of a layer, a config or a manifest turned over is exit 2', () => {
  for (const part of ['layer', 'config', 'manifest'] as const) {
    const image = real(`flipped-${part}`);
    const bytes = readFileSync(image[part]);
    const at = bytes.length >> 1;
    bytes[at] = bytes[at]! ^ 1;
    spoil(image[part], bytes);
    refused(`flipped-${part}`, `oci:${image.place}`, /digest-mismatch/);
  }
});

test('a layer that is cut short is exit 2, whether its size says so or not', () => {
  const image = real('cut');
  const bytes = readFileSync(image.layer);
  spoil(image.layer, bytes.subarray(0, bytes.length - 100));
  refused('cut', `oci:${image.place}`, /layout-invalid|digest-mismatch/);
  const archive = join(work, 'cut.tar');
  writeFileSync(archive, makeTar([{ path: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' }]));
  truncateSync(archive, 700);
  refused('cut-archive', `oci-archive:${archive}`, /archive-invalid|tar-corrupt|layout-invalid/);
});

test('a layer whose maker broke its gzip or its tar is never shown as whole', () => {
  const tar = makeTar(debian);
  const gz = gzipSync(tar);
  for (const [name, target] of [
    ['gzip', layoutOfLayer('broken-gzip', tar, gz.subarray(0, gz.length - 20))],
    ['tar', layoutOfLayer('broken-tar', tar.subarray(0, 520))],
    ['garbage', layoutOfLayer('garbage', Buffer.alloc(5000, 'x'))],
  ] as const) {
    const ran = fresh(`broken-${name}`, target);
    assert.ok(ran.code === 2 || ran.code === 3, `${name}: expected 2 or 3, got ${ran.code}: ${ran.stderr}`);
    if (ran.code === 3)
      assert.ok(
        (JSON.parse(ran.stdout) as ScanResult).undecided.some(
          ({ code }) => code === 'target-partly-unreadable',
        ),
        `${name}: ${ran.stdout.slice(0, 300)}`,
      );
    else assert.match(ran.stderr, /digest-mismatch|layer-corrupt|tar-corrupt/, name);
  }
});

test('names that climb out, absolute names and links out of the tree write nothing and hide nothing', () => {
  const outside = join(work, 'outside');
  mkdirSync(outside);
  const climbing = `${'../'.repeat(40)}${outside.slice(1)}/written`;
  const target = layoutOfLayer(
    'climbing',
    makeTar([
      ...debian,
      { path: climbing, data: 'x' },
      { path: `${outside}/absolute`, data: 'x' },
      { path: 'link', type: '2', linkname: outside },
      { path: 'link/through', data: 'x' },
      { path: 'hard', type: '1', linkname: '../../../../etc/passwd' },
      { path: 'loop', type: '2', linkname: 'loop' },
      { path: 'etc/../../../var/lib/dpkg/status.d/forged', data: 'Package: forged\nVersion: 1\n\n' },
    ]),
  );
  const ran = fresh('climbing', target);
  assert.ok(ran.code === 0 || ran.code === 3, ran.stderr);
  const result = JSON.parse(ran.stdout) as ScanResult;
  assert.deepEqual(
    result.packages.map(({ name, location }) => [name, location]),
    [
      ['base-files', 'var/lib/dpkg/status'],
      // a runtime resolves `..` below the image's root and puts the file there: so it is read there
      ['forged', 'var/lib/dpkg/status.d/forged'],
    ],
  );
  assert.deepEqual(readdirSync(outside), []);
  assert.ok(!existsSync('/written') && !existsSync('/absolute'));
});

test('a link in place of a package database is not followed out of the image', () => {
  const target = layoutOfLayer(
    'linked',
    makeTar([debian[0]!, { path: 'var/lib/dpkg/status', type: '2', linkname: '/var/lib/dpkg/status' }]),
  );
  const ran = fresh('linked', target);
  assert.equal(ran.code, 3, ran.stderr);
  const result = JSON.parse(ran.stdout) as ScanResult;
  assert.deepEqual(result.packages, []);
  assert.ok(result.undecided.some(({ code }) => /no-package-evidence|target-partly-unreadable/.test(code)));
});

test('package databases of garbage are undecided by name, each', () => {
  const garbage = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 197 + (i >> 3)) & 0xff));
  const paths = [
    'var/lib/rpm/rpmdb.sqlite',
    'var/lib/rpm/Packages',
    'usr/lib/sysimage/rpm/Packages.db',
    'lib/apk/db/installed',
    'srv/node_modules/x/package.json',
    'opt/app.jar',
    'opt/app.deps.json',
  ];
  const target = layoutOfLayer(
    'garbage-db',
    makeTar([...debian, ...paths.map((path) => ({ path, data: garbage }))]),
  );
  const ran = fresh('garbage-db', target);
  assert.equal(ran.code, 3, ran.stderr);
  const result = JSON.parse(ran.stdout) as ScanResult;
  const named = new Set(result.undecided.map(({ subject }) => subject));
  assert.deepEqual(
    paths.filter((path) => !named.has(path)),
    [],
    JSON.stringify(result.undecided, null, 1),
  );
});
