// Tests of the rollout commands as a user runs them, where no cluster is needed: repositories, policies, wrong usage.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from '../testing/compiled.ts';
import { makeImage } from '../testing/images.ts';
import { openYard } from '../testing/yard.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

async function setting(t: TestContext) {
  const yard = await openYard(t);
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-rollout-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    SEAWORTHY_HOME: join(folder, 'home'),
    DOCKER_CONFIG: folder,
    KUBECONFIG: join(folder, 'no-kubeconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
    NODE_COMPILE_CACHE: compiled,
  };
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [launcher, ...args], { env, cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  const old = (await yard.push('team/app', [makeImage({ labels: { v: '1' } })], '1.2')).digest;
  const next = (await yard.push('team/app', [makeImage({ labels: { v: '2' } })], '1.3')).digest;
  const manifests = join(folder, 'manifests');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: manifests, env, encoding: 'utf8' });
  mkdirSync(manifests);
  git('init', '-q', '-b', 'main');
  const image = `${yard.host}/team/app:1.2@${old}`;
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: "${image}"}] # one\n`;
  writeFileSync(join(manifests, 'pod.yaml'), text);
  git('add', '-A');
  git('commit', '-q', '-m', 'start');
  return { yard, folder, run, old, next, git, text, app: `${yard.host}/team/app` };
}

test('a repository alone: the plan changes nothing, the run commits one line to a branch, a second run finds it', async (t) => {
  const { run, old, next, git, text, app } = await setting(t);
  const args = ['rollout', `${app}@${old}`, next, '--git', 'manifests'];
  const plan = await run(...args, '--plan');
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /change {5}pod.yaml:5 spec.containers\[0\].image/);
  assert.equal(git('branch', '--format=%(refname:short)').trim(), 'main');
  const done = await run(...args, '--yes', '--cause', 'CVE-2026-1');
  assert.equal(done.code, 0, done.stderr);
  const branch = /branch (seaworthy\/\S+)/.exec(done.stdout)?.[1] ?? '';
  assert.equal(git('show', `${branch}:pod.yaml`), text.replace(old, next));
  assert.match(git('log', '-1', '--format=%B', branch), /CVE-2026-1/);
  const again = await run(...args, '--yes');
  assert.match(again.stdout, /is already on branch/);
  assert.equal(git('rev-list', '--count', `main..${branch}`).trim(), '1');
});

test('a tag is resolved once, and its name goes along with the digest', async (t) => {
  const { run, old, next, app } = await setting(t);
  const { stdout, code } = await run(
    'rollout',
    `${app}@${old}`,
    `${app}:1.3`,
    '--git',
    'manifests',
    '--plan',
    '--format',
    'json',
  );
  assert.equal(code, 0);
  const { change, git } = JSON.parse(stdout) as {
    change: { to: string; toTag: string };
    git: { files: { changes: { after: string }[] }[] };
  };
  assert.deepEqual([change.to, change.toTag], [next, '1.3']);
  assert.equal(git.files[0]?.changes[0]?.after, `${app}:1.3@${next}`);
});

test('a digest that its registry does not have, the same digest and another repository are refused', async (t) => {
  const { run, old, next, app } = await setting(t);
  const missing = await run('rollout', `${app}@${old}`, `sha256:${'0'.repeat(64)}`, '--git', 'manifests');
  assert.deepEqual([missing.code, /image-not-found/.test(missing.stderr)], [2, true], missing.stderr);
  const same = await run('rollout', `${app}@${old}`, old, '--git', 'manifests');
  assert.match(same.stderr, /another digest/);
  const other = await run('rollout', `${app}@${old}`, `${app}2@${next}`, '--git', 'manifests');
  assert.match(other.stderr, /never where an image comes from/);
  const tag = await run('rollout', `${app}:1.2`, next, '--git', 'manifests');
  assert.match(tag.stderr, /REF@OLD/);
});

test('a policy that does not allow the new digest stops everything', async (t) => {
  const { run, old, next, app, folder, git } = await setting(t);
  writeFileSync(
    join(folder, 'policy.yaml'),
    `apiVersion: seaworthy.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n  registries: ["other.example.com/**"]\n`,
  );
  const ran = await run(
    'rollout',
    `${app}@${old}`,
    next,
    '--git',
    'manifests',
    '--policy',
    'policy.yaml',
    '--yes',
  );
  assert.equal(ran.code, 1, ran.stderr);
  assert.match(ran.stderr, /not rolled out/);
  assert.equal(git('branch', '--format=%(refname:short)').trim(), 'main');
});

test('without a yes nothing is done; what is left to a person is no success', async (t) => {
  const { run, old, next, app, git, folder } = await setting(t);
  const unasked = await run('rollout', `${app}@${old}`, next, '--git', 'manifests');
  assert.deepEqual([unasked.code, /--yes/.test(unasked.stderr)], [2, true], unasked.stderr);
  assert.equal(git('branch', '--format=%(refname:short)').trim(), 'main');
  writeFileSync(join(folder, 'manifests/values.yaml'), `image: {repository: ${app}, digest: ${old}}\n`);
  git('add', '-A');
  git('commit', '-q', '-m', 'values');
  const left = await run('rollout', `${app}@${old}`, next, '--git', 'manifests', '--yes');
  assert.equal(left.code, 3, left.stderr);
  assert.match(left.stdout, /--helm-values values.yaml:image/);
  const declared = await run(
    'rollout',
    `${app}@${old}`,
    next,
    '--git',
    'manifests',
    '--helm-values',
    'values.yaml:image',
    '--yes',
  );
  assert.equal(declared.code, 0, declared.stdout + declared.stderr);
  assert.equal(readFileSync(join(folder, 'manifests/values.yaml'), 'utf8').includes(old), true);
});

test('a release wants a digest and a reason, and an expiry that lies ahead', async (t) => {
  const { run, next } = await setting(t);
  assert.match((await run('release', 'v1')).stderr, /digest-invalid/);
  assert.match((await run('release', next)).stderr, /--reason/);
  assert.match((await run('release', next, '--reason', 'r', '--expires', '2020-01-01')).stderr, /ahead/);
  assert.match((await run('release', next, '--reason', 'r')).stderr, /kubeconfig-unreadable/);
});
