import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { DigestChange } from '../../workload/index.ts';
import { commitGit, makeRepository, openRepository, planGit } from '../index.ts';
import { applyDelta } from './delta.ts';
import { parseSettings } from './settings.ts';

const old = `sha256:${'0'.repeat(63)}1`;
const next = `sha256:${'0'.repeat(63)}2`;
const name = 'registry.example.com/team/app';
const change: DigestChange = { domain: 'registry.example.com', repository: 'team/app', from: old, to: next };
const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec:\n  containers: [{name: app, image: "${image}"}]\n`;

const withGit = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: ' A "B". ',
  GIT_AUTHOR_EMAIL: '<a@example.com>',
  GIT_AUTHOR_DATE: '@1767225600 +0100',
  GIT_COMMITTER_NAME: 'C',
  GIT_COMMITTER_EMAIL: 'c@example.com',
  GIT_COMMITTER_DATE: '1767225601 +0000',
};
const withoutGit = { ...withGit, PATH: '/nonexistent' };

function directoryOf(t: Pick<TestContext, 'after'>) {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-bare-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, env: withGit, encoding: 'utf8', stdio: 'pipe' }).trim();
  return { root, git };
}

/** Bare, of a tree with directories, a binary file and several versions, so that packs hold deltas. */
const template = mkdtempSync(join(tmpdir(), 'seaworthy-bare-template-'));
after(() => rmSync(template, { recursive: true, force: true }));
before(() => {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: template, env: withGit, stdio: 'pipe' });
  const work = (...args: string[]) => git('-C', 'work', ...args);
  git('init', '-q', '-b', 'main', 'work');
  mkdirSync(join(template, 'work/deploy/a'), { recursive: true });
  const long = Array.from({ length: 400 }, (_, at) => `# line ${at} ${'x'.repeat(at % 50)}`);
  for (let at = 0; at < 4; at++) {
    writeFileSync(
      join(template, 'work/deploy/a/app.yaml'),
      `${pod(`${name}:1@${old}`)}${long.slice(at * 4).join('\n')}\n`,
    );
    writeFileSync(join(template, 'work/deploy/a.yaml'), pod(`nginx:${at}`));
    writeFileSync(join(template, 'work/deploy/a-b.yaml'), pod(`${name}@${old}`));
    writeFileSync(join(template, 'work/notes.txt'), `${old}\n`);
    writeFileSync(join(template, 'work/data.bin'), Buffer.from([0xff, 0, at, 10, 13]));
    work('add', '-A');
    work('commit', '-q', '-m', `change ${at}`);
  }
  work('tag', '-a', '-m', 'first', 'v1');
  git('init', '-q', '--bare', '-b', 'main', 'loose.git');
  work('push', '-q', '--tags', join(template, 'loose.git'), 'main');
  cpSync(join(template, 'loose.git'), join(template, 'packed.git'), { recursive: true });
  git('-C', 'packed.git', 'pack-refs', '--all');
  cpSync(join(template, 'packed.git'), join(template, 'named.git'), { recursive: true });
  git('-C', 'packed.git', 'repack', '-q', '-a', '-d', '-f');
  git('-C', 'named.git', '-c', 'repack.useDeltaBaseOffset=false', 'repack', '-q', '-a', '-d', '-f');
});

function manifests(t: Pick<TestContext, 'after'>) {
  const { root, git } = directoryOf(t);
  cpSync(template, root, { recursive: true });
  return { root, git };
}

async function rolledOut(repository: string, env: NodeJS.ProcessEnv, onBase: boolean) {
  const opened = await openRepository(repository, { env });
  try {
    const made = await commitGit(opened, change, { onBase, cause: 'CVE-2026-0001' });
    return { commit: made?.commit, branch: made?.branch, left: made?.plan.left };
  } finally {
    opened.close();
  }
}

test('without git the same commits are made as with it, from loose objects and from packs, and git takes them', async (t) => {
  const { root, git } = manifests(t);
  for (const [repository, onBase] of [
    ['loose.git', false],
    ['packed.git', true],
    ['named.git', false],
  ] as const) {
    cpSync(join(root, repository), join(root, 'peer.git'), { recursive: true });
    const by = await rolledOut(join(root, 'peer.git'), withGit, onBase);
    const own = await rolledOut(join(root, repository), withoutGit, onBase);
    assert.deepEqual(own, by);
    assert.equal(git('-C', repository, 'rev-parse', `refs/heads/${own.branch}`), by.commit);
    assert.equal(git('-C', repository, 'fsck', '--strict', '--full'), '');
    assert.equal(
      git('-C', repository, 'diff', '--numstat', `${own.commit}^`, own.commit!),
      '1\t1\tdeploy/a-b.yaml\n1\t1\tdeploy/a/app.yaml',
    );
    // the same again is the same commit; on the branch itself nothing is left to change
    const again = await rolledOut(join(root, repository), withoutGit, onBase);
    assert.equal(again.commit, onBase ? undefined : own.commit);
    rmSync(join(root, 'peer.git'), { recursive: true });
  }
});

test('what is read without git is what git reads', async (t) => {
  const { root, git } = manifests(t);
  const answers = [];
  for (const [repository, env] of [
    ['packed.git', withGit],
    ['loose.git', withoutGit],
    ['packed.git', withoutGit],
    ['named.git', withoutGit],
  ] as const) {
    const opened = await openRepository(join(root, repository), { env });
    const { objects, base, remote, directory } = opened;
    const files = await objects.list(base.commit, '');
    answers.push({
      base,
      remote,
      directory,
      files,
      contents: [...(await objects.read(files))],
      mentions: await objects.mentions(base.commit, '', [old.slice(7), 'nginx']),
      tag: await objects.commitAt('refs/tags/v1'),
      none: await objects.commitAt('refs/heads/none'),
      head: await objects.nameAt('HEAD'),
      plan: await planGit(opened, change),
    });
    opened.close();
  }
  for (const answer of answers.slice(1)) assert.deepEqual(answer, answers[0]);
  assert.match(
    git(
      '-C',
      'named.git',
      'verify-pack',
      '-v',
      `objects/pack/${readdirSync(join(root, 'named.git/objects/pack')).find((one) => one.endsWith('.idx'))}`,
    ),
    /chain length = [1-9]/,
  );
});

test('a repository made without git is one to git: same objects, clean, and it can be committed to', async (t) => {
  const { root, git } = directoryOf(t);
  const at = new Date('2026-11-01T00:00:00Z');
  const files = { 'b.yaml': pod(`${name}:1@${old}`), 'a.yaml': 'a: 1\n' };
  const content = { branch: 'main', files, message: 'start', name: 'D', email: 'd@example.com', at };
  const commit = await makeRepository(join(root, 'new.git'), content);
  assert.equal(git('-C', 'new.git', 'fsck', '--strict', '--full'), '');
  assert.equal(
    git('-C', 'new.git', 'log', '--format=%H %an %ae %aI %s', 'main'),
    `${commit} D d@example.com 2026-11-01T00:00:00+00:00 start`,
  );
  assert.equal(git('-C', 'new.git', 'show', 'main:b.yaml'), files['b.yaml'].trim());
  assert.notEqual((await rolledOut(join(root, 'new.git'), withGit, true)).commit, undefined);
});

test('two who move a branch: one of them is told, and nothing is lost', async (t) => {
  const { root, git } = manifests(t);
  const bare = join(root, 'loose.git');
  const opened = await openRepository(bare, { env: withoutGit });
  t.after(() => opened.close());
  const { objects, base } = opened;
  const one = await objects.commit(await objects.replace(base.commit, []), base.commit, 'one\n');
  const two = await objects.commit(await objects.replace(base.commit, []), base.commit, 'two\n');
  const ended = await Promise.allSettled([
    objects.move('refs/heads/main', one, base.commit),
    objects.move('refs/heads/main', two, base.commit),
  ]);
  assert.deepEqual(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.ok([one, two].includes(git('-C', 'loose.git', 'rev-parse', 'main')));
  await assert.rejects(objects.move('refs/heads/main/x', one, undefined), { code: 'git-failed' });
  await assert.rejects(objects.move('refs/heads/../../x', one, undefined), { code: 'git-failed' });
  await assert.rejects(objects.move('refs/heads/new', one, two), { code: 'git-failed' });
});

test('what needs git says so, and why', async (t) => {
  const { root, git } = manifests(t);
  const refused = async (repository: string, message: RegExp) =>
    assert.rejects(openRepository(join(root, repository), { env: withoutGit }), {
      code: 'git-missing',
      message,
    });
  await refused('work', /only a bare repository/);
  git('init', '-q', '--bare', '--object-format=sha256', 'long.git');
  await refused('long.git', /extensions.objectformat/);
  git('-C', 'loose.git', 'config', 'commit.gpgSign', 'true');
  await refused('loose.git', /nothing can sign/);
  git('clone', '-q', '--bare', '--shared', 'work', 'shared.git');
  await refused('shared.git', /alternates/);
  await assert.rejects(openRepository('https://127.0.0.1:1/a.git', { env: withoutGit }), {
    code: 'git-missing',
  });
});

test('damaged objects are named and never believed', async (t) => {
  const { root, git } = manifests(t);
  const id = git('-C', 'loose.git', 'rev-parse', 'main');
  git('init', '-q', '--bare', '-b', 'main', 'bad.git');
  mkdirSync(join(root, 'bad.git/objects', id.slice(0, 2)), { recursive: true });
  const file = join(root, 'bad.git/objects', id.slice(0, 2), id.slice(2));
  writeFileSync(join(root, 'bad.git/refs/heads/main'), `${id}\n`);
  const { deflateSync } = await import('node:zlib');
  for (const bytes of ['commit 3\0abc', 'commit 9\0abc', 'blob 3\0abc', '', 'x'.repeat(1 << 20)]) {
    writeFileSync(file, deflateSync(bytes));
    await assert.rejects(openRepository(join(root, 'bad.git'), { env: withoutGit }), { code: 'git-failed' });
  }
  writeFileSync(file, 'no zlib');
  await assert.rejects(openRepository(join(root, 'bad.git'), { env: withoutGit }), { code: 'git-failed' });
  // much that takes little room
  writeFileSync(file, deflateSync(Buffer.alloc(65 << 20), { level: 1 }));
  await assert.rejects(openRepository(join(root, 'bad.git'), { env: withoutGit }), { code: 'git-limit' });
});

test('deltas that lie about sizes or read outside of their base are refused', () => {
  const base = Buffer.from('0123456789');
  assert.equal(applyDelta('x', base, Buffer.from([10, 6, 0x91, 2, 4, 2, 65, 66])).toString(), '2345AB');
  for (const delta of [
    [],
    [9, 1, 1, 65],
    [10, 2, 1, 65],
    [10, 1, 0],
    [10, 4, 0x91, 8, 4],
    [10, 4, 0x91, 8, 4, 2, 65, 66],
    [10, 1, 3, 65],
    [10, 1, 1, 65, 1, 66],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ])
    assert.throws(() => applyDelta('x', base, Buffer.from(delta)), { code: 'git-failed' }, String(delta));
});

test('settings are read as git reads them', async (t) => {
  const { root, git } = directoryOf(t);
  const text = `[core]\n\tbare = true ; yes\n[user]\n  name = "A # B" C # x\n  email = a@b\\\n.c\n[Remote "or\\"i gin"] url = x y  \n[a.B]\nKey\n`;
  writeFileSync(join(root, 'settings'), text);
  const listed = git('config', '--file', 'settings', '--list', '-z')
    .split('\0')
    .filter((one) => one !== '');
  const theirs = Object.fromEntries(
    listed.map((one) => (one.includes('\n') ? one.split('\n') : [one, 'true'])),
  );
  assert.deepEqual(Object.fromEntries(parseSettings(text)), theirs);
});
