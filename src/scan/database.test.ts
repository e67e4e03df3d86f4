import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fixedClock, openHome } from '../core/index.ts';
import { serveDirectory, type TestRecord, testFetch, testRecord, writeFeed } from '../testing/feeds.ts';
import { type DatabaseUpdate, databaseAge, openDatabase, updateDatabase } from './database.ts';

const now = '2026-11-24T00:00:00.000Z';
const day = 86_400_000;

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'database-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const home = openHome(join(folder, 'home'));
  const feeds = join(folder, 'feeds');
  const update = (more: Partial<DatabaseUpdate> = {}) =>
    updateDatabase({
      home,
      from: feeds,
      ecosystems: ['Debian'],
      acceptShrink: [],
      clock: fixedClock(now),
      fetch: testFetch,
      ...more,
    });
  const open = () => {
    const database = openDatabase(home, null)!;
    t.after(() => database.close());
    return database;
  };
  return { folder, home, feeds, update, open };
}

const debian = (count: number, fixed = '1.0'): TestRecord[] =>
  Array.from({ length: count }, (_, n) => testRecord(`DSA-${n}`, 'Debian:12', `package-${n}`, fixed));

const later = { modified: '2026-02-01T00:00:00Z' };
const fixedOf = (rows: { ranges: { events: { version: string }[] }[] }[]) =>
  rows.map((row) => row.ranges[0]!.events[1]!.version);

test('a home without a database has none, and a directory makes one', async (t) => {
  const { feeds, home, update, open } = setUp(t);
  assert.equal(openDatabase(home, null), undefined);
  writeFeed(feeds, 'Debian', debian(3));
  const report = await update();
  assert.deepEqual(report.refused, []);
  const database = open();
  assert.equal(database.isSeed, false);
  assert.equal(database.revision, report.revision);
  assert.deepEqual(JSON.parse(JSON.stringify(database.lookup('Debian:12', 'package-1'))), [
    {
      id: 'DSA-1',
      aliases: [],
      upstream: [],
      related: [],
      ecosystem: 'Debian:12',
      name: 'package-1',
      ranges: [
        {
          type: 'ECOSYSTEM',
          events: [
            { kind: 'introduced', version: '0' },
            { kind: 'fixed', version: '1.0' },
          ],
        },
      ],
      versions: [],
      severity: [],
      modified: '2026-01-02T03:04:05Z',
      url: 'https://osv.dev/vulnerability/DSA-1',
    },
  ]);
  assert.deepEqual(database.lookup('Debian:11', 'package-1'), []);
  assert.deepEqual(database.lookup('Debian', 'package-1'), []);
  assert.deepEqual(database.coverage('Debian:12'), { ecosystem: 'Debian:12', rows: 3, unfixed: false });
  assert.equal(database.coverage('Debian:11'), undefined);
  assert.deepEqual(database.releases('Debian'), ['Debian:12']);
  assert.deepEqual(database.sources(), [
    {
      name: 'Debian',
      from: feeds,
      kind: 'directory',
      records: 3,
      newest: '2026-01-02T03:04:05Z',
      licence: 'not stated',
      unreadable: 0,
      problems: [],
    },
  ]);
});

test('later updates take what changed, and an id that is gone is a removal', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(4));
  const first = await update();
  const again = await update();
  assert.equal(again.revision, first.revision);
  writeFeed(feeds, 'Debian', [
    ...debian(2),
    testRecord('DSA-2', 'Debian:12', 'package-2', '2.0', later),
    testRecord('DSA-9', 'Debian:12', 'package-1', '3.0'),
  ]);
  const report = await update();
  const { added, changed, removed } = report.feeds[0]!;
  assert.deepEqual({ added, changed, removed }, { added: 1, changed: 1, removed: 1 });
  assert.notEqual(report.revision, first.revision);
  const database = open();
  assert.deepEqual(fixedOf(database.lookup('Debian:12', 'package-1')), ['1.0', '3.0']);
  assert.deepEqual(fixedOf(database.lookup('Debian:12', 'package-2')), ['2.0']);
  assert.deepEqual(database.lookup('Debian:12', 'package-3'), []);
  assert.equal(database.coverage('Debian:12')!.rows, 4);
});

test('step by step or at once, the same feeds give the same revision and rows', async (t) => {
  const { feeds, update, open, folder } = setUp(t);
  writeFeed(feeds, 'Debian', debian(6));
  await update();
  const end = [...debian(5).slice(1), testRecord('DSA-9', 'Debian:12', 'package-1', '3.0', later)];
  writeFeed(feeds, 'Debian', end);
  const stepwise = await update();
  const fresh = openHome(join(folder, 'fresh'));
  const atOnce = await update({ home: fresh });
  assert.equal(stepwise.revision, atOnce.revision);
  const other = openDatabase(fresh, null)!;
  t.after(() => other.close());
  for (let n = 0; n < 7; n++)
    assert.deepEqual(
      JSON.stringify(open().lookup('Debian:12', `package-${n}`)),
      JSON.stringify(other.lookup('Debian:12', `package-${n}`)),
    );
});

test('names are looked up as each ecosystem spells them, whatever the record has', async (t) => {
  const { feeds, update, open } = setUp(t);
  const records = {
    PyPI: testRecord('A-1', 'PyPI', 'Foo_Bar.baz', '1'),
    NuGet: testRecord('A-2', 'NuGet', 'Newtonsoft.Json', '1'),
    npm: testRecord('A-3', 'npm', 'JSONStream', '1'),
    Maven: testRecord('A-4', 'Maven', '__proto__:constructor', '1'),
  };
  for (const [name, record] of Object.entries(records)) writeFeed(feeds, name, [record]);
  await update({ ecosystems: Object.keys(records) });
  const database = open();
  assert.equal(database.lookup('PyPI', 'foo-bar--BAZ')[0]?.name, 'Foo_Bar.baz');
  assert.equal(database.lookup('NuGet', 'newtonsoft.json')[0]?.name, 'Newtonsoft.Json');
  assert.equal(database.lookup('npm', 'JSONStream').length, 1);
  assert.equal(database.lookup('npm', 'jsonstream').length, 0);
  assert.equal(database.lookup('Maven', '__proto__:constructor').length, 1);
  assert.equal(database.lookup('__proto__', 'x').length, 0);
});

test('aliases are followed through every feed, and nothing else is', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Go', [testRecord('GO-1', 'Go', 'a', '1', { aliases: ['CVE-2024-0001', 'GHSA-1'] })]);
  writeFeed(feeds, 'npm', [
    testRecord('GHSA-1', 'npm', 'a', '1', { aliases: ['X-1'], related: ['CVE-2024-0002'] }),
    testRecord('GHSA-2', 'npm', 'a', '1', { upstream: ['CVE-2024-0001'] }),
    testRecord('GHSA-3', 'npm', 'a', '1', { aliases: ['CVE-2024-0001'], withdrawn: '2026-01-01T00:00:00Z' }),
  ]);
  await update({ ecosystems: ['Go', 'npm'] });
  const database = open();
  const flaw = ['CVE-2024-0001', 'GHSA-1', 'GO-1', 'X-1'];
  for (const id of flaw) assert.deepEqual(database.aliasesOf(id).sort(), flaw);
  assert.deepEqual(database.aliasesOf('GHSA-2'), ['GHSA-2']);
  assert.deepEqual(database.aliasesOf('nothing'), ['nothing']);
  assert.deepEqual(
    ['GHSA-2', 'GO-1', 'CVE-2024-0001', 'nothing'].map((id) => database.has(id)),
    [true, true, false, false],
  );
  assert.equal(database.lookup('npm', 'a').length, 2, 'withdrawn records are left out');
});

test('severities of a CVE come from every record that tells one, with whose it is', async (t) => {
  const { feeds, update, open } = setUp(t);
  const cve = 'CVE-2024-0001';
  const severity = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }];
  writeFeed(feeds, 'npm', [
    testRecord('GHSA-1', 'npm', 'a', '1', {
      aliases: [cve],
      severity,
      database_specific: { severity: 'HIGH' },
    }),
    testRecord('GHSA-2', 'npm', 'a', '1', { related: [cve], severity }),
    testRecord(cve, 'npm', 'a', '1', { severity }),
  ]);
  writeFeed(feeds, 'AlmaLinux', [
    testRecord('ALSA-1', 'AlmaLinux:9', 'a', '1', {
      related: [cve],
      summary: 'Important: a security update',
    }),
  ]);
  writeFeed(feeds, 'Debian', [testRecord('DSA-1', 'Debian:12', 'a', '1', { upstream: [cve] })]);
  await update({ ecosystems: ['npm', 'AlmaLinux', 'Debian'] });
  assert.deepEqual(open().severitiesOf(cve), [
    { id: 'ALSA-1', severity: [], summary: 'Important: a security update' },
    { id: cve, severity },
    { id: 'GHSA-1', severity, databaseSeverity: 'HIGH' },
  ]);
});

test('a malformed record is counted, named, and shows on the packages it names until it is well', async (t) => {
  const { feeds, update, open } = setUp(t);
  const good = testRecord('DSA-1', 'Debian:12', 'good', '1');
  const bad = {
    ...testRecord('DSA-2', 'Debian:12', 'bad', '1'),
    affected: { package: { ecosystem: 'Debian:12', name: 'bad' } },
  };
  writeFeed(feeds, 'Debian', [good, bad]);
  const report = await update();
  assert.deepEqual(report.feeds[0]!.problems, [{ id: 'DSA-2', reason: 'affected is not a list' }]);
  assert.equal(open().lookup('Debian:12', 'bad')[0]?.unreadable, 'affected is not a list');
  assert.equal((await update()).feeds[0]!.unreadable, 1);
  writeFeed(feeds, 'Debian', [good, testRecord('DSA-2', 'Debian:12', 'bad', '1', later)]);
  assert.equal((await update()).feeds[0]!.unreadable, 0);
  assert.equal(open().lookup('Debian:12', 'bad')[0]?.unreadable, undefined);
});

test('a feed holds rows of its own ecosystem only, so that no other one looks covered', async (t) => {
  const { feeds, update, open } = setUp(t);
  const both = testRecord('GHSA-1', 'npm', 'a', '1');
  both['affected'] = [
    ...(both['affected'] as object[]),
    ...(testRecord('x', 'PyPI', 'a', '1')['affected'] as object[]),
  ];
  writeFeed(feeds, 'npm', [both]);
  writeFeed(feeds, 'PyPI', [both]);
  await update({ ecosystems: ['npm'] });
  assert.equal(open().coverage('PyPI'), undefined);
  await update({ ecosystems: ['npm', 'PyPI'] });
  assert.equal(open().lookup('PyPI', 'a').length, 1);
  assert.equal(open().lookup('npm', 'a').length, 1);
});

test('a feed that lost half its records is refused by name, and the others go on', async (t) => {
  const { feeds, update, open } = setUp(t);
  const ecosystems = ['Debian', 'npm'];
  writeFeed(feeds, 'Debian', debian(10));
  writeFeed(feeds, 'npm', [testRecord('GHSA-1', 'npm', 'a', '1')]);
  await update({ ecosystems });
  writeFeed(feeds, 'Debian', debian(5));
  writeFeed(feeds, 'npm', [testRecord('GHSA-1', 'npm', 'a', '2', later)]);
  const report = await update({ ecosystems });
  assert.deepEqual(
    report.refused.map(({ name, fault }) => [name, fault.code]),
    [['Debian', 'feed-shrunk']],
  );
  assert.equal(open().lookup('Debian:12', 'package-9').length, 1);
  assert.deepEqual(fixedOf(open().lookup('npm', 'a')), ['2']);
  await update({ ecosystems, acceptShrink: ['Debian'] });
  assert.equal(open().lookup('Debian:12', 'package-9').length, 0);
});

test('a truncated archive, a damaged one and a wrong list leave the feed as it was', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(10));
  const { revision } = await update();
  const archive = join(feeds, 'Debian', 'all.zip');
  const list = join(feeds, 'Debian', 'modified_id.csv');
  const damage: [file: string, change: (bytes: Buffer) => Buffer | string][] = [
    [archive, (bytes) => bytes.subarray(0, bytes.length - 30)],
    [archive, (bytes) => bytes.subarray(0, bytes.length / 2)],
    [archive, (bytes) => bytes.fill(0x55, 40, 60)],
    [archive, () => ''],
    [list, (bytes) => `${bytes}<html>`],
    [list, (bytes) => bytes.subarray(0, bytes.length - 3)],
    [list, () => ''],
  ];
  for (const [file, change] of damage) {
    writeFeed(
      feeds,
      'Debian',
      debian(10, '2.0').map((record) => ({ ...record, ...later })),
    );
    writeFileSync(file, change(readFileSync(file)));
    const report = await update();
    assert.deepEqual(
      report.refused.map((r) => r.fault.code),
      ['feed-unreadable'],
      file,
    );
    assert.equal(report.revision, revision);
    assert.deepEqual(fixedOf(open().lookup('Debian:12', 'package-9')), ['1.0']);
  }
});

test('by URL, an unchanged feed costs one question, a small change its records, a first run the archive', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(10));
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  const asked = async (clock = fixedClock(now)) => {
    server.requests.length = 0;
    const report = await update({ from: server.url, clock });
    assert.deepEqual(report.refused, []);
    return server.requests.slice();
  };
  assert.deepEqual(await asked(), ['200 Debian/modified_id.csv', '200 Debian/all.zip']);
  assert.equal(databaseAge(open().sources()[0]!, fixedClock('2026-11-25T00:00:00Z')), day);
  assert.deepEqual(await asked(fixedClock('2026-11-26T00:00:00Z')), ['304 Debian/modified_id.csv']);
  assert.equal(databaseAge(open().sources()[0]!, fixedClock('2026-11-27T00:00:00Z')), day);
  writeFeed(feeds, 'Debian', [...debian(9), testRecord('DSA-9', 'Debian:12', 'package-9', '2.0', later)]);
  assert.deepEqual(await asked(), ['200 Debian/modified_id.csv', '200 Debian/DSA-9.json']);
  assert.deepEqual(fixedOf(open().lookup('Debian:12', 'package-9')), ['2.0']);
});

test('a record that is listed but not there is named, kept as it was and asked for again', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(10));
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  await update({ from: server.url });
  writeFeed(feeds, 'Debian', [...debian(9), testRecord('DSA-9', 'Debian:12', 'package-9', '2.0', later)]);
  const record = join(feeds, 'Debian', 'DSA-9.json');
  copyFileSync(record, `${record}.kept`);
  rmSync(record);
  assert.deepEqual((await update({ from: server.url })).feeds[0]!.missing, ['DSA-9']);
  assert.deepEqual(fixedOf(open().lookup('Debian:12', 'package-9')), ['1.0']);
  copyFileSync(`${record}.kept`, record);
  assert.equal((await update({ from: server.url })).feeds[0]!.changed, 1);
});

test('what cannot be fetched is refused by name; credentials in a URL are in no message and no source', async (t) => {
  const { feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(1));
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  const from = server.url.replace('//', '//user:secret@');
  const fetch: typeof testFetch = (url, init) => testFetch(url.replace('user:secret@', ''), init);
  const report = await update({ from, fetch, ecosystems: ['Debian', 'npm'] });
  assert.deepEqual(
    report.refused.map((r) => [r.name, r.fault.code]),
    [['npm', 'feed-unreachable']],
  );
  assert.doesNotMatch(report.refused[0]!.fault.message + JSON.stringify(open().sources()), /secret/);
  await assert.rejects(update({ ecosystems: ['../../etc'] }), { code: 'feed-unknown' });
});

test('an answer that ends early is no answer', async (t) => {
  const { feeds, update } = setUp(t);
  writeFeed(feeds, 'Debian', debian(10));
  const list = readFileSync(join(feeds, 'Debian', 'modified_id.csv'));
  const half = list.subarray(0, list.indexOf('\n', list.length / 2) + 1);
  const fetch: typeof testFetch = async () => ({
    status: 200,
    headers: new Headers({ 'content-length': String(list.length) }),
    body: (async function* () {
      yield half;
    })(),
  });
  const report = await update({ from: 'http://feeds.test', fetch });
  assert.equal(report.refused[0]!.fault.code, 'feed-unreachable');
});

test('EPSS and KEV are taken whole, asked for by their validators, and refused when they shrink', async (t) => {
  const { folder, feeds, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(1));
  const scores = (count: number, score: string) =>
    gzipSync(
      `#model_version:v1,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n${Array.from({ length: count }, (_, n) => `CVE-2024-${1000 + n},${score},0.5\n`).join('')}`,
    );
  const kev = JSON.stringify({
    dateReleased: '2026-08-16T00:00:00Z',
    vulnerabilities: [
      { cveID: 'CVE-2024-1001', dateAdded: '2024-05-06', knownRansomwareCampaignUse: 'Known' },
    ],
  });
  writeFileSync(join(feeds, 'epss.csv.gz'), scores(10, '0.25'));
  writeFileSync(join(feeds, 'kev.json'), kev);
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  const sources = { epss: `${server.url}/epss.csv.gz`, kev: `${server.url}/kev.json` };
  await update(sources);
  assert.deepEqual(open().cve('CVE-2024-1001'), {
    epss: 0.25,
    kev: { added: '2024-05-06', ransomware: true },
  });
  assert.deepEqual(open().cve('CVE-2024-2000'), {});
  assert.deepEqual(open().cve('GHSA-1'), {});
  server.requests.length = 0;
  assert.equal((await update(sources)).scores[0]!.records, undefined);
  assert.deepEqual(server.requests, ['304 epss.csv.gz', '304 kev.json']);
  writeFileSync(join(feeds, 'epss.csv.gz'), scores(5, '0.5'));
  assert.deepEqual(
    (await update(sources)).refused.map((r) => [r.name, r.fault.code]),
    [['EPSS', 'feed-shrunk']],
  );
  await update({ ...sources, acceptShrink: ['EPSS'] });
  assert.equal(open().cve('CVE-2024-1001').epss, 0.5);
  assert.equal(open().cve('CVE-2024-1009').epss, undefined);
  writeFileSync(join(folder, 'plain.csv'), '#score_date:2026-08-17\ncve,epss\nCVE-2024-1001,0.75,1\n');
  await update({ epss: join(folder, 'plain.csv'), acceptShrink: ['EPSS'] });
  assert.equal(open().cve('CVE-2024-1001').epss, 0.75);
});

test('one updater at a time: a second one is told so at once', async (t) => {
  const { feeds, update } = setUp(t);
  writeFeed(feeds, 'Debian', debian(1));
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  let second: Promise<unknown> | undefined;
  const fetch: typeof testFetch = async (url, init) => {
    second ??= update().then(
      () => 'updated',
      (error) => error.code,
    );
    assert.equal(await second, 'update-locked');
    return testFetch(url, init);
  };
  assert.deepEqual((await update({ from: server.url, fetch })).refused, []);
});

test('an updater killed anywhere leaves the old database, and the next one cleans up after it', async (t) => {
  const { feeds, home, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(10));
  writeFeed(feeds, 'npm', [testRecord('GHSA-1', 'npm', 'a', '1')]);
  const ecosystems = ['Debian', 'npm'];
  const { revision } = await update({ ecosystems });
  const server = await serveDirectory(feeds);
  t.after(() => server.close());
  writeFeed(feeds, 'Debian', debian(900, '2.0'));
  for (const point of ['ask 1', 'ask 2', 'ask 3', 'read 2', 'vacuum']) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', killedUpdater], {
      env: { ...process.env, POINT: point, HOME_DIR: home.root, FROM: server.url, MODULES: import.meta.url },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL', point);
    assert.equal(open().revision, revision, point);
    assert.equal(open().lookup('Debian:12', 'package-9').length, 1);
    assert.notDeepEqual(filesOf(home.dir('database')), ['advisories.db', 'advisories.db.lock'], point);
  }
  const report = await update({ from: server.url, ecosystems });
  assert.equal(report.feeds[0]!.added, 890);
  assert.deepEqual(filesOf(home.dir('database')), ['advisories.db', 'advisories.db.lock']);
});

const filesOf = (folder: string) => readdirSync(folder).sort();

/** Ends itself at a question, in the middle of an answer, or when the new file is all but done. */
const killedUpdater = `
  const { POINT, HOME_DIR, FROM, MODULES } = process.env;
  const load = (path) => import(new URL(path, MODULES));
  const { updateDatabase } = await load('./database.ts');
  const { openHome, fixedClock } = await load('../core/index.ts');
  const { testFetch } = await load('../testing/feeds.ts');
  const { DatabaseSync } = await import('node:sqlite');
  const kill = () => process.kill(process.pid, 'SIGKILL');
  let asked = 0;
  const fetch = async (url, init) => {
    if (POINT === 'ask ' + ++asked) kill();
    const answer = await testFetch(url, init);
    if (POINT !== 'read ' + asked) return answer;
    return { ...answer, status: answer.status, headers: answer.headers, body: (async function* () {
      for await (const part of answer.body) { yield part.subarray(0, 10); kill(); }
    })() };
  };
  if (POINT === 'vacuum') {
    const prepare = DatabaseSync.prototype.prepare;
    DatabaseSync.prototype.prepare = function (sql) { if (sql.includes('freelist')) kill(); return prepare.call(this, sql); };
  }
  await updateDatabase({ home: openHome(HOME_DIR), from: FROM, ecosystems: ['Debian', 'npm'], acceptShrink: [],
    clock: fixedClock('2026-11-24T00:00:00Z'), fetch });
`;

test('many readers see one state or another while the database is updated, never a mixture', async (t) => {
  const { feeds, home, update } = setUp(t);
  const state = (n: number) =>
    debian(50, `${n}.0`).map((record) => ({
      ...record,
      modified: `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`,
    }));
  writeFeed(feeds, 'Debian', state(1));
  await update();
  const readers = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', reader], {
      env: { ...process.env, HOME_DIR: home.root, MODULES: import.meta.url },
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const outputs = readers.map(async (child) => {
    let text = '';
    for await (const part of child.stdout) text += part;
    return text;
  });
  for (let n = 2; n <= 12; n++) {
    writeFeed(feeds, 'Debian', state(n));
    await update();
  }
  for (const child of readers) child.stdin.end();
  for (const output of await Promise.all(outputs)) assert.match(output, /^[1-9]\d* reads, 0 mixed\n$/);
});

/** Reads all rows of one opening after another until its input ends, and counts openings with unlike rows. */
const reader = `
  const { HOME_DIR, MODULES } = process.env;
  const { openDatabase } = await import(new URL('./database.ts', MODULES));
  const { openHome } = await import(new URL('../core/index.ts', MODULES));
  const home = openHome(HOME_DIR);
  let reads = 0, mixed = 0, ended = false;
  process.stdin.on('end', () => { ended = true; }).resume();
  while (!ended || reads === 0) {
    const database = openDatabase(home, null);
    const seen = new Set();
    for (let n = 0; n < 50; n++) {
      const rows = database.lookup('Debian:12', 'package-' + n);
      seen.add(rows.length + rows[0].ranges[0].events[1].version);
      await new Promise(setImmediate);
    }
    database.close();
    reads++;
    if (seen.size !== 1) mixed++;
  }
  console.log(reads + ' reads, ' + mixed + ' mixed');
`;

test('a database that is damaged is a fault to read and is built anew by an update', async (t) => {
  const { feeds, home, update, open } = setUp(t);
  writeFeed(feeds, 'Debian', debian(3));
  writeFileSync(
    join(home.dir('database'), 'advisories.db'),
    'not a database, but long enough to look at'.repeat(100),
  );
  assert.throws(() => openDatabase(home, null), { code: 'database-unreadable' });
  await update();
  assert.equal(open().lookup('Debian:12', 'package-1').length, 1);
});

test('a database file with overwritten pages answers or says that it is damaged', async (t) => {
  const { feeds, home, update } = setUp(t);
  writeFeed(feeds, 'Debian', debian(200));
  await update();
  const path = join(home.dir('database'), 'advisories.db');
  const whole = readFileSync(path);
  let damaged = 0;
  for (let at = 0; at < whole.length; at += 1024) {
    writeFileSync(path, Buffer.from(whole).fill(0x99, at, at + 700));
    try {
      const database = openDatabase(home, null);
      try {
        for (let n = 0; n < 200; n++) database?.lookup('Debian:12', `package-${n}`);
        database?.sources();
        database?.aliasesOf('DSA-1');
      } finally {
        database?.close();
      }
    } catch (error) {
      assert.equal((error as { code: string }).code, 'database-unreadable', String(error));
      damaged++;
    }
  }
  assert.ok(damaged > 5, `${damaged}`);
});

test('the seed opens without a network, says what it is, and gives way to the home’s own database', async (t) => {
  const { feeds, home, update } = setUp(t);
  const seed = openDatabase(home)!;
  assert.ok(seed.isSeed);
  const sources = seed.sources();
  assert.deepEqual(
    sources.map((s) => s.name),
    ['AlmaLinux', 'Alpine', 'Debian', 'EPSS', 'Go', 'KEV', 'Maven', 'NuGet', 'PyPI', 'crates.io', 'npm'],
  );
  for (const source of sources) {
    assert.equal(source.kind, 'seed');
    assert.equal(source.checked, undefined);
    assert.ok(databaseAge(source, fixedClock('2100-01-01T00:00:00Z'))! > 365 * day, source.name);
  }
  assert.deepEqual(seed.releases('Debian'), ['Debian:12']);
  assert.deepEqual(seed.releases('AlmaLinux'), ['AlmaLinux:10', 'AlmaLinux:9']);
  assert.ok(seed.lookup('Debian:12', 'openssl').length > 10);
  assert.ok(seed.cve('CVE-2021-44228').kev !== undefined);
  seed.close();
  assert.equal(filesOf(home.dir('database')).filter((name) => name.startsWith('seed-')).length, 1);
  writeFeed(feeds, 'Debian', debian(1));
  await update();
  const own = openDatabase(home)!;
  assert.equal(own.isSeed, false);
  own.close();
});
