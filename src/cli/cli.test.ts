import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../image/index.ts';
import { compiled } from '../testing/compiled.ts';
import { testRecord, writeFeed } from '../testing/feeds.ts';
import { makeImage, writeLayout } from '../testing/images.ts';
import { listenHandler } from '../testing/listen.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function setting(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const home = join(folder, 'home');
  const runWith =
    (more: Record<string, string>) =>
    (...args: string[]) =>
      new Promise<Ran>((resolve) => {
        execFile(
          process.execPath,
          [launcher, ...args],
          { env: { PATH: process.env['PATH'], SEAWORTHY_HOME: home, ...more }, maxBuffer: 1 << 28 },
          (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
        );
      });
  const run = runWith({ NODE_COMPILE_CACHE: compiled });
  const root = join(folder, 'root');
  mkdirSync(join(root, 'srv/node_modules/x'), { recursive: true });
  writeFileSync(
    join(root, 'srv/node_modules/x/package.json'),
    JSON.stringify({ name: 'x', version: '1.0.0' }),
  );
  writeFeed(join(folder, 'osv'), 'npm', [
    testRecord('GHSA-x', 'npm', 'x', '2.0.0', {
      aliases: ['CVE-2024-0001'],
      modified: new Date().toISOString(),
      database_specific: { severity: 'HIGH' },
    }),
  ]);
  return { folder, home, root, run, bare: runWith({}), feed: join(folder, 'osv') };
}

test('exit codes: findings leave 0, the threshold gives 1, wrong usage 2, undecided 3, and 1 beats 3', async (t) => {
  const { folder, root, run, feed } = setting(t);
  assert.equal((await run('db', 'update', '--from', feed, '--all', '--no-epss', '--no-kev')).code, 0);
  const target = `dir:${root}`;
  const code = async (...args: string[]) => (await run('scan', target, ...args)).code;
  assert.equal(await code(), 0);
  assert.equal(await code('--fail-on', 'high'), 1);
  assert.equal(
    await code('--fail-on', 'critical,kev'),
    3,
    'nobody knows what KEV says: there is no such source',
  );
  assert.equal(await code('--fail-on', 'critical'), 0);
  assert.equal(await code('--max-db-age', '0'), 3);
  assert.equal(await code('--max-db-age', '0', '--accept', 'database-stale'), 0);
  assert.equal(await code('--max-db-age', '0', '--fail-on', 'high'), 1);
  for (const wrong of [
    ['--fail-on', 'hihg'],
    ['--accept', 'database-stael'],
    ['--format', 'pdf'],
    ['--max-db-age', 'x'],
    ['--nonsense'],
  ])
    assert.equal(await code(...wrong), 2, wrong.join(' '));
  assert.match(
    (await run('scan', target, '--accept', 'database-stael')).stderr,
    /did you mean database-stale\?/,
  );
  assert.equal((await run('scan', `dir:${join(folder, 'nowhere')}`)).code, 2);
  assert.equal((await run('scan')).code, 2);
  assert.equal((await run('scna')).code, 2);
});

test('an empty root, and an image for Windows, are undecided', async (t) => {
  const { folder, run } = setting(t);
  mkdirSync(join(folder, 'empty'));
  const empty = await run('scan', `dir:${join(folder, 'empty')}`);
  assert.equal(empty.code, 3);
  assert.match(empty.stdout, /no-package-evidence/);
  writeLayout(join(folder, 'windows'), [
    { images: [makeImage({ platform: { os: 'windows', architecture: 'amd64' } })] },
  ]);
  const windows = await run(
    'scan',
    `oci:${join(folder, 'windows')}`,
    '--platform',
    'windows/amd64',
    '--format',
    'json',
  );
  assert.equal(windows.code, 3);
  assert.deepEqual(
    JSON.parse(windows.stdout).undecided.map(({ code }: { code: string }) => code),
    ['windows-image'],
  );
});

test('every command has help with an example, and nothing but the answer reaches standard output', async (t) => {
  const { root, run, folder } = setting(t);
  for (const args of [[], ['scan'], ['sbom'], ['db', 'update'], ['db', 'status']]) {
    const help = await run(...args, '--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Examples?:/, args.join(' '));
  }
  const output = join(folder, 'out.json');
  const ran = await run('scan', `dir:${root}`, '--format', 'json', '--output', output);
  assert.deepEqual([ran.stdout, ran.stderr], ['', ''], 'silence where there is no terminal');
  assert.equal(JSON.parse(readFileSync(output, 'utf8')).packages.length, 1);
  assert.equal((await run('sbom', `dir:${root}`, '--format', 'spdx')).code, 0);
  const status = await run('db', 'status', '--format', 'json');
  assert.equal(JSON.parse(status.stdout).isSeed, true);
});

test('everything that is kept lies under the home', async (t) => {
  const { home, root, bare } = setting(t);
  await bare('scan', `dir:${root}`);
  assert.ok(existsSync(join(home, 'database')));
  assert.deepEqual(
    readdirSync(home).filter(
      (name) => !['compiled', 'database', 'results', 'tmp', 'ecosystems-met.json'].includes(name),
    ),
    [],
  );
  const other = join(home, '..', 'other');
  await bare('--home', other, 'scan', `dir:${root}`);
  assert.ok(existsSync(join(other, 'database')));
});

test('db update takes the feeds that this home’s scans have met, when nobody chooses', async (t) => {
  const { folder, root, run, feed } = setting(t);
  writeFeed(feed, 'Go', [testRecord('GO-1', 'Go', 'example.com/a', '1.0.0')]);
  writeFeed(feed, 'Alpine', [testRecord('AL-1', 'Alpine:v3.18', 'a', '1')]);
  const none = await run('db', 'update', '--from', feed, '--no-epss', '--no-kev');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /scan an image first, or choose with --ecosystem NAME or --all/);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/os-release'), 'ID=alpine\nVERSION_ID=3.18.4\n');
  await run('scan', `dir:${root}`);
  const met = await run('db', 'update', '--from', feed, '--no-epss', '--no-kev', '--format', 'json');
  assert.equal(met.code, 0, met.stderr);
  assert.deepEqual(
    JSON.parse(met.stdout)
      .feeds.map(({ name }: { name: string }) => name)
      .sort(),
    ['Alpine', 'npm'],
  );
  assert.ok(existsSync(folder));
});

test('Ctrl-C in the middle of a download ends with 130 and leaves nothing behind', async (t) => {
  const { home } = setting(t);
  const image = makeImage({ layers: [[{ path: 'etc/hello', data: 'hello' }]] });
  const layer = [...image.blobs].find(([digest]) => digest !== digestOf(image.config))![1];
  let asked = () => {};
  const halfWay = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const host = await listenHandler((request, response) => {
    const path = request.url ?? '';
    if (path === '/v2/') response.end('{}');
    else if (path.includes('/manifests/'))
      response.setHeader('content-type', image.descriptor.mediaType).end(image.bytes);
    else if (path.endsWith(digestOf(image.config))) response.end(image.config);
    else {
      response.setHeader('content-length', String(layer.length)).write(layer.subarray(0, 1));
      asked();
    }
  }, t);
  const child = spawn(process.execPath, [launcher, '--home', home, 'scan', `registry:${host}/a:v1`], {
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await halfWay;
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/compiled|database/.test(entry.parentPath),
  );
  assert.deepEqual(left, []);
});
