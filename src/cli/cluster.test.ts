// The commands for clusters, as far as they need none: what is asked wrongly, and who does not answer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from '../testing/compiled.ts';
import { testRecord, writeFeed } from '../testing/feeds.ts';
import { makeImage } from '../testing/images.ts';
import { podOf } from '../testing/pods.ts';
import { openYard } from '../testing/yard.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

/** An API server over plain HTTP on this machine, with these lists. */
async function setting(t: TestContext, lists: Record<string, unknown[]> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-cli-cluster-'));
  const server = createServer((request, response) => {
    const plural = new URL(request.url!, 'http://x').pathname.split('/').at(-1)!;
    const items = lists[plural];
    response.writeHead(items === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(
        items === undefined ? { kind: 'Status', details: { name: plural } } : { items, metadata: {} },
      ),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  const clusters = {
    here: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    away: 'http://127.0.0.1:9',
  };
  const named = Object.entries(clusters);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'current-context': 'here',
      clusters: named.map(([name, url]) => ({ name, cluster: { server: url } })),
      users: [{ name: 'me', user: { token: 'x' } }],
      contexts: named.map(([name]) => ({ name, context: { cluster: name, user: 'me' } })),
    }),
  );
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const env = {
        PATH: process.env['PATH'],
        SEAWORTHY_HOME: join(folder, 'home'),
        KUBECONFIG: kubeconfig,
        NODE_COMPILE_CACHE: compiled,
      };
      execFile(process.execPath, [launcher, ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  return { folder, run };
}

const empty = {
  pods: [],
  replicasets: [],
  jobs: [],
  cronjobs: [],
  nodes: [],
  namespaces: [],
  imagepolicies: [],
  imageexceptions: [],
};

test('an empty cluster is shown as one, and one that is away beside it is named and undecided', async (t) => {
  const { run } = await setting(t, empty);
  const one = await run('cluster', 'status');
  assert.deepEqual([one.code, one.stderr], [0, '']);
  assert.match(one.stdout, /here: 0 pods/);
  const both = await run('cluster', 'status', '--all-contexts');
  assert.equal(both.code, 3);
  assert.match(both.stdout, /here: 0 pods[\s\S]*away: not answering[\s\S]*connect-failed/);
  const json = await run('cluster', 'status', '--context', 'here,away', '--format', 'json');
  assert.deepEqual(
    JSON.parse(json.stdout).contexts.map(
      ({ context, problem }: { context: string; problem?: { code: string } }) => [context, problem?.code],
    ),
    [
      ['here', undefined],
      ['away', 'connect-failed'],
    ],
  );
});

test('an id that no advisory names is undecided, never reached by nothing', async (t) => {
  const { run } = await setting(t, empty);
  const { code, stdout } = await run('cluster', 'status', '--cve', 'CVE-2999-0001');
  assert.equal(code, 3);
  assert.match(stdout, /CVE-2999-0001: this home's database tells nothing of it/);
  const known = await run('cluster', 'status', '--cve', 'CVE-2021-44228');
  assert.equal(known.code, 0, known.stdout);
});

test('a threshold on what nobody knows is undecided, not kept', async (t) => {
  const yard = await openYard(t);
  const layer = [{ path: 'srv/node_modules/x/package.json', data: '{"name":"x","version":"1.0.0"}' }];
  const image = await yard.push('team/app', [makeImage({ layers: [layer] })]);
  const name = `${yard.host}/team/app`;
  const pod = podOf('web', { containers: [{ image: `${name}:v1`, imageID: `${name}@${image.digest}` }] });
  const { folder, run } = await setting(t, { ...empty, pods: [pod] });
  const modified = new Date().toISOString();
  writeFeed(join(folder, 'osv'), 'npm', [testRecord('GHSA-x', 'npm', 'x', '2.0.0', { modified })]);
  const update = await run('db', 'update', '--from', join(folder, 'osv'), '--all', '--no-epss', '--no-kev');
  assert.equal(update.code, 0, update.stderr);
  const code = async (...args: string[]) => (await run('cluster', 'status', ...args)).code;
  assert.equal(await code(), 0);
  assert.equal(await code('--fail-on', 'high'), 3, 'the finding has no severity');
  assert.equal(await code('--fail-on', 'high', '--accept', 'severity-unknown'), 0);
  assert.equal(await code('--fail-on', 'kev'), 3, 'there is no KEV data');
  assert.equal(await code('--fail-on', 'epss>=0.5'), 3);
  assert.equal(await code('--cve', 'GHSA-x'), 1);
  assert.equal(await code('--cve', 'GHSA-y'), 3);
});

test('what is asked wrongly says what would be right', async (t) => {
  const { folder, run } = await setting(t, empty);
  for (const [args, says] of [
    [['cluster', 'status', '--context', 'hree'], /Did you mean --context here\?/],
    [['cluster', 'status', '--all-contexts', '--context', 'here'], /got both/],
    [['cluster', 'status', '--fail-on', 'denid'], /expected --fail-on/],
    [['cluster', 'status', '--kubeconfig', join(folder, 'nowhere')], /expected a kubeconfig/],
    [['policy', 'preview', join(folder, 'nowhere.yaml')], /file-unreadable/],
    [['policy', 'preview', join(folder, 'kubeconfig')], /kind/],
    [
      ['policy', 'preview', join(folder, 'kubeconfig'), '--all-contexts', '--format', 'json'],
      /expected one context/,
    ],
  ] as const) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, says);
  }
});

test('a preview of an empty cluster refuses nothing', async (t) => {
  const { folder, run } = await setting(t, empty);
  const policy = join(folder, 'policy.yaml');
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'p' },
      spec: { rules: [{ name: 'ours', registries: ['registry.example.com/**'] }] },
    }),
  );
  const { code, stdout } = await run('policy', 'preview', policy, '--fail-on', 'refused');
  assert.equal(code, 0);
  assert.match(stdout, /here: policy p \(.*\) would refuse 0 containers of 0/);
});
