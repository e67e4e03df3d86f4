import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Clock } from '../../core/index.ts';
import { createClient, type HttpClient } from '../../net/index.ts';
import { type AccessRequest, basicAccess, bearerAccess, createRegistry } from '../../registry/index.ts';
import { listenApp, listenHandler } from '../../testing/listen.ts';
import { parseChallenges } from './challenge.ts';
import type { Credential } from './credential.ts';
import { fileCredentials } from './credentials.ts';
import { listTags } from './list.ts';
import { ping } from './pull.ts';
import { openRegistry, type RegistryOptions } from './registry.ts';
import { checkRealm } from './token.ts';

let http: HttpClient;
let folder: string;
before(() => {
  http = createClient({ env: {}, sleep: async () => {} });
  folder = mkdtempSync(join(tmpdir(), 'auth-'));
});
after(async () => {
  await http.close();
  rmSync(folder, { recursive: true, force: true });
});

const user: Credential = { kind: 'basic', username: 'u', password: 'p' };
const as = (credential: Credential | undefined) => async () => credential;

/** Reads a repository that does not exist: 404 means that the door was open. */
async function enter(domain: string, options: Partial<RegistryOptions> = {}): Promise<void> {
  await assert.rejects(listTags(openRegistry(domain, { http, ...options }), 'team/app'), {
    code: 'image-not-found',
  });
}

describe('a registry that wants Basic', () => {
  test('lets in who has the password, and says what to do otherwise', async (t) => {
    const domain = await listenApp(createRegistry({ access: basicAccess('u', 'p') }), t);
    await ping(openRegistry(domain, { http, credentials: as(user) }));
    await enter(domain, { credentials: as(user) });
    await assert.rejects(enterWith(domain, { ...user, password: 'x' }), {
      code: 'auth-required',
      message: /refusal/,
    });
    await assert.rejects(enterWith(domain, undefined), { code: 'auth-required', hint: /docker login/ });
  });
});

async function enterWith(domain: string, credential: Credential | undefined): Promise<unknown> {
  return listTags(openRegistry(domain, { http, credentials: as(credential) }), 'team/app');
}

describe('a registry that wants a token', () => {
  interface Seen {
    url: URL;
    headers: IncomingMessage['headers'];
    body: string;
  }

  /** A registry whose tokens are issued on its own host, under /token, unless `realm` is another one. */
  async function tokenRegistry(
    t: TestContext,
    realm?: string,
  ): Promise<{ domain: string; seen: Seen[]; asked: AccessRequest[] }> {
    const seen: Seen[] = [];
    const asked: AccessRequest[] = [];
    let domain = '';
    const app = createRegistry({
      access: (request) => {
        asked.push(request);
        return bearerAccess({
          realm: realm ?? `http://${domain}/token`,
          service: 's',
          verify: (token) => token.startsWith('good'),
        })(request);
      },
    });
    app.route({
      method: ['GET', 'POST'],
      url: '/token',
      handler: async (request) => {
        let body = '';
        for await (const piece of request.raw) body += piece;
        seen.push({ url: new URL(request.url, 'http://x'), headers: request.headers, body });
        return { access_token: `good-${seen.length}`, expires_in: 100 };
      },
    });
    domain = await listenApp(app, t);
    return { domain, seen, asked };
  }

  test('is asked for one with the scope, once for each scope and life', async (t) => {
    const { domain, seen } = await tokenRegistry(t);
    let now = 0;
    const clock: Clock = { now: () => new Date(now) };
    const registry = openRegistry(domain, { http, clock, credentials: as(user) });
    const enterAgain = (): Promise<void> =>
      assert.rejects(listTags(registry, 'team/app'), { code: 'image-not-found' });
    await enterAgain();
    await enterAgain();
    await Promise.all([enterAgain(), enterAgain()]);
    assert.equal(seen.length, 1);
    assert.equal(seen[0]?.url.searchParams.get('scope'), 'repository:team/app:pull');
    assert.equal(seen[0]?.url.searchParams.get('service'), 's');
    assert.equal(seen[0]?.headers.authorization, `Basic ${btoa('u:p')}`);
    now = 95_000;
    await enterAgain();
    assert.equal(seen.length, 2);
  });

  test('is asked anonymously where there are no credentials', async (t) => {
    const { domain, seen } = await tokenRegistry(t);
    await enter(domain);
    assert.equal(seen[0]?.headers.authorization, undefined);
  });

  test('takes an identity token by OAuth2, in the body', async (t) => {
    const { domain, seen } = await tokenRegistry(t);
    await enter(domain, { credentials: as({ kind: 'identity', token: 'refresh' }) });
    const form = new URLSearchParams(seen[0]?.body);
    assert.deepEqual(
      [form.get('grant_type'), form.get('refresh_token'), form.get('scope')],
      ['refresh_token', 'refresh', 'repository:team/app:pull'],
    );
  });

  test('whose realm is another host never sees credentials there, unless it is declared', async (t) => {
    const requests: IncomingMessage['headers'][] = [];
    const other = await listenHandler((request, response) => {
      requests.push(request.headers);
      response.end(JSON.stringify({ token: 'good' }));
    }, t);
    const { domain } = await tokenRegistry(t, `http://${other}/token`);
    await assert.rejects(enterWith(domain, user), { code: 'realm-refused', hint: /declare/ });
    assert.equal(requests.length, 0);
    await enter(domain);
    assert.equal(requests[0]?.authorization, undefined);
    await enter(domain, { credentials: as(user), realms: [other] });
    assert.equal(requests[1]?.authorization, `Basic ${btoa('u:p')}`);
  });

  test('that refuses its own token is not asked for ever', async (t) => {
    const { domain, seen } = await tokenRegistry(t);
    const app = createRegistry({
      access: bearerAccess({ realm: `http://${domain}/token`, service: 's', verify: () => false }),
    });
    const deaf = await listenApp(app, t);
    await assert.rejects(enterWith(deaf, undefined), { code: 'auth-required' });
    assert.equal(seen.length, 1);
  });
});

describe('a realm', () => {
  const hub = { domain: 'docker.io', base: new URL('https://registry-1.docker.io'), realms: [] };
  const refused = { code: 'realm-refused' };

  test('of Docker Hub may see its credentials, a host that looks like it may not', () => {
    assert.equal(checkRealm('https://auth.docker.io/token', hub, user).host, 'auth.docker.io');
    for (const realm of [
      'https://auth.docker.io.evil.test/token',
      'https://evil.test/auth.docker.io',
      'https://auth.docker.io@evil.test/',
      'https://auth.docker.io:444/token',
    ])
      assert.throws(() => checkRealm(realm, hub, user), refused);
  });

  test('is https, and no place on this machine', () => {
    for (const realm of [
      undefined,
      '',
      'token',
      'http://auth.docker.io/token',
      'http://localhost/token',
      'https://localhost/token',
      'file:///etc/passwd',
    ])
      assert.throws(() => checkRealm(realm, hub, undefined), refused);
  });
});

describe('a challenge', () => {
  test('is read with several schemes, quotes and commas', () => {
    const found = parseChallenges(
      'Bearer realm="https://a/t",service="a, b",scope="x:\\"y\\":pull", Basic realm=z',
    );
    assert.deepEqual(
      found.map(({ scheme, params }) => [scheme, Object.fromEntries(params)]),
      [
        ['bearer', { realm: 'https://a/t', service: 'a, b', scope: 'x:"y":pull' }],
        ['basic', { realm: 'z' }],
      ],
    );
    assert.deepEqual(parseChallenges(''), []);
    assert.equal(parseChallenges(`Basic ${'a='.repeat(100_000)}`).length > 0, true);
  });
});

describe('credential files', () => {
  const write = (name: string, value: unknown): string => {
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'config.json'), typeof value === 'string' ? value : JSON.stringify(value));
    return home;
  };
  const auth = (text: string): { auth: string } => ({ auth: btoa(text) });
  const find = (home: string, domain: string, repository?: string): Promise<Credential | undefined> =>
    fileCredentials({ DOCKER_CONFIG: home, PATH: process.env['PATH'] }, folder)(domain, repository);

  test('are matched by the exact host, with its port', async () => {
    const home = write('exact', {
      auths: {
        'r.test': auth('a:b'),
        'https://r.test:5000/v2/': auth('c:d:e'),
        'https://index.docker.io/v1/': auth('hub:x'),
      },
    });
    assert.deepEqual(await find(home, 'r.test'), { kind: 'basic', username: 'a', password: 'b' });
    assert.deepEqual(await find(home, 'r.test:5000'), { kind: 'basic', username: 'c', password: 'd:e' });
    assert.deepEqual(await find(home, 'docker.io'), { kind: 'basic', username: 'hub', password: 'x' });
    for (const domain of [
      'evil-r.test',
      'r.test.evil',
      'test',
      'r.test:443',
      'ndex.docker.io',
      'auth.docker.io',
    ])
      assert.equal(await find(home, domain), undefined);
  });

  test('of podman narrow by repository, the longest first', async () => {
    const home = write('narrow', {
      auths: { 'r.test/team/app': auth('app:1'), 'r.test/team': auth('team:1'), 'r.test': auth('all:1') },
    });
    const name = async (repository: string): Promise<unknown> =>
      ((await find(home, 'r.test', repository)) as { username: string }).username;
    assert.deepEqual(
      [await name('team/app'), await name('team/other'), await name('teams/app')],
      ['app', 'team', 'all'],
    );
  });

  test('hold identity tokens, and are named when they cannot be read', async () => {
    assert.deepEqual(
      await find(write('identity', { auths: { 'r.test': { identitytoken: 't' } } }), 'r.test'),
      { kind: 'identity', token: 't' },
    );
    await assert.rejects(find(write('bad', '{'), 'r.test'), { code: 'credentials-unreadable' });
    await assert.rejects(find(write('worse', { auths: { 'r.test': { auth: 'AA' } } }), 'r.test'), {
      code: 'credentials-unreadable',
    });
    assert.equal(await find(join(folder, 'nowhere'), 'r.test'), undefined);
  });

  test('are read again once they are others: mended, replaced, gone, back', async () => {
    const home = write('rotated', '{');
    const credentials = fileCredentials({ DOCKER_CONFIG: home }, folder);
    const password = async () =>
      ((await credentials('r.test')) as { password: string } | undefined)?.password;
    await assert.rejects(credentials('r.test'), { code: 'credentials-unreadable' });
    write('rotated', { auths: { 'r.test': auth('a:old') } });
    assert.equal(await password(), 'old');
    // as the kubelet does it: the name is a link, and the link is moved
    const next = write('rotated-next', { auths: { 'r.test': auth('a:new') } });
    symlinkSync(join(next, 'config.json'), join(home, 'link'));
    renameSync(join(home, 'link'), join(home, 'config.json'));
    assert.equal(await password(), 'new');
    rmSync(join(home, 'config.json'));
    assert.equal(await password(), undefined);
    write('rotated', { auths: { 'r.test': auth('a:back') } });
    assert.equal(await password(), 'back');
  });

  test('name helpers, which are asked by their protocol', {
    skip: process.platform === 'win32' && 'needs a shell script',
  }, async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const script = [
      '#!/bin/sh',
      'read server',
      'case "$server" in',
      '  r.test) echo "{\\"ServerURL\\":\\"r.test\\",\\"Username\\":\\"u\\",\\"Secret\\":\\"s\\"}" ;;',
      '  t.test) echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"s\\"}" ;;',
      '  broken.test) echo nonsense ;;',
      '  fails.test) exit 3 ;;',
      '  *) echo "credentials not found in native keychain"; exit 1 ;;',
      'esac',
    ];
    writeFileSync(join(bin, 'docker-credential-fake'), script.join('\n'));
    chmodSync(join(bin, 'docker-credential-fake'), 0o755);
    const home = write('helper', {
      credsStore: 'fake',
      credHelpers: { 'evil.test': '../../bin/sh', 'gone.test': 'no-such-helper' },
    });
    const credentials = fileCredentials(
      { DOCKER_CONFIG: home, PATH: `${bin}${delimiter}${process.env['PATH']}` },
      folder,
    );
    assert.deepEqual(await credentials('r.test'), { kind: 'basic', username: 'u', password: 's' });
    assert.deepEqual(await credentials('t.test'), { kind: 'identity', token: 's' });
    assert.equal(await credentials('other.test'), undefined);
    for (const domain of ['broken.test', 'fails.test', 'evil.test', 'gone.test'])
      await assert.rejects(credentials(domain), { code: 'credential-helper-failed' });
  });
});
