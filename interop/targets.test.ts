// One image in every form that real tools write and serve: the same packages and findings from each; and the
// forms that are wrong on purpose.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ScanResult } from '../src/scan/index.ts';
import { imageOf } from './make.ts';
import { sh } from './peers.ts';
import { essence, scanned, seaworthy } from './seaworthy.ts';
import { startRegistry } from './servers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-targets-'));
const { layout } = imageOf('node');
let registry: ChildProcess;
let host: string;

before(async () => {
  ({ host, process: registry } = await startRegistry(work));
});

after(() => {
  registry.kill();
  rmSync(work, { recursive: true, force: true });
});

test('archives of either kind, in every compression that skopeo writes', () => {
  const expected = essence(scanned(`oci:${layout}`));
  for (const [name, target, more] of [
    ['a.oci.tar', 'oci-archive', ''],
    ['a.docker.tar', 'docker-archive', ''],
  ] as const) {
    const file = join(work, name);
    sh(`skopeo copy -q ${more} "oci:${layout}:latest" "${target}:${file}:example.com/app:latest" >&2`);
    assert.deepEqual(essence(scanned(`${target}:${file}`)), expected, target);
    assert.deepEqual(essence(scanned(file)), expected, `${target} recognised by its content`);
    sh(`gzip -1 -k "${file}"`);
    assert.deepEqual(essence(scanned(`${target}:${file}.gz`)), expected, `${target}, gzip`);
  }
  sh(
    `skopeo copy -q --dest-compress-format zstd --dest-compress "oci:${layout}:latest" "oci:${work}/zstd:latest" >&2`,
  );
  assert.deepEqual(essence(scanned(`oci:${work}/zstd:latest`)), expected, 'zstd layers');
});

test('a real registry, by tag and by digest, and known layers are not fetched again', () => {
  sh(`skopeo copy -q --dest-tls-verify=false "oci:${layout}:latest" "docker://${host}/team/app:v1" >&2`);
  const byTag = scanned(`registry:${host}/team/app:v1`);
  assert.equal(byTag.target.from, 'registry');
  assert.deepEqual(essence(byTag), essence(scanned(`oci:${layout}`)));
  assert.deepEqual(essence(scanned(`${host}/team/app@${byTag.target.digest}`)), essence(byTag));
  const missing = seaworthy('scan', `registry:${host}/team/nothing:v1`);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /image-not-found/);
});

test('a layer of the registry that is damaged is exit 2', () => {
  sh(`skopeo copy -q --dest-tls-verify=false "oci:${imageOf('go').layout}:latest" "docker://${host}/team/go:v1" >&2
    for f in $(find "${work}/registry" -name data -size +1M); do printf X | dd of="$f" bs=1 seek=300000 conv=notrunc 2>/dev/null; done`);
  const ran = seaworthy('--home', join(work, 'fresh'), 'scan', `registry:${host}/team/go:v1`);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /digest-mismatch/);
});

test('a root file system gives what the image of it gives', () => {
  const { tree } = imageOf('debian');
  const root = scanned(`dir:${tree}`);
  const image = scanned(`oci:${imageOf('debian').layout}`);
  assert.deepEqual(
    root.packages.map(({ purl }) => purl).sort(),
    image.packages.map(({ purl }) => purl).sort(),
  );
  assert.deepEqual(
    root.findings.map(({ id, purl }) => [id, purl]),
    image.findings.map(({ id, purl }) => [id, purl]),
  );
});

test('a forged list of diffIDs, a cut layer and a bomb end with their own codes', () => {
  const copy = (name: string) => {
    const place = join(work, name);
    cpSync(layout, place, { recursive: true });
    const blobs = join(place, 'blobs', 'sha256');
    const documents = readdirSync(blobs).filter((blob) => readFileSync(join(blobs, blob))[0] === 0x7b);
    const layers = readdirSync(blobs).filter((blob) => !documents.includes(blob));
    return { place, blobs, layers };
  };
  const cut = copy('cut');
  const first = join(cut.blobs, cut.layers[0]!);
  const bytes = readFileSync(first);
  rmSync(first);
  writeFileSync(first, bytes.subarray(0, bytes.length - 1000));
  const ran = seaworthy('--home', join(work, 'fresh-cut'), 'scan', `oci:${cut.place}`);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /layout-invalid/);

  const bomb = join(work, 'bomb');
  sh(`mkdir -p "${bomb}/root"; truncate -s 6G "${bomb}/root/zeros"; tar -C "${bomb}/root" -cf - zeros | gzip -9 > "${bomb}/layer.tar.gz"; rm "${bomb}/root/zeros"
    d=$(sha256sum "${bomb}/layer.tar.gz" | cut -d' ' -f1); mkdir -p "${bomb}/blobs/sha256"; mv "${bomb}/layer.tar.gz" "${bomb}/blobs/sha256/$d"
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$d" > "${bomb}/c"; c=$(sha256sum "${bomb}/c" | cut -d' ' -f1); cs=$(stat -c %s "${bomb}/c"); mv "${bomb}/c" "${bomb}/blobs/sha256/$c"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%s}]}' "$c" "$cs" "$d" "$(stat -c %s "${bomb}/blobs/sha256/$d")" > "${bomb}/m"; m=$(sha256sum "${bomb}/m" | cut -d' ' -f1); ms=$(stat -c %s "${bomb}/m"); mv "${bomb}/m" "${bomb}/blobs/sha256/$m"
    echo '{"imageLayoutVersion":"1.0.0"}' > "${bomb}/oci-layout"
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s}]}' "$m" "$ms" > "${bomb}/index.json"`);
  const burst = seaworthy('scan', `oci:${bomb}`, '--format', 'json');
  assert.equal(burst.code, 3);
  assert.ok((JSON.parse(burst.stdout) as ScanResult).undecided.some(({ code }) => code === 'limit-reached'));
});
