// The server on bad days: killed at every step of a renewal, its registry or database away, manifests purged under it.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseJson } from '../src/core/index.ts';
import { type BadDay, badDay } from './badday.ts';
import { root } from './peers.ts';
import { startPostgres } from './postgresserver.ts';
import { eventually } from './serverprocess.ts';
import { assertTrail, signedDigests } from './traces.ts';

const app = 'team/debian-app';

/** What has to hold of a renewal, whatever happened while it ran: of the place as a stranger finds it. */
async function assertWhole(day: BadDay, from: string, base: string): Promise<string> {
  const { host, http } = day.yard;
  const to = await day.digest(`${app}:1`);
  assert.notEqual(to, from);
  const manifest = async (reference: string) => {
    const url = `http://${host}/v2/${app}/manifests/${reference}`;
    const answer = await http.request({ url, headers: { accept: '*/*' } });
    assert.equal(answer.status, 200, reference);
    return parseJson((await answer.bytes(1 << 20)).toString()) as Record<string, unknown>;
  };
  const { annotations } = await manifest(to);
  assert.equal((annotations as Record<string, string>)['org.opencontainers.image.base.digest'], base);
  assert.equal(await day.digest(`${app}:keep-${from.replace(':', '-')}`), from);
  const verify = ['verify', `${host}/${app}@${to}`, '--key', day.publicKey, '--home', day.home];
  await promisify(execFile)(process.execPath, [join(root, 'bin/seaworthy.cjs'), ...verify]);
  return to;
}

/** Requests of one renewal in their order; `lost`: the registry did it, and its answer is lost. */
const points: { step: string; request: RegExp; lost?: true }[] = [
  { step: 'waiting', request: /^GET \/v2\/base\/debian\/manifests\/12/ },
  { step: 'making', request: new RegExp(`^POST /v2/${app}/blobs/uploads/`) },
  { step: 'making', request: new RegExp(`^PUT /v2/${app}/blobs/uploads/`), lost: true },
  { step: 'making', request: new RegExp(`^PUT /v2/${app}/manifests/seaworthy-`) },
  { step: 'making', request: new RegExp(`^PUT /v2/${app}/manifests/seaworthy-`), lost: true },
  { step: 'scanning', request: new RegExp(`^GET /v2/${app}/manifests/sha256:`) },
  { step: 'judging', request: new RegExp(`^GET /v2/${app}/referrers/`) },
  { step: 'signing', request: new RegExp(`^PUT /v2/${app}/manifests/sha256:`) },
  { step: 'signing', request: new RegExp(`^PUT /v2/${app}/manifests/sha256:`), lost: true },
  { step: 'checking', request: new RegExp(`^GET /v2/${app}/referrers/`), lost: true },
  { step: 'tagging', request: new RegExp(`^PUT /v2/${app}/manifests/keep-`) },
  { step: 'tagging', request: new RegExp(`^PUT /v2/${app}/manifests/keep-`), lost: true },
  { step: 'tagging', request: new RegExp(`^PUT /v2/${app}/manifests/1$`) },
  { step: 'tagging', request: new RegExp(`^PUT /v2/${app}/manifests/1$`), lost: true },
];

/** Kills the server at the next request of that kind; resolves when it is gone. */
function killedAt(day: BadDay, { request: wanted, lost }: (typeof points)[number]): Promise<void> {
  return new Promise((resolve, reject) => {
    day.yard.meddle((request, reply) => {
      if (!wanted.test(`${request.method} ${request.url}`)) return undefined;
      day.yard.meddle(undefined);
      if (lost === undefined) {
        const gone = day.kill();
        gone.then(resolve, reject);
        reply.hijack();
        gone.then(() => request.raw.destroy(), reject);
        return reply;
      }
      const { end } = reply.raw;
      reply.raw.end = ((...parts: Parameters<typeof end>) => {
        const gone = day.kill();
        gone.then(resolve, reject);
        return end.apply(reply.raw, parts);
      }) as typeof end;
      return undefined;
    });
  });
}

test('a server that is killed at every step of a renewal ends it, once', async (t) => {
  const day = await badDay(t);
  const from = await day.digest(`${app}:1`);
  const base = await day.pushBase('2');
  day.yard.requests.length = 0;
  const ended = day.over(base);
  for (const point of points) {
    const gone = killedAt(day, point).then(() => undefined);
    const over = await Promise.race([gone, ended]);
    assert.equal(over, undefined, `the renewal was over before ${point.step} ${point.request}`);
    await day.start();
  }
  const { state } = await ended;
  assert.equal(state, 'done', day.said());
  const requests = [...day.yard.requests];
  const to = await assertWhole(day, from, base);
  assert.deepEqual(await signedDigests(day.yard, app, requests), [to]);
  const onto = (await day.renewals()).filter(({ digest }) => digest === base);
  assert.deepEqual(
    onto.map((one) => one.state),
    ['done'],
    JSON.stringify(onto),
  );
  t.diagnostic(
    `${points.length} kills; ${requests.filter((line) => line.startsWith(`PUT /v2/${app}/manifests/1`)).length} times the tag was put`,
  );
  await day.stop();
  await assertTrail(t, `sqlite:${day.home}/ledger.db`);
});

test('a registry that refuses and cuts for a while in the middle of a renewal gets its image all the same', async (t) => {
  const day = await badDay(t);
  const from = await day.digest(`${app}:1`);
  const base = await day.pushBase('2');
  let refused = 0;
  day.yard.meddle((request, reply) => {
    // from the first upload on: forty requests, each other one cut off
    if (refused === 0 && !request.url.startsWith(`/v2/${app}/blobs/uploads`)) return undefined;
    if (++refused > 40) return undefined;
    if (refused % 2 === 0) return reply.code(503).send();
    reply.hijack();
    request.raw.destroy();
    return reply;
  });
  const { state } = await day.over(base);
  day.yard.meddle(undefined);
  assert.equal(state, 'done', day.said());
  assert.ok(refused > 40, `${refused} requests met the outage`);
  await assertWhole(day, from, base);
});

test('a registry that purges what has no tag loses nothing of a renewal', async (t) => {
  const day = await badDay(t);
  const from = await day.digest(`${app}:1`);
  const base = await day.pushBase('2');
  const tags = new Map([['1', from]]);
  const images = new Set([from]);
  let purged = 0;
  day.yard.meddle((request, reply) => {
    const named = new RegExp(`^/v2/${app}/manifests/(.+)$`).exec(request.url)?.[1];
    if (named === undefined) return undefined;
    if (request.method === 'PUT' && !named.includes(':'))
      reply.raw.once('finish', () => {
        const digest = String(reply.getHeader('docker-content-digest'));
        tags.set(named, digest);
        images.add(digest);
      });
    if (request.method === 'DELETE') tags.delete(named);
    // what no tag names is gone at once
    if (!images.has(named) || [...tags.values()].includes(named)) return undefined;
    purged++;
    return reply.code(404).send();
  });
  const { state } = await day.over(base);
  day.yard.meddle(undefined);
  assert.equal(state, 'done', day.said());
  assert.equal(purged, 0, 'the digest that the tag left was asked for when no tag named it');
  await assertWhole(day, from, base);
});

test('a PostgreSQL that is killed in the middle of a renewal finds it ended afterwards', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const day = await badDay(t, { database: postgres.url });
  t.after(() => day.kill());
  const from = await day.digest(`${app}:1`);
  const base = await day.pushBase('2');
  let crashes = 0;
  const wanted = [/manifests\/seaworthy-/, /manifests\/sha256:/, /manifests\/keep-/];
  day.yard.meddle(async (request) => {
    if (request.method !== 'PUT' || !wanted[0]?.test(request.url)) return undefined;
    wanted.shift();
    crashes++;
    await postgres.crash();
    return undefined;
  });
  const { state } = await day.over(base);
  day.yard.meddle(undefined);
  assert.equal(state, 'done', day.said());
  assert.equal(crashes, 3);
  await assertWhole(day, from, base);
  await day.stop();
  await assertTrail(t, postgres.url);
});

test('a base pushed five times, and another one beside it, each renew once, onto what was pushed last', async (t) => {
  const day = await badDay(t, { bases: ['debian', 'other'], debounce: '4s' });
  const last = [];
  for (let version = 2; version <= 6; version++) last.push(await day.pushBase(String(version)));
  const other = await day.pushBase('2', 'other');
  const base = last.at(-1)!;
  assert.equal((await day.over(base)).state, 'done', day.said());
  assert.equal((await day.over(other)).state, 'done', day.said());
  const all = await day.renewals();
  const onto = (digests: string[]) => all.filter(({ digest }) => digests.includes(digest));
  assert.equal(onto([base]).length, 1);
  assert.deepEqual(
    onto(last.slice(0, -1)).filter(({ state }) => state === 'done'),
    [],
    'none onto what was pushed before',
  );
  assert.equal(onto([other]).length, 1);
  await eventually(
    () => 'nothing more begins',
    async () => ((await day.renewals()).some(({ state }) => state === 'running') ? undefined : true),
  );
});

test('a disk that is full in the middle of a renewal is said, and the renewal ends once there is room', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'seaworthy-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', home]);
  t.after(() => {
    execFileSync('umount', ['--lazy', home]);
    rmSync(home, { recursive: true, force: true });
  });
  const day = await badDay(t, { home });
  const filler = join(home, 'filler');
  const from = await day.digest(`${app}:1`);
  let isFull = false;
  day.yard.meddle((request) => {
    if (isFull || !request.url.startsWith(`/v2/${app}/blobs/uploads`)) return undefined;
    isFull = true;
    fill(filler);
    return undefined;
  });
  const base = await day.pushBase('2');
  await eventually(
    () => `the server says that its disk is full: ${day.said().slice(-3000)}`,
    async () => (isFull && /disk-full|no space|disk is full/i.test(day.said()) ? true : undefined),
  );
  const states = (await day.renewals()).map(({ state }) => state);
  assert.deepEqual(states, ['running'], 'a full disk ends no renewal');
  rmSync(filler);
  const { state } = await day.over(base);
  assert.equal(state, 'done', day.said());
  await assertWhole(day, from, base);
  await day.stop();
  await assertTrail(t, `sqlite:${home}/ledger.db`);
});

/** Until not a byte more goes in. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  for (let size = 1 << 20; size >= 1; size >>= 1)
    try {
      for (;;) writeSync(handle, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  closeSync(handle);
}
