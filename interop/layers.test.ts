// A layer made by a real builder over a base: what it removes, moves and replaces, against the root that the builder's own
// storage shows; and who brought each package.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { imageOf } from './make.ts';
import { sh } from './peers.ts';
import { scanned } from './seaworthy.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-layers-'));
const base = imageOf('node').layout;
const archive = join(work, 'built.tar');
let merged: string;

before(() => {
  writeFileSync(
    join(work, 'storage.conf'),
    `[storage]\ndriver = "vfs"\nrunroot = "${work}/run"\ngraphroot = "${work}/graph"\n`,
  );
  // One step: podman of Debian 12 wants a history before it builds on what it has built.
  writeFileSync(
    join(work, 'Dockerfile'),
    `FROM localhost/base:v1
RUN dpkg --purge --force-all gpgv && cd /srv/app/node_modules && rm -rf lodash ws/package.json && mkdir -p /srv/two/node_modules && mv minimist /srv/two/node_modules/ && rm -rf express && mkdir express && echo '{"name":"express","version":"9.9.9"}' > express/package.json
`,
  );
  merged = sh(
    `cd "${work}"
    skopeo copy -q "oci:${base}:latest" "docker-archive:base.tar:localhost/base:v1" >&2
    podman load -q -i base.tar >&2
    podman build --isolation chroot --network host --format oci -t localhost/built:v1 . >&2
    podman save -q --format oci-archive -o "${archive}" localhost/built:v1 >&2
    podman image mount localhost/built:v1`,
    { CONTAINERS_STORAGE_CONF: join(work, 'storage.conf') },
  ).trim();
});

after(() => {
  sh('podman image unmount -a >&2 || true', { CONTAINERS_STORAGE_CONF: join(work, 'storage.conf') });
  rmSync(work, { recursive: true, force: true });
});

const sorted = (items: Iterable<string>) => [...items].sort();

test('what the layers leave is what the builder’s own root holds, by us, by dpkg and by file', () => {
  const image = scanned(archive);
  const root = scanned(`dir:${merged}`);
  const keys = (packages: typeof image.packages) =>
    sorted(packages.map(({ purl, location }) => `${purl} ${location}`));
  assert.deepEqual(keys(image.packages), keys(root.packages));
  assert.deepEqual(
    sorted(image.findings.map(({ id, purl, location }) => `${id} ${purl} ${location}`)),
    sorted(root.findings.map(({ id, purl, location }) => `${id} ${purl} ${location}`)),
  );
  const format = '$' + '{Package} $' + '{Version}\\n';
  assert.deepEqual(
    sorted(
      image.packages.filter(({ type }) => type === 'deb').map(({ name, version }) => `${name} ${version}`),
    ),
    sorted(sh(`dpkg-query --admindir="${merged}/var/lib/dpkg" -W -f '${format}'`).trim().split('\n')),
  );
  assert.ok(!image.packages.some(({ name }) => name === 'gpgv' || name === 'lodash' || name === 'ws'));
  assert.ok(!image.findings.some(({ name }) => name === 'lodash' || name === 'ws'));
});

test('the base is proven by its diffIDs, and each package says who brought it', () => {
  const { target, packages, findings } = scanned(archive, '--base', `oci:${base}`);
  assert.deepEqual(target.kind === 'image' ? target.layers.map(({ introducedBy }) => introducedBy) : [], [
    'base',
    'base',
    'app',
  ]);
  assert.deepEqual(
    sorted(
      packages
        .filter(({ introducedBy }) => introducedBy === 'app')
        .map(({ name, location }) => `${name} ${location}`),
    ),
    [
      'express srv/app/node_modules/express/package.json',
      'minimist srv/two/node_modules/minimist/package.json',
    ],
  );
  assert.equal(packages.filter(({ introducedBy }) => introducedBy === 'base').length, packages.length - 2);
  assert.deepEqual(
    sorted(new Set(findings.filter(({ introducedBy }) => introducedBy === 'app').map(({ name }) => name))),
    ['minimist'],
  );
  const stranger = scanned(archive, '--base', `oci:${imageOf('go').layout}`);
  assert.ok(stranger.packages.every(({ introducedBy }) => introducedBy === 'unknown'));
});
