import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MakeImageOptions, makeImage, type TarFile } from '../../testing/images.ts';
import { type BaseOptions, debianLayer, inputOf, linkedProgram, makeApp } from '../../testing/rebases.ts';
import { failedProof, isProven, type Proof, type ProofName, proofNames } from './proof.ts';
import { proveRebase } from './prove.ts';
import type { RebaseInput } from './sides.ts';

interface Case {
  old?: BaseOptions;
  next?: BaseOptions;
  /** Options of the images themselves. */
  oldImage?: MakeImageOptions;
  nextImage?: MakeImageOptions;
  own?: readonly (readonly TarFile[])[];
  app?: MakeImageOptions;
  more?: Pick<RebaseInput, 'permitted' | 'linked'>;
}

const fixed: BaseOptions = { packages: { openssl: '3.0.15-1' } };
const program = linkedProgram('app/server', 'libssl.so.3', 'libc.so.6');
/** History of an application whose own layers were made by these commands. */
const made = (...commands: string[]) => ({
  history: [{ created_by: 'base' }, ...commands.map((created_by) => ({ created_by }))],
});

async function prove({ old = {}, next = fixed, own = [[program]], ...rest }: Case = {}): Promise<Proof[]> {
  const layer = debianLayer(old);
  const oldBase = makeImage({ ...rest.oldImage, layers: [layer] });
  const newBase = makeImage({ ...rest.nextImage, layers: [debianLayer(next)] });
  return proveRebase(await inputOf(makeApp([layer], own, rest.app), oldBase, newBase, rest.more));
}

/** The proof that fails first, and how. */
async function failure(given: Case): Promise<string> {
  const proofs = await prove(given);
  const failed = failedProof(proofs);
  assert.equal(isProven(proofs), failed === undefined);
  return failed === undefined ? 'proven' : `${failed.name} ${failed.holds}: ${failed.text}`;
}

const holds = (proofs: readonly Proof[], name: ProofName) => proofs.find((one) => one.name === name)?.holds;

test('an application that only adds files and needs what the new base has is proven, proof by proof', async () => {
  const proofs = await prove();
  assert.deepEqual(
    proofs.map(({ name }) => name),
    proofNames,
  );
  assert.deepEqual(
    proofs.filter((one) => one.holds !== 'yes'),
    [],
  );
  assert.ok(isProven(proofs));
});

test('a list that lacks a proof proves nothing', async () => {
  const proofs = await prove();
  for (const name of proofNames)
    assert.equal(isProven(proofs.filter((one) => one.name !== name)), false, name);
});

test('a base that is no true prefix of the layers ends the proofs', async () => {
  const other = makeImage({ layers: [debianLayer({ release: '11' })] });
  const base = makeImage({ layers: [debianLayer()] });
  const app = makeApp([debianLayer()], [[program]]);
  const proofs = proveRebase(await inputOf(app, other, base));
  assert.deepEqual(
    proofs.map(({ name, holds: is }) => `${name} ${is}`),
    ['base no'],
  );
  assert.equal(isProven(proofs), false);
});

test('a base without layers is the base of nothing', async () => {
  const empty = makeImage({ layers: [] });
  const app = makeImage({ layers: [[program]] });
  assert.equal(holds(proveRebase(await inputOf(app, empty, empty)), 'base'), 'no');
});

test('a base whose layers were compressed anew is the same base: diffIDs decide', async () => {
  const layer = debianLayer();
  const app = makeApp([layer], [[program]], { compression: 'zstd' });
  const input = await inputOf(
    app,
    makeImage({ layers: [layer] }),
    makeImage({ layers: [debianLayer(fixed)] }),
  );
  assert.ok(isProven(proveRebase(input)));
});

test('another platform, variant or system is refused', async () => {
  const arm = (variant: string) => ({ platform: { os: 'linux', architecture: 'arm', variant } });
  assert.match(
    await failure({ nextImage: { platform: { os: 'linux', architecture: 'arm64' } } }),
    /^platform no: the image is for linux\/amd64, .* the new one for linux\/arm64$/,
  );
  assert.match(
    await failure({ oldImage: arm('v7'), app: arm('v7'), nextImage: arm('v6') }),
    /^platform no: .*arm\/v7.*arm\/v6$/,
  );
  const windows = { platform: { os: 'windows', architecture: 'amd64' } };
  assert.match(
    await failure({ oldImage: windows, app: windows, nextImage: windows }),
    /^platform no: .* only Linux/,
  );
});

test('a layer that may not be given on is refused', async () => {
  const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
  const app = makeApp([debianLayer()], [[program]]);
  const document = JSON.parse(app.bytes.toString());
  document.layers[1].mediaType = foreign;
  assert.match(
    await failure({ app: { manifest: { layers: document.layers } } }),
    /^layers no: a layer of the image cannot be given on/,
  );
});

test('another distribution or another release of it is refused', async () => {
  assert.match(
    await failure({ next: { ...fixed, release: '13' } }),
    /^distribution no: debian 12 became debian 13$/,
  );
  assert.match(
    await failure({ next: { ...fixed, id: 'ubuntu', release: '24.04' } }),
    /^distribution no: debian 12 became ubuntu 24.04$/,
  );
  assert.match(
    await failure({
      old: { id: 'ubuntu', release: '24.04' },
      next: { ...fixed, id: 'ubuntu', release: '24.10' },
    }),
    /^distribution no/,
  );
});

test('a base that has gone back to an older version is refused, by package and by date', async () => {
  assert.match(
    await failure({ next: { packages: { openssl: '3.0.9-1' } } }),
    /^forward no: the new base has gone back to an older version of openssl$/,
  );
  assert.match(
    await failure({
      next: {},
      oldImage: { config: { created: '2026-05-02T00:00:00Z' } },
      nextImage: { config: { created: '2026-04-01T00:00:00Z' } },
    }),
    /^forward no: the new base has gone back to an older version: made 2026-05-02, now 2026-04-01$/,
  );
});

test('a release that went back is refused, releases of two distributions are not compared', async () => {
  const alpine = (release: string) => ({ id: 'alpine', release });
  const proofs = await prove({ old: alpine('3.20.3'), next: { ...fixed, ...alpine('3.20.1') } });
  assert.match(
    proofs.find(({ name }) => name === 'forward')?.text ?? '',
    /older version: 3\.20\.3 → 3\.20\.1$/,
  );
  assert.equal(holds(await prove({ next: { ...fixed, id: 'other', release: '9' } }), 'forward'), 'yes');
});

test('a version that cannot be ordered is unknown, which is not yes', async () => {
  const layer = debianLayer();
  const input = await inputOf(
    makeApp([layer], [[program]]),
    makeImage({ layers: [layer] }),
    makeImage({ layers: [layer] }),
  );
  const { view } = input.newBase;
  const packages = view.inventory.packages.map((item) => ({ ...item, version: `${item.version} ?` }));
  const odd = { ...view, inventory: { ...view.inventory, packages } };
  const proofs = proveRebase({ ...input, newBase: { ...input.newBase, view: odd } });
  assert.equal(holds(proofs, 'forward'), 'unknown');
  assert.equal(isProven(proofs), false);
});

test('another C library, an older one or none is refused', async () => {
  assert.match(await failure({ next: { packages: { libc6: '2.30-1' } } }), /^forward no/);
  const proofs = await prove({ next: { packages: { libc6: '2.30-1' } } });
  assert.equal(holds(proofs, 'libc'), 'no');
  const musl = makeImage({
    layers: [
      [
        { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\n' },
        { path: 'lib/apk/db/installed', data: 'P:musl\nV:1.2.4-r2\nA:x86_64\n\n' },
      ],
    ],
  });
  const layer = debianLayer();
  const input = await inputOf(makeApp([layer], [[]]), makeImage({ layers: [layer] }), musl);
  const found = proveRebase(input).find(({ name }) => name === 'libc');
  assert.equal(found?.text, 'the old base has glibc, the new one musl');
  assert.equal(found?.holds, 'no');
});

test('a library that a program above needs and the new base lacks is named with the program', async () => {
  const old = { libraries: ['libpq.so.5'], packages: { libpq5: '15.1' } };
  const own = [[linkedProgram('app/server', 'libpq.so.5')]];
  const kept = { packages: { ...fixed.packages, libpq5: '15.2' } };
  assert.match(
    await failure({ old, own, next: kept }),
    /^libraries no: the new base has no libpq\.so\.5, needed by app\/server$/,
  );
  assert.equal(await failure({ old, own, next: { ...kept, libraries: ['libpq.so.5'] } }), 'proven');
  const brought = { path: 'app/lib/libpq.so.5', data: linkedProgram('x').data! };
  assert.equal(
    holds(
      await prove({ old, own: [[...own[0]!, { ...brought, data: own[0]![0]!.data! }]], next: kept }),
      'libraries',
    ),
    'yes',
    'the image brings the library itself',
  );
});

test('a program whose interpreter is gone is refused, a static one is not', async () => {
  const old = { files: [{ path: 'opt/ld.so', data: 'x' }] };
  const own = [[{ path: 'app/x', data: linkedProgram('x', 'libc.so.6').data!, mode: 0o755 }]];
  const layer = debianLayer(old);
  const without = debianLayer(fixed).filter(({ path }) => path !== 'lib64');
  const input = await inputOf(
    makeApp([layer], own),
    makeImage({ layers: [layer] }),
    makeImage({ layers: [without] }),
  );
  assert.match(
    proveRebase(input).find(({ name }) => name === 'libraries')?.text ?? '',
    /no \/lib64\/ld-linux-x86-64\.so\.2, the interpreter of app\/x/,
  );
  assert.equal(await failure({ own: [[{ path: 'app/static', data: 'script' }]] }), 'proven');
});

test('a runtime that became another series or is gone is refused', async () => {
  const env = (...entries: string[]) => ({ config: { config: { Env: entries } } });
  const python = (version: string) => env(`PYTHON_VERSION=${version}`);
  assert.match(
    await failure({ oldImage: python('3.11.9'), nextImage: python('3.12.1') }),
    /^runtime no: python 3\.11 became 3\.12$/,
  );
  assert.equal(await failure({ oldImage: python('3.11.9'), nextImage: python('3.11.10') }), 'proven');
  assert.match(
    await failure({ oldImage: env('NODE_VERSION=20.1.0'), nextImage: env() }),
    /^runtime no: node 20 is gone from the new base$/,
  );
  assert.match(
    await failure({ oldImage: env('JAVA_VERSION=jdk-17.0.9+9'), nextImage: env('JAVA_VERSION=21.0.1+12') }),
    /^runtime no: java 17 became 21$/,
  );
});

test('a package database, the linker or its cache written above the base is refused', async () => {
  assert.match(
    await failure({ own: [[{ path: 'var/lib/dpkg/status', data: 'Package: x\n' }]] }),
    /^databases no/,
  );
  assert.match(await failure({ own: [[{ path: 'etc/ld.so.cache', data: 'x' }]] }), /^linker no/);
  assert.match(await failure({ own: [[{ path: 'var/lib/dpkg/.wh.status' }]] }), /^databases no/);
});

test('a package that is gone is refused unless its author answers for it', async () => {
  const old = { packages: { curl: '8' } };
  assert.match(await failure({ old }), /^packages no: the new base no longer has curl$/);
  assert.equal(await failure({ old, app: { labels: { 'dev.seaworthy.rebasable': 'true' } } }), 'proven');
});

test('a package whose every library is still there under another package was renamed', async () => {
  const list = { path: 'var/lib/dpkg/info/libssl3.list', data: '/.\n/usr/lib/libssl.so.3\n' };
  const old = { packages: { libssl3: '3.0.11-1' }, files: [list] };
  const renamed = { packages: { ...fixed.packages, libssl3t64: '3.0.15-1' } };
  assert.equal(await failure({ old, next: renamed }), 'proven');
  const also = { ...list, data: `${list.data}/usr/bin/tool\n` };
  const tool = { path: 'usr/bin/tool', data: linkedProgram('x', 'libc.so.6').data!, mode: 0o755 };
  assert.match(
    await failure({ old: { ...old, files: [also, tool] }, next: renamed }),
    /^packages no/,
    'it had a program',
  );
});

test('what removes, empties or turns around a path of either base is refused', async () => {
  for (const own of [
    [{ path: 'etc/.wh.motd' }],
    [{ path: 'var/.wh.lib' }],
    [{ path: 'etc/.wh..wh..opq' }],
    [{ path: '.wh..wh..opq' }],
    [{ path: 'etc/motd', type: '5' }],
    [{ path: 'lib64/.wh.libc.so.6' }],
  ])
    assert.match(await failure({ own: [own] }), /^removals no/, JSON.stringify(own));
  assert.match(await failure({ own: [[{ path: 'app/.wh.old' }]] }), /^removals unknown/, 'nobody listed it');
  const own = [[{ path: 'app/old', data: 'x' }], [{ path: 'app/.wh.old' }]];
  assert.equal(await failure({ own }), 'proven', 'its own file');
  assert.match(
    await failure({
      own: [[{ path: 'srv/.wh.new' }]],
      next: { ...fixed, files: [{ path: 'srv/new', data: 'x' }] },
    }),
    /^removals no/,
    'a file that only the new base has',
  );
});

test('a file of the base that was copied over stands on any base; one that a command replaced does not', async () => {
  const own = [[{ path: 'etc/motd', data: 'mine' }]];
  assert.match(await failure({ own }), /^overwrites unknown: commands of the build replaced 1 files/);
  assert.match(
    await failure({ own, app: { config: made('RUN /bin/sh -c date > /etc/motd') } }),
    /^overwrites unknown/,
  );
  assert.equal(await failure({ own, app: { config: made('COPY motd /etc/ # buildkit') } }), 'proven');
  assert.equal(
    await failure({ own, app: { config: made('/bin/sh -c #(nop) COPY file:ab in /etc/') } }),
    'proven',
  );
  for (const count of [1, 3])
    assert.match(
      await failure({ own, app: { config: { history: Array(count).fill({ created_by: 'COPY a b' }) } } }),
      /^overwrites unknown/,
      'a history that does not fit the layers says nothing of them',
    );
  assert.equal(await failure({ own, more: { linked: true } }), 'proven');
});

test('a bundle made from what the old base held is refused, accounts are kept while no package is added', async () => {
  const bundle = [[{ path: 'etc/ssl/certs/ca-certificates.crt', data: 'old and mine' }]];
  assert.match(
    await failure({ own: bundle }),
    /^overwrites no: a file above the base was made from what the old base held/,
  );
  const accounts = [[{ path: 'etc/passwd', data: 'root\napp\n' }]];
  assert.equal(await failure({ own: accounts }), 'proven');
  assert.match(
    await failure({ own: accounts, next: { packages: { ...fixed.packages, postfix: '3' } } }),
    /^overwrites unknown: .* accounts/,
  );
});

test('without a word of the author, the policy or the provenance nothing is rebased', async () => {
  const labels = (value: string) => ({ app: { labels: { 'dev.seaworthy.rebasable': value } } });
  assert.match(await failure({ more: {} }), /^consent no: nobody said/);
  assert.equal(await failure({ more: {}, ...labels('true') }), 'proven');
  assert.match(
    await failure({ ...labels('false'), more: { permitted: true, linked: true } }),
    /^consent no: the image says/,
  );
  assert.match(await failure({ ...labels('yes'), more: { permitted: true } }), /^consent unknown/);
  assert.match(
    await failure({ app: { labels: { 'io.buildpacks.rebasable': 'false' } }, more: { permitted: true } }),
    /^consent no/,
  );
});

test('the author’s word waives three proofs and never another', async () => {
  const labels = { 'dev.seaworthy.rebasable': 'true' };
  const old = { packages: { curl: '8' } };
  const own = [[{ path: 'etc/.wh.motd' }, { path: 'etc/ssl/certs/ca-certificates.crt', data: 'x' }]];
  const proofs = await prove({ old, own, app: { labels } });
  assert.deepEqual(
    proofs.filter(({ waived }) => waived !== undefined).map(({ name, holds: is }) => `${name} ${is}`),
    ['packages no', 'removals no', 'overwrites no'],
  );
  assert.ok(isProven(proofs));
  for (const given of [
    {
      own: [
        [{ path: 'var/lib/dpkg/status', data: 'Package: x\nStatus: install ok installed\nVersion: 1\n' }],
      ],
    },
    { own: [[{ path: 'etc/ld.so.cache', data: 'x' }]] },
    { own: [[linkedProgram('a', 'libpq.so.5')]], old: { libraries: ['libpq.so.5'] } },
    { next: { packages: { openssl: '1-1' } } },
    { next: { ...fixed, release: '13' } },
  ])
    assert.notEqual(await failure({ ...given, app: { labels } }), 'proven', JSON.stringify(given));
  const permitted = await prove({ old, own });
  assert.equal(isProven(permitted), false, 'the policy waives nothing');
});

test('a layer that was not read to its end leaves the evidence unknown', async () => {
  const layer = debianLayer();
  const input = await inputOf(
    makeApp([layer], [[program]]),
    makeImage({ layers: [layer] }),
    makeImage({ layers: [debianLayer(fixed)] }),
  );
  const unread = { ...input.app.upper[0]!, bytes: 0 };
  assert.equal(
    holds(proveRebase({ ...input, app: { ...input.app, upper: [unread] } }), 'evidence'),
    'unknown',
  );
  const other = { ...input.app.upper[0]!, diffId: `sha256:${'0'.repeat(64)}` };
  assert.equal(
    holds(proveRebase({ ...input, app: { ...input.app, upper: [other] } }), 'evidence'),
    'unknown',
  );
  assert.equal(holds(proveRebase({ ...input, app: { ...input.app, upper: [] } }), 'evidence'), 'unknown');
});
