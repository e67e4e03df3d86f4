// Image pull secrets: each to its exact host, from the pod's own namespace alone (N9, N10).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryCluster } from '../../testing/memorycluster.ts';
import { KubeFault } from './fault.ts';
import { type PullingPod, pullSecretCredentials } from './pullsecrets.ts';
import { resources } from './resources.ts';

const auth = (user: string) => ({ auth: Buffer.from(`${user}:secret-of-${user}`).toString('base64') });
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

async function clusterWith(
  secrets: Record<string, { type?: string; data?: unknown }>,
  account: unknown = undefined,
) {
  const cluster = createMemoryCluster();
  for (const [name, { type = 'kubernetes.io/dockerconfigjson', data }] of Object.entries(secrets)) {
    const [namespace = '', own = ''] = name.split('/');
    await cluster.create(resources.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: own, namespace },
      type,
      data,
    });
  }
  await cluster.create(resources.serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'shop' },
    ...(account === undefined ? {} : { imagePullSecrets: account }),
  });
  return cluster;
}

const config = (auths: Record<string, unknown>, more: object = {}) => ({
  data: { '.dockerconfigjson': base64({ auths, ...more }) },
});
const naming = (...names: unknown[]): PullingPod => ({ imagePullSecrets: names.map((name) => ({ name })) });

test('a credential goes to its exact host, and to its path where it names one', async () => {
  const cluster = await clusterWith({
    'shop/pull': config({
      'registry.example.com': auth('all'),
      'registry.example.com/team': auth('team'),
      'https://index.docker.io/v1/': auth('hub'),
      'localhost:5000': auth('port'),
    }),
  });
  const { credentials, scope, problems } = await pullSecretCredentials(cluster, 'shop', naming('pull'));
  const who = async (domain: string, repository?: string) => {
    const found = await credentials(domain, repository);
    return found?.kind === 'basic' ? found.username : found;
  };
  assert.equal(await who('registry.example.com', 'team/app'), 'team');
  assert.equal(await who('registry.example.com', 'teams/app'), 'all');
  assert.equal(await who('docker.io', 'library/alpine'), 'hub');
  assert.equal(await who('localhost:5000', 'app'), 'port');
  for (const stranger of [
    'example.com',
    'registry.example.com.evil.test',
    'evil-registry.example.com',
    'registry.example.com:443',
    'localhost',
    'localhost:50000',
  ])
    assert.equal(await who(stranger, 'team/app'), undefined, stranger);
  assert.deepEqual(problems, []);
  assert.match(scope, /^shop\/pull@\d+$/);
});

test('a host that is named by a pattern gets nothing, and the secret is named (N9)', async () => {
  const cluster = await clusterWith({
    'shop/pull': config({ '*.azurecr.io': auth('wild'), 'team.azurecr.io': auth('exact') }),
  });
  const { credentials, problems } = await pullSecretCredentials(cluster, 'shop', naming('pull'));
  assert.equal(await credentials('evil.azurecr.io', 'a'), undefined);
  assert.equal((await credentials('team.azurecr.io', 'a'))?.kind, 'basic');
  assert.match(problems.join(), /secret shop\/pull names hosts by a pattern \(\*\.azurecr\.io\)/);
});

test('a secret of another namespace is out of reach, whatever the name says (N10)', async () => {
  const cluster = await clusterWith({ 'other/pull': config({ 'registry.example.com': auth('other') }) });
  for (const name of ['pull', '../other/secrets/pull', 'other/pull', '%2e%2e', '', 7, null]) {
    const { credentials, scope, problems } = await pullSecretCredentials(cluster, 'shop', naming(name));
    assert.equal(await credentials('registry.example.com', 'a'), undefined, String(name));
    assert.equal(scope, '');
    assert.equal(problems.length, 1, String(name));
  }
  const liar = {
    get: async () => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pull', namespace: 'other', resourceVersion: '1' },
      type: 'kubernetes.io/dockerconfigjson',
      ...config({ 'registry.example.com': auth('other') }),
    }),
  };
  const lied = await pullSecretCredentials(liar, 'shop', naming('pull'));
  assert.equal(await lied.credentials('registry.example.com', 'a'), undefined);
  assert.match(lied.problems.join(), /expected Secret shop\/pull, got none/);
});

test('a pod without secrets of its own has those of its service account, as the API server fills them in', async () => {
  const cluster = await clusterWith(
    {
      'shop/account': config({ 'registry.example.com': auth('account') }),
      'shop/pod': config({ 'other.example.com': auth('pod') }),
    },
    [{ name: 'account' }],
  );
  const scopes = async (pod: PullingPod) =>
    (await pullSecretCredentials(cluster, 'shop', pod)).scope.split('@')[0];
  assert.equal(await scopes({}), 'shop/account');
  assert.equal(await scopes({ serviceAccountName: 'default' }), 'shop/account');
  assert.equal(await scopes(naming('pod')), 'shop/pod');
  const nobody = await pullSecretCredentials(cluster, 'shop', { serviceAccountName: 'nobody' });
  assert.match(nobody.problems.join(), /expected ServiceAccount shop\/nobody, got none/);
  const odd = await pullSecretCredentials(cluster, 'shop', {
    serviceAccountName: '../x',
    imagePullSecrets: 'x',
  });
  assert.deepEqual([odd.scope, odd.problems.length], ['', 2]);
});

test('of several secrets the first that has the host counts, and the scope names all, another one after a change', async () => {
  const cluster = await clusterWith({
    'shop/a': config({ 'a.example.com': auth('a'), 'both.example.com': auth('first') }),
    'shop/b': {
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': base64({ 'b.example.com': auth('b'), 'both.example.com': auth('second') }) },
    },
  });
  const before = await pullSecretCredentials(cluster, 'shop', naming('a', 'b', 'a'));
  const user = async (host: string) => {
    const found = await before.credentials(host, 'x');
    return found?.kind === 'basic' ? found.username : undefined;
  };
  assert.deepEqual(await Promise.all(['a.example.com', 'b.example.com', 'both.example.com'].map(user)), [
    'a',
    'b',
    'first',
  ]);
  assert.match(before.scope, /^shop\/a@\d+,shop\/b@\d+$/);
  await cluster.patch(resources.secrets, 'b', 'shop', {
    type: 'merge',
    body: { metadata: { labels: { x: 'y' } } },
  });
  assert.notEqual((await pullSecretCredentials(cluster, 'shop', naming('a', 'b'))).scope, before.scope);
});

test('a secret that cannot be used is named without its content, and the others still count', async () => {
  const good = config({ 'registry.example.com': auth('good') });
  const bad: Record<string, { type?: string; data?: unknown }> = {
    'shop/opaque': { ...good, type: 'Opaque' },
    'shop/empty': { data: {} },
    'shop/nothing': { data: null },
    'shop/text': { data: { '.dockerconfigjson': base64('hunter2 {') } },
    'shop/list': { data: { '.dockerconfigjson': base64({ auths: ['hunter2'] }) } },
    'shop/pair': config({ 'registry.example.com': { auth: base64('hunter2') } }),
    'shop/large': { data: { '.dockerconfigjson': 'A'.repeat(2 << 20) } },
    'shop/deep': { data: { '.dockerconfigjson': base64(`${'['.repeat(5000)}`) } },
  };
  const cluster = await clusterWith({ ...bad, 'shop/good': good });
  for (const name of Object.keys(bad)) {
    const own = name.split('/')[1];
    const { credentials, scope, problems } = await pullSecretCredentials(
      cluster,
      'shop',
      naming(own, 'good'),
    );
    assert.equal((await credentials('registry.example.com', 'a'))?.kind, 'basic', name);
    assert.match(scope, /^shop\/good@\d+$/);
    assert.equal(problems.length, 1, `${name}: ${problems.join()}`);
    assert.match(problems[0]!, new RegExp(`shop/${own}`));
    assert.doesNotMatch(problems[0]!, /hunter2|secret-of/);
  }
});

test('helpers that a secret names are never run', async () => {
  const cluster = await clusterWith({
    'shop/pull': config({}, { credsStore: 'evil', credHelpers: { 'registry.example.com': 'evil' } }),
  });
  const { credentials } = await pullSecretCredentials(cluster, 'shop', naming('pull'));
  assert.equal(await credentials('registry.example.com', 'a'), undefined);
});

test('a secret that may not be read is named, and so is one too many', async () => {
  const refusing = { get: () => Promise.reject(new KubeFault('forbidden', 'secrets are not yours')) };
  const { scope, problems } = await pullSecretCredentials(refusing, 'shop', naming('pull'));
  assert.deepEqual([scope, problems], ['', ['Secret shop/pull: secrets are not yours (forbidden)']]);
  let asked = 0;
  const counting = { get: async () => void asked++ as undefined };
  const many = naming(...Array.from({ length: 100 }, (_, at) => `pull-${at}`));
  assert.match(
    (await pullSecretCredentials(counting, 'shop', many)).problems[0]!,
    /at most 32 image pull secrets, got 100/,
  );
  assert.equal(asked, 32);
});
