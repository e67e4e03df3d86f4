import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeRepository } from '../cluster/git/index.ts';
import { gitTarget } from './hubtargets.ts';

const from = `sha256:${'1'.repeat(64)}`;
const to = `sha256:${'2'.repeat(64)}`;
const pod = (digest: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: app }\nspec: { containers: [{ name: app, image: "r.example/app:1@${digest}" }] }\n`;

test('a bare repository is committed to without git, once, and found again after a restart', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-targets-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const repository = join(dir, 'manifests.git');
  const files = { 'app.yaml': pod(from), 'other.yaml': 'kind: Other\n' };
  const who = { name: 'A', email: 'a@example.com', at: new Date(0) };
  const first = await makeRepository(repository, { branch: 'main', files, message: 'start', ...who });
  const env = { PATH: '/nonexistent', HOME: dir };
  const target = () => gitTarget({ repository, branch: 'main', onBranch: true }, env);
  const order = { id: 'r1.1', reference: 'r.example/app:1', from, to, cause: 'a base moved' };
  const { signal } = new AbortController();
  const one = target();
  await one.start(order, signal);
  const look = await one.look(order, signal);
  assert.equal(look?.state, 'done');
  assert.match(look?.text ?? '', /^commit [0-9a-f]{12} on main/);
  // another process, which knows nothing of the commit
  const again = await target().look(order, signal);
  assert.equal(again?.state, 'done');
  assert.match(again?.text ?? '', /names it since/);
  const strange = { ...order, from: to, to: from, reference: 'r.example/none:1' };
  assert.equal((await target().look(strange, signal))?.state, 'nothing');
  const git = (...args: string[]) =>
    execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8' }).trim();
  assert.equal(git('rev-list', '--count', 'main'), '2');
  assert.equal(git('show', 'main:app.yaml'), pod(to).trim());
  assert.equal(git('rev-parse', 'main^'), first);
});
