// Other reasons to renew than a base that moved, through the real server, its commands and its API: age, a fix that is
// there already, another policy, a base that was released. On both databases.
import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createAgentApi, readOrder } from '../src/server/contract/index.ts';
import { AzurePipelines } from '../src/testing/azurepipelines.ts';
import { testRecord, writeFeed } from '../src/testing/feeds.ts';
import { Jenkins } from '../src/testing/jenkins.ts';
import { listenHandler } from '../src/testing/listen.ts';
import { type PostgresServer, startPostgres } from './postgresserver.ts';
import { library, type ReasonDay, reasonDay } from './reasonday.ts';
import { eventually } from './serverprocess.ts';

const oneDay = 86_400_000;
let postgres: PostgresServer;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const databases: { dialect: string; place(): string | undefined }[] = [
  { dialect: 'sqlite', place: () => undefined },
  { dialect: 'postgres', place: () => `${postgres.url}?schema=s${randomBytes(8).toString('hex')}` },
];

/** Both services, each with a job that a stand-in builds when it is told to. */
async function pipelines(t: TestContext) {
  const azure = new AzurePipelines({
    parameters: ['renewalId', 'image', 'tag', 'stagingTag', 'base', 'baseDigest', 'platforms'],
    token: 'pat',
    pipeline: 7,
  });
  const jenkins = new Jenkins({
    job: 'job/team/job/app',
    parameters: ['RENEWAL_ID', 'IMAGE', 'TAG', 'STAGING_TAG', 'BASE', 'BASE_DIGEST', 'PLATFORMS'],
    user: 'seaworthy',
    token: 'word',
  });
  const at = async (service: { handler: Parameters<typeof listenHandler>[0] }) =>
    `http://${await listenHandler(service.handler, t)}`;
  const organization = `${await at(azure)}/contoso`;
  const configured = [
    { name: 'azure', azurePipelines: { organization, project: 'shop', pipeline: 7, tokenFile: 'pat' } },
    {
      name: 'jenkins',
      jenkins: { url: await at(jenkins), job: 'team/app', user: 'seaworthy', tokenFile: 'word' },
    },
  ];
  return { azure, jenkins, configured };
}

/** The record as a person reads it. */
const recordOf = (day: ReasonDay, id: string) => day.ask('renewals', id);

for (const { dialect, place } of databases)
  describe(`on ${dialect}`, { concurrency: true }, () => {
    test(`what is older than allowed is rebuilt once by its pipeline, through kills of the server, and then is young (${dialect})`, async (t) => {
      const { azure, jenkins, configured } = await pipelines(t);
      const day = await reasonDay(t, {
        database: place(),
        server: ({ host }) => ({
          advisories: { update: false, maxAge: '3650d' },
          watch: {
            images: ['nightly', 'reproducible', 'young'].map((name) => `${host}/team/${name}:1`),
            ...{ every: '1s', debounce: '1s' },
          },
          renewal: {
            images: [
              { match: `${host}/team/nightly`, pipeline: 'azure', maxAge: '30d' },
              { match: `${host}/team/**`, pipeline: 'jenkins', maxAge: '30d' },
            ],
            pipelines: configured,
          },
        }),
      });
      for (const login of ['pat', 'word']) writeFileSync(join(day.dir, login), login);
      const ago = (days: number) => new Date(Date.now() - days * oneDay);
      const base = await day.pushBase('debian', '1.0');
      const long = ago(45);
      const nightly = await day.pushApp('nightly', { version: '1.0', created: long });
      const reproducible = await day.pushApp('reproducible', { version: '1.0', created: long });
      const made = ago(1);
      const young = await day.pushApp('young', { version: '1.0', created: made });
      const { requests } = day.yard;
      requests.length = 0;

      // both services have their run, the server has neither answer
      const [azureHas, jenkinsHas] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const gone = Promise.all([azureHas.promise, jenkinsHas.promise]).then(() => day.kill());
      azure.started = () => {
        azureHas.resolve();
        return gone;
      };
      jenkins.queued = () => {
        jenkinsHas.resolve();
        return gone;
      };
      await day.start();
      await gone;
      azure.started = () => {};
      jenkins.queued = () => {};
      await day.start();
      jenkins.release();
      await eventually(
        () => 'Jenkins is seen to build',
        async () => {
          const [found] = (await day.renewals()).filter(({ cause }) => cause.includes('reproducible'));
          const text = found && (await day.api().renewal(found.id)).images[0]?.text;
          return text?.startsWith('jenkins: it builds') ? true : undefined;
        },
      );
      await day.kill();

      const { stagingTag, baseDigest } = azure.runs[0]!.templateParameters;
      const { STAGING_TAG, BASE_DIGEST } = jenkins.builds[0]!.parameters;
      assert.deepEqual([baseDigest, BASE_DIGEST], [base, base]);
      const files = [{ path: 'srv/rebuilt', data: 'with what its languages have now' }];
      const built = [
        await day.build('nightly', stagingTag!, { version: '1.0', created: new Date(), files }),
        // dated by its source, as its predecessor was
        await day.build('reproducible', STAGING_TAG!, { version: '1.0', created: long, files }),
      ];
      azure.finish(azure.runs[0]!.id, 'succeeded');
      jenkins.finish(1, 'SUCCESS');
      await day.start();
      const renewals = [
        await day.ended(/team\/nightly:1 is older than 30d/),
        await day.ended(/team\/reproducible:1 is older than 30d/),
      ];
      for (const [at, { id, images }] of renewals.entries()) {
        const [image] = images;
        assert.deepEqual([images.length, image?.means, image?.to], [1, 'rebuild', built[at]]);
        await day.assertRenewed(image!, { from: [nightly, reproducible][at]!, base, requests });
        assert.match(await recordOf(day, id), /team\/\w+:1 is older than 30d\n.*rebuild: no rebase: its/s);
      }

      // the next look at each is when it is old again
      await day.settled();
      const dueAt = async (name: string) => {
        const [job] = (await day.jobs('renewal.age')).filter(({ key }) => key?.endsWith(`/${name}:1`));
        return job?.state === 'waiting' ? Date.parse(job.runAt) : undefined;
      };
      const isDue = async (name: string, from: number) =>
        eventually(
          () => `${name} is looked at when it is 30 days old`,
          async () => {
            const late = ((await dueAt(name)) ?? 0) - (from + 30 * oneDay);
            return late >= -1000 && late < 60_000 ? true : undefined;
          },
        );
      const endOf = (at: number) => Date.parse(renewals[at]!.endedAt!);
      await isDue('nightly', endOf(0));
      await isDue('reproducible', endOf(1));
      await isDue('young', made.getTime());
      await day.kill();
      await day.start();
      await day.settled();
      assert.equal((await day.renewals()).length, 2);
      assert.deepEqual([await day.digest('team/young:1'), azure.violations], [young, []]);
      assert.deepEqual([azure.runs.length, jenkins.builds.length, jenkins.queue.length], [1, 1, 1]);
      await day.assertTrail();
    });

    test(`an advisory that makes the fix in a base matter renews what it touches there, and nothing else (${dialect})`, async (t) => {
      const feed = (dir: string, flaws: readonly [id: string, name: string, fixed: string][]) =>
        writeFeed(
          join(dir, 'osv'),
          'Debian',
          flaws.map(([id, name, fixed]) => {
            const modified = new Date().toISOString();
            const more = { modified, published: modified, aliases: [id] };
            return testRecord(`DSA-${id.slice(-4)}-1`, 'Debian:12', name, fixed, more);
          }),
        );
      const day = await reasonDay(t, {
        database: place(),
        server: ({ host, dir }) => {
          feed(dir, [['CVE-2026-1111', 'elsewhere', '2']]);
          const command = [
            process.execPath,
            '-e',
            'process.exit(require("node:fs").existsSync(process.argv[1]) ? 0 : 1)',
            join(dir, 'mended'),
          ];
          return {
            advisories: { from: join(dir, 'osv'), ecosystems: ['Debian'], every: '1s', maxAge: '3650d' },
            watch: {
              images: ['early', 'late', 'ahead', 'other'].map((name) => `${host}/team/${name}:1`),
              ...{ every: '1s', debounce: '1s' },
            },
            renewal: {
              images: [{ match: `${host}/team/early`, smokeTest: { command } }, { match: `${host}/team/**` }],
            },
          };
        },
      });
      await day.pushBase('debian', '1.0');
      const other = await day.pushBase('other', '1.0');
      const early = await day.pushApp('early', { version: '1.0' });
      const onOther = await day.pushApp('other', { base: 'other', version: '1.0' });
      await day.start();
      await day.settled();
      const base = await day.pushBase('debian', '1.1');
      const moved = await day.ended(/base\/debian:12 moved/);
      assert.deepEqual(
        moved.images.map(({ state, text }) => [state, text]),
        [['stopped', 'smoke test: exit 1']],
      );
      // built on the old base when it had moved already; one brings the library itself
      const late = await day.pushApp('late', { version: '1.0' });
      const ahead = await day.pushApp('ahead', { version: '1.0', files: [library('1.1')] });
      await day.settled();
      assert.equal((await day.renewals()).length, 1, 'an image on an earlier digest is no reason by itself');

      writeFileSync(join(day.dir, 'mended'), '');
      const { requests } = day.yard;
      requests.length = 0;
      feed(day.dir, [
        ['CVE-2026-1111', 'elsewhere', '2'],
        ['CVE-2026-2222', 'libtide', '1.1'],
      ]);
      const renewal = await day.ended(/fix of CVE-2026-2222 became available in .*base\/debian:12/);
      const images = renewal.images.toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
      assert.deepEqual(
        images.map(({ reference }) => reference.split('/').at(-1)),
        ['early:1', 'late:1'],
      );
      for (const [at, image] of images.entries()) {
        await day.assertRenewed(image, { from: [early, late][at]!, base, requests });
        assert.deepEqual(image.before?.named, ['CVE-2026-2222 in libtide1 1.0']);
        assert.deepEqual([image.means, image.after?.named], ['rebase', []]);
      }
      const record = await recordOf(day, renewal.id);
      assert.match(record, /fix of CVE-2026-2222 became available in/);
      assert.match(record, /findings: 1 \w+ → none\n +gone: CVE-2026-2222 in libtide1 1\.0\n/);

      await day.settled();
      assert.equal((await day.renewals()).length, 2);
      assert.deepEqual(
        [await day.digest('team/ahead:1'), await day.digest('team/other:1')],
        [ahead, onOther],
      );
      const { reached } = await day.api().reach('CVE-2026-2222');
      assert.deepEqual(
        [...new Set(reached.map(({ digest }) => digest))].sort(),
        [other, onOther].sort(),
        'the base that has no fix yet, and who stands on it',
      );
      await day.assertTrail();
    });

    test(`another policy lets past what the last one stopped; what came back waits for its release (${dialect})`, async (t) => {
      const day = await reasonDay(t, {
        database: place(),
        server: ({ host, dir }) => {
          writeFeed(join(dir, 'osv'), 'Debian', [testRecord('DSA-1111-1', 'Debian:12', 'elsewhere', '2')]);
          return {
            advisories: { from: join(dir, 'osv'), ecosystems: ['Debian'], every: '1h', maxAge: '3650d' },
            watch: {
              images: [`${host}/team/app:1`, `${host}/team/web:1`],
              ...{ every: '1s', debounce: '1s' },
            },
            renewal: {
              images: [{ match: `${host}/team/web`, rollout: ['production'] }, { match: `${host}/team/**` }],
              targets: [{ name: 'production', cluster: 'production' }],
            },
          };
        },
      });
      const only = (name: string) => ({
        name: `${name}-by-its-team`,
        images: [`${day.yard.host}/team/${name}`],
        signature: { by: ['release'] },
      });
      day.policy([only('app')]);
      await day.pushBase('debian', '1.0');
      await day.pushBase('other', '1.0');
      const app = await day.pushApp('app', { version: '1.0' });
      const web = await day.pushApp('web', { base: 'other', version: '1.0' });
      await day.start();
      await day.settled();
      const orders = await agent(day, t);

      const base = await day.pushBase('debian', '1.1');
      const stopped = await day.ended(/base\/debian:12 moved/);
      assert.equal(stopped.images[0]?.state, 'stopped');
      assert.match(stopped.images[0].text, /app-by-its-team/);
      const other = await day.pushBase('other', '1.1');
      const bad = await orders.answer('returned', 'it crashed');
      const back = await day.ended(/base\/other:12 moved/);
      assert.deepEqual([back.images[0]?.state, back.images[0]?.to], ['returned', bad]);
      assert.equal(await day.digest('team/web:1'), web);
      assert.match(await day.ask('renewals'), /held since .*base\/other:12 at/);
      await day.settled();
      assert.equal((await day.renewals()).length, 2);

      const { requests } = day.yard;
      requests.length = 0;
      day.policy([]);
      const again = await day.ended(/another policy is in force, default/);
      assert.equal(again.images.length, 1);
      await day.assertRenewed(again.images[0]!, { from: app, base, requests });
      assert.match(await recordOf(day, again.id), /is tried again: another policy is in force, default/);
      await day.settled();
      assert.equal((await day.renewals()).length, 3, 'what is held is not tried for another policy');

      requests.length = 0;
      const name = `${day.yard.host}/base/other:12`;
      assert.match(await day.ask('release', name, '--reason', 'the app was mended'), /^released /);
      const good = await orders.answer('done', 'every pod runs it');
      const released = await day.ended(/tried again: released by .*: the app was mended/);
      assert.deepEqual([released.images.length, released.images[0]?.to], [1, good]);
      await day.assertRenewed(released.images[0]!, { from: web, base: other, requests });
      assert.match(await recordOf(day, released.id), /production: done, every pod runs it/);
      await day.settled();
      assert.equal((await day.renewals()).length, 4);
      assert.deepEqual(await day.api().holds(), []);
      await day.assertTrail();
    });
  });

/** A cluster's agent as far as orders go. */
async function agent(day: ReasonDay, t: TestContext) {
  const cluster = 'production';
  const made = await day.ask('token', 'create', 'agent', '--role', 'agent', '--cluster', cluster);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const api = createAgentApi({
    ...{ http: day.yard.http, url: day.url, signal: ending.signal },
    token: () => made,
  });
  return {
    /** Waits for an order, reports what became of it, and gives the digest that it was to roll out. */
    async answer(state: 'done' | 'returned', text: string): Promise<string> {
      const signed = await eventually(
        () => 'an order to the cluster',
        async () => (await api.orders(30))[0],
      );
      const order = readOrder(
        signed,
        createPublicKey(readFileSync(join(day.home, 'orders.pub'))),
        cluster,
        Date.now(),
      );
      await api.report(order.id, { state, text });
      return order.to;
    },
  };
}
