import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { compiled } from '../testing/compiled.ts';
import { keyFile } from '../testing/policyfacts.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

function setting(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      // Nothing listens there: what reaches for a cluster fails, and nobody's own cluster is touched.
      const env = {
        PATH: process.env['PATH'],
        SEAWORTHY_HOME: join(folder, 'home'),
        NODE_COMPILE_CACHE: compiled,
        KUBECONFIG: join(folder, 'none'),
      };
      execFile(
        process.execPath,
        [launcher, 'cluster', ...args],
        { env, maxBuffer: 1 << 28 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { folder, run, file };
}

interface Printed {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: Record<string, unknown>;
}

test('cluster install --print needs no cluster and writes YAML of all, with the policy’s keys in it', async (t) => {
  const { run, file } = setting(t);
  file('build.pub', keyFile('build.pub'));
  const policy = file(
    'policy.yaml',
    `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata: { name: anything }
spec:
  authorities: [{ name: build, key: { keys: [{ file: build.pub }] } }]
  rules: [{ name: signed, signature: { by: [build] } }]
`,
  );
  const { code, stdout, stderr } = await run(
    'install',
    '--image',
    'registry.example.com/s:1',
    '--print',
    '--mutate',
    '--policy',
    policy,
  );
  assert.equal(code, 0, stderr);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Printed);
  const found = objects.find(({ kind }) => kind === 'ImagePolicy');
  assert.equal(found?.metadata.name, 'default');
  assert.equal(found?.metadata.namespace, 'seaworthy-system');
  assert.match(JSON.stringify(found), /BEGIN PUBLIC KEY/);
  assert.doesNotMatch(JSON.stringify(found), /build\.pub/);
  assert.equal(objects.at(-1)?.kind, 'MutatingWebhookConfiguration');
  assert.ok(
    stdout.split('\n').every((line) => !line.startsWith('&')),
    'no aliases: people read it',
  );
});

test('cluster install says what is wrong with the policy before it touches anything', async (t) => {
  const { run, file } = setting(t);
  const policy = file(
    'policy.yaml',
    'apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicy\nmetadata: { name: x }\nspec: { registrys: [a] }\n',
  );
  const { code, stderr } = await run('install', '--image', 'registry.example.com/s:1', '--policy', policy);
  assert.equal(code, 2);
  assert.match(stderr, /policy\.yaml:4:\d+: unknown key "registrys", did you mean "registries"\?/);
});

test('cluster install, enforce and uninstall name a kubeconfig that is not there, and options that are wrong', async (t) => {
  const { run, file } = setting(t);
  for (const args of [['install', '--image', 'x.example/s:1'], ['enforce', 'shop', '--yes'], ['uninstall']]) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 2);
    assert.match(stderr, /kubeconfig/, args.join(' '));
  }
  const replicas = await run('install', '--image', 'x.example/s:1', '--replicas', '0', '--print');
  assert.match(replicas.stderr, /expected --replicas from 1 to 100, got "0"/);
  const ca = await run('install', '--image', 'x.example/s:1', '--registry-ca', file('ca', 'none'), '--print');
  assert.match(ca.stderr, /expected certificates in PEM/);
  assert.equal((await run('install', '--print')).code, 2);
});
