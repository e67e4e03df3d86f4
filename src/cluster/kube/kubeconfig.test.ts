// Tests of the kubeconfig: merged as kubectl merges, exec plugins asked, and nothing trusted that nobody vouches for.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { identityOf } from './identity.ts';
import { inClusterAccess } from './incluster.ts';
import { readKubeconfig } from './kubeconfig.ts';

const directory = mkdtempSync(join(tmpdir(), 'seaworthy-kubeconfig-'));

function file(name: string, value: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

function configOf(context: string, user: Record<string, unknown>, cluster: Record<string, unknown> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example.com:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  };
}

test('a context gives server, authority, namespace and who we are; files beside it are found from there', async () => {
  file('ca.pem', 'AUTHORITY');
  const path = file(
    'a',
    configOf('prod', { token: 't' }, { 'certificate-authority': 'ca.pem', 'tls-server-name': 'k' }),
  );
  const config = await readKubeconfig(path, {});
  assert.deepEqual(config.access(), {
    context: 'prod',
    namespace: 'shop',
    server: 'https://api.example.com:6443',
    ca: 'AUTHORITY',
    serverName: 'k',
    user: { token: 't' },
  });
  const data = Buffer.from('INLINE').toString('base64');
  const inline = file('b', configOf('prod', { token: 't' }, { 'certificate-authority-data': data }));
  assert.equal((await readKubeconfig(inline, {})).access().ca, 'INLINE');
});

test('of several files the first that names something wins, and one that is missing is none', async () => {
  const first = file('first', { ...configOf('one', { token: 'first' }), clusters: [] });
  const second = file('second', configOf('two', { token: 'second' }));
  const config = await readKubeconfig(undefined, {
    KUBECONFIG: [first, join(directory, 'missing'), second].join(delimiter),
  });
  assert.deepEqual(config.contexts, ['one', 'two']);
  assert.equal(config.current, 'one');
  assert.equal(config.access('two').user.token, 'first');
});

test('a context that is not there is answered with the nearest, a file that is none by name', async () => {
  const config = await readKubeconfig(file('near', configOf('production', { token: 't' })), {});
  assert.throws(
    () => config.access('prodction'),
    (error: Error & { code?: string; hint?: string }) =>
      error.code === 'context-unknown' && /--context production/.test(error.hint ?? ''),
  );
  await assert.rejects(readKubeconfig(join(directory, 'nothing'), {}), { code: 'kubeconfig-unreadable' });
  await assert.rejects(readKubeconfig(file('broken', '{['), {}), { code: 'kubeconfig-unreadable' });
  const empty = await readKubeconfig(file('empty', ''), {});
  assert.throws(() => empty.access(), { code: 'context-unknown' });
});

test('a server that is not verified is refused, and so are ways of logging in that Kubernetes removed', async () => {
  const blind = await readKubeconfig(
    file('blind', configOf('c', { token: 't' }, { 'insecure-skip-tls-verify': true })),
    {},
  );
  assert.throws(() => blind.access(), { code: 'kubeconfig-unreadable' });
  for (const user of [{ 'auth-provider': { name: 'azure' } }, { username: 'u', password: 'p' }]) {
    const config = await readKubeconfig(file('old', configOf('c', user)), {});
    assert.throws(() => config.access(), { code: 'kube-credentials' });
  }
  const nowhere = await readKubeconfig(file('nowhere', configOf('c', {}, { server: 'not a url' })), {});
  assert.throws(() => nowhere.access(), { code: 'kubeconfig-unreadable' });
});

test('an exec plugin is asked as kubectl asks it, and what it answers counts until it expires', async () => {
  const plugin = file(
    'plugin',
    '#!/bin/sh\n[ -n "$KUBERNETES_EXEC_INFO" ] || exit 9\n[ "$1" = "--login" ] || exit 8\necho "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$WHO\\",\\"expirationTimestamp\\":\\"2026-11-27T13:00:00Z\\"}}"\n',
  );
  chmodSync(plugin, 0o755);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin',
    args: ['--login'],
    env: [{ name: 'WHO', value: 'me' }],
    installHint: 'install it',
  };
  const access = (await readKubeconfig(file('exec', configOf('c', { exec })), {})).access();
  const now = Date.parse('2026-11-27T12:00:00Z');
  assert.deepEqual(await identityOf(access, now), { token: 'me', until: Date.parse('2026-11-27T12:59:30Z') });
  const missing = (
    await readKubeconfig(file('exec', configOf('c', { exec: { ...exec, command: 'no-such-plugin' } })), {})
  ).access();
  await assert.rejects(identityOf(missing, now), { code: 'kube-credentials', hint: 'install it' });
  const wrong = (
    await readKubeconfig(file('exec', configOf('c', { exec: { ...exec, args: [] } })), {})
  ).access();
  await assert.rejects(identityOf(wrong, now), /exit code 8/);
});

test('inside a pod the service account says who we are, and its token is read again', async () => {
  for (const [name, text] of [
    ['namespace', 'seaworthy-system\n'],
    ['ca.crt', 'CA'],
    ['token', 'one\n'],
  ])
    file(name!, text);
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const access = inClusterAccess(env, directory);
  assert.equal(access.server, 'https://[fd00::1]:443');
  assert.equal(access.namespace, 'seaworthy-system');
  const first = await identityOf(access, 0);
  assert.equal(first.token, 'one');
  assert.ok(Number.isFinite(first.until));
  file('token', 'two');
  assert.equal((await identityOf(access, 0)).token, 'two');
  assert.throws(() => inClusterAccess({}, directory), { code: 'kube-credentials' });
  assert.throws(() => inClusterAccess(env, join(directory, 'none')), { code: 'kube-credentials' });
});
