// Tests of the lineage command as a user runs it, against a registry of this process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestOf, makeStatement, mediaTypes } from '../image/index.ts';
import { openLedger } from '../ledger/index.ts';
import { type LineageTables, type Looked, lineageBook, recordSighting } from '../lineage/index.ts';
import { compiled } from '../testing/compiled.ts';
import { type MadeImage, type MakeImageOptions, makeImage } from '../testing/images.ts';
import { newKey, openYard } from '../testing/yard.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));
const layer = (name: string) => [{ path: name, data: name }];
const made = (layers: string, options: MakeImageOptions = {}) =>
  makeImage({ ...options, layers: [...layers].map(layer) });

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function setting(t: TestContext) {
  const yard = await openYard(t);
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-lineage-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = {
    PATH: process.env['PATH'],
    SEAWORTHY_HOME: home,
    DOCKER_CONFIG: folder,
    NODE_COMPILE_CACHE: compiled,
  };
  const run = (...args: string[]) =>
    new Promise<Ran>((resolve) => {
      const all = [launcher, 'lineage', '--platform', 'linux/amd64', ...args];
      execFile(process.execPath, all, { env, cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout: stdout.replaceAll(yard.host, 'R'), stderr }),
      );
    });
  const push = async (name: string, image: MadeImage, tag = '1') =>
    (await yard.push(name, [image], tag)).digest;
  return { yard, folder, home, run, push };
}

test('two levels are shown as a tree, each with its digest and how it is known', async (t) => {
  const { yard, run, push } = await setting(t);
  const debian = await push('debian', made('ab'), '12');
  const labels = { 'org.opencontainers.image.base.name': `${yard.host}/debian:12` };
  const python = await push(
    'python',
    made('abcd', { annotations: { ...labels, 'org.opencontainers.image.base.digest': debian } }),
    '3.11',
  );
  const app = await push(
    'app',
    made('abcdx', {
      annotations: { 'org.opencontainers.image.base.name': `${yard.host}/python:3.11` },
      labels,
    }),
  );
  const { code, stdout, stderr } = await run(`${yard.host}/app:1`);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    `R/app:1
  ${app}  linux/amd64, 5 layers
└─ R/python:3.11
   ${python}  4 of 5 layers, by annotation and its layers
   └─ R/debian:12
      ${debian}  2 of 4 layers, by annotation and its layers
      └─ base unknown: no layers of a base that was seen are its lowest, and it names none
`,
  );
  for (const line of stdout.split('\n').filter((one) => !one.includes('base unknown')))
    assert.ok(line.length <= 130, line);
});

test('a base that moved on is said, and one that lies is not believed', async (t) => {
  const { yard, run, push } = await setting(t);
  const old = await push('debian', made('ab'), '12');
  const annotations = {
    'org.opencontainers.image.base.name': `${yard.host}/debian:12`,
    'org.opencontainers.image.base.digest': old,
  };
  await push('app', made('abx', { annotations }));
  const now = await push('debian', made('AB'), '12');
  const moved = await run(`${yard.host}/app:1`);
  assert.match(moved.stdout, new RegExp(`the tag has moved on to ${now}`));
  await push('liar', made('zx', { annotations }));
  const lied = await run(`${yard.host}/liar:1`);
  assert.equal(lied.code, 3);
  assert.match(lied.stdout, /base unknown: it claims R\/debian:12, whose layers are not its lowest/);
});

test('given bases are compared, and several that fit are all named and none is chosen', async (t) => {
  const { yard, run, push } = await setting(t);
  await push('one', made('ab', { config: { author: '1' } }));
  await push('two', made('ab', { config: { author: '2' } }));
  await push('app', made('abx'));
  const single = await run(`${yard.host}/app:1`, '--base', `${yard.host}/one:1`);
  assert.equal(single.code, 0);
  assert.match(single.stdout, /└─ R\/one:1\n.* 2 of 3 layers, by its layers alone/);
  const both = await run(`${yard.host}/app:1`, '--base', `${yard.host}/one:1,${yard.host}/two:1`);
  assert.equal(both.code, 3);
  assert.match(both.stdout, /base ambiguous[\s\S]*• R\/one:1[\s\S]*• R\/two:1/);
  const missing = await run(`${yard.host}/app:1`, '--base', `${yard.host}/nobody:1`);
  assert.match(missing.stdout, /could not be read:\n {2}R\/nobody:1 could not be read: expected/);
});

test('a Dockerfile and its arguments name the base', async (t) => {
  const { yard, folder, run, push } = await setting(t);
  await push('debian', made('ab'), '12');
  await push('app', made('abx'));
  const text = `ARG R\nARG V=12\nFROM golang AS build\nFROM $R/debian:$V AS final\nCOPY --from=build /a /a\n`;
  writeFileSync(join(folder, 'Dockerfile'), text);
  const open = await run(`${yard.host}/app:1`, '--dockerfile', 'Dockerfile');
  assert.match(open.stdout, /its Dockerfile begins on \$R\/debian:\$V, and nobody gave R a value/);
  const given = await run(
    `${yard.host}/app:1`,
    '--dockerfile',
    'Dockerfile',
    '--build-arg',
    `R=${yard.host}`,
  );
  assert.equal(given.code, 0);
  assert.match(given.stdout, /└─ R\/debian:12\n.*by dockerfile and its layers/);
  assert.equal((await run(`${yard.host}/app:1`, '--dockerfile', 'Dockerfile', '--target', 'x')).code, 2);
  assert.equal((await run(`${yard.host}/app:1`, '--dockerfile', 'Dockerfile', '--build-arg', 'R')).code, 2);
  writeFileSync(join(folder, 'Scratch'), 'FROM scratch\n');
  assert.equal((await run(`${yard.host}/app:1`, '--dockerfile', 'Scratch')).code, 0);
});

/** As BuildKit writes it for `FROM` of an image by this digest. */
const provenance = (uri: string, digest: string) => ({
  buildDefinition: { resolvedDependencies: [{ uri, digest: { sha256: digest.slice(7) } }] },
});

test('provenance in the index, as BuildKit leaves it, and signed beside the image names the base', async (t) => {
  const { yard, run, push } = await setting(t);
  const one = await push('one', made('ab', { config: { author: '1' } }));
  await push('two', made('ab', { config: { author: '2' } }));
  const image = made('abx');
  const predicate = provenance(`pkg:docker/${yard.host}/one@1`, one);
  const statement = makeStatement('x', image.descriptor.digest, 'https://slsa.dev/provenance/v1', predicate);
  const attestation = attestationOf(statement, image.descriptor.digest);
  await yard.push('built', [image, attestation], '1');
  const bases = ['--base', `${yard.host}/one:1,${yard.host}/two:1`];
  const built = await run(`${yard.host}/built:1`, ...bases);
  assert.match(built.stdout, /└─ R\/one:1\n.*by provenance and its layers/, built.stdout);
  const signed = await yard.push('signed', [made('aby')], '1');
  const about = provenance(
    `pkg:docker/${yard.host}/two@1`,
    (await yard.resolve(`${yard.host}/two:1`)).digest,
  );
  await yard.attest(signed, newKey(), 'https://slsa.dev/provenance/v1', about);
  const found = await run(`${yard.host}/signed:1`, ...bases);
  assert.match(found.stdout, /└─ R\/two:1\n.*by provenance and its layers/);
});

function attestationOf(statement: Buffer, about: string): MadeImage {
  const image = makeImage({ layers: [[]], compression: 'none' });
  const blob = {
    mediaType: 'application/vnd.in-toto+json',
    digest: digestOf(statement),
    size: statement.length,
  };
  const config = JSON.parse(image.bytes.toString()).config;
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [blob] }),
  );
  return {
    ...image,
    bytes,
    descriptor: {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(bytes),
      size: bytes.length,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': about,
      },
    },
    blobs: new Map([
      [config.digest, image.config],
      [blob.digest, statement],
    ]),
  };
}

test('bases that a server of this home has seen are compared, though their tag has moved on', async (t) => {
  const { yard, home, run, push } = await setting(t);
  const old = made('ab');
  const digest = await push('debian', old, '12');
  await push('app', made('abx'));
  await push('debian', made('AB'), '12');
  const ledger = await openLedger({ url: `sqlite:${join(home, 'ledger.db')}`, books: [lineageBook] });
  const platforms = [{ digest, manifest: old.bytes, config: old.config }];
  const sighting = { repository: `${yard.host}/debian`, tag: '12', digest, platforms, isBase: true };
  await ledger.write<LineageTables, void>((write) => recordSighting(write, sighting, 1));
  await ledger.close();
  const { code, stdout } = await run(`${yard.host}/app:1`, '--json');
  assert.equal(code, 0);
  const looked = JSON.parse(stdout) as Looked;
  assert.ok(looked.lineage.kind === 'base');
  assert.deepEqual([looked.lineage.references, looked.lineage.digest], [['R/debian:12'], digest]);
  assert.notEqual(looked.moved, undefined);
  assert.equal(looked.base?.digest, digest);
});
