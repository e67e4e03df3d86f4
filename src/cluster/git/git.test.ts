// Tests of manifests changed in a repository, with the system's git as the judge of what changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { DigestChange } from '../workload/index.ts';
import { commitGit, openRepository, parseHelmValues, planGit } from './index.ts';

const old = `sha256:${'0'.repeat(63)}1`;
const next = `sha256:${'0'.repeat(63)}2`;
const other = `sha256:${'0'.repeat(63)}3`;
const name = 'registry.example.com/team/app';
const change: DigestChange = { domain: 'registry.example.com', repository: 'team/app', from: old, to: next };

const env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

/** A repository of these files, one commit on `main`. */
function repositoryOf(t: Pick<TestContext, 'after'>, files: Record<string, string | Buffer>) {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-manifests-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, env, encoding: 'utf8', stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), data);
  }
  git('add', '-A');
  git('commit', '-q', '-m', 'start');
  return { root, git };
}

const deployment = (image: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          image: ${image}\n`;

/** Plans and gives the one file's new text. */
async function changed(
  t: TestContext,
  path: string,
  text: string | Buffer,
  wanted: DigestChange = change,
  helm: string[] = [],
) {
  const { root } = repositoryOf(t, { [path]: text });
  const repository = await openRepository(root, { env });
  try {
    const plan = await planGit(repository, wanted, { helmValues: helm.map(parseHelmValues) });
    return { plan, text: plan.files[0]?.bytes.toString('utf8') };
  } finally {
    repository.close();
  }
}

const shapes: Record<string, (image: string) => string> = {
  'plain with a comment': (image) => deployment(`${image}   # keep me`),
  'single quotes': (image) => deployment(`'${image}'`),
  'double quotes': (image) => deployment(`"${image}"`),
  'a folded block': (image) => deployment(`>-\n            ${image}`),
  'carriage returns': (image) => deployment(image).replaceAll('\n', '\r\n'),
  'a byte order mark': (image) => `\ufeff${deployment(image)}`,
  'no line at the end': (image) => deployment(image).trimEnd(),
  'flow style': (image) =>
    `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a,image: ${image} }]}}\n`,
  JSON: (image) =>
    `{\n\t"apiVersion": "v1",\n\t"kind": "Pod", "spec": {"containers":[{"image":"${image}"}]}}\n`,
  'several documents': (image) =>
    `# first\n---\napiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n---\n${deployment(image)}---\n\n# nothing\n---\n${deployment('nginx:1')}...\n`,
  'an anchor and its aliases': (image) =>
    `apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n    - {name: a, image: &it ${image}}\n  containers:\n    - name: b\n      image: *it\n`,
  'a merge key': (image) =>
    `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    spec:\n      containers:\n        - &c { name: a, image: ${image} }\n        - { <<: *c, name: b }\n`,
  'init containers and image volumes': (image) =>
    `kind: CronJob\napiVersion: batch/v1\nspec: {jobTemplate: {spec: {template: {spec:\n  {initContainers: [{name: i, image: ${image}}],\n  volumes: [{name: v, image: {reference: ${image}}}]}}}}}\n`,
  'odd spacing and tabs behind values': (image) =>
    deployment(`${image}\t`).replace('image: ', 'image:      '),
};

for (const [shape, write] of Object.entries(shapes))
  test(`${shape}: only the digest changes, byte for byte`, async (t) => {
    for (const tag of ['', ':1.2']) {
      const path = shape === 'JSON' ? 'a.json' : 'deploy/a.yaml';
      const { plan, text } = await changed(t, path, write(`${name}${tag}@${old}`));
      assert.equal(text, write(`${name}${tag}@${next}`));
      assert.deepEqual(plan.left, []);
    }
  });

test('escapes in double quotes are written anew, in the same quotes', async (t) => {
  const { text } = await changed(t, 'a.yaml', deployment(`"${name}\\u0040${old}"`));
  assert.equal(text, deployment(`"${name}@${next}"`));
});

test('other digests, repositories and registries stay as they are', async (t) => {
  for (const image of [
    `${name}@${other}`,
    `registry.example.com/team/app2@${old}`,
    `team/app@${old}`,
    `${name}:1.2`,
  ]) {
    const { plan } = await changed(t, 'a.yaml', deployment(image));
    assert.deepEqual(plan.files, [], image);
  }
});

test('a short name is Docker Hub’s and keeps its spelling', async (t) => {
  const wanted = { ...change, domain: 'docker.io', repository: 'library/app' };
  const { text } = await changed(t, 'a.yaml', deployment(`app:1@${old}`), wanted);
  assert.equal(text, deployment(`app:1@${next}`));
});

test('a tag without a digest is pinned only when that very tag was named beside the old digest', async (t) => {
  const named = await changed(t, 'a.yaml', deployment(`${name}:1.2`), { ...change, tag: '1.2' });
  assert.equal(named.text, deployment(`${name}:1.2@${next}`));
  const another = await changed(t, 'a.yaml', deployment(`${name}:1.3`), { ...change, tag: '1.2' });
  assert.equal(another.text, undefined);
  assert.deepEqual(another.plan.byTag, [{ path: 'a.yaml', line: 9, image: `${name}:1.3` }]);
});

test('a new tag takes the place of the old one', async (t) => {
  const { text } = await changed(t, 'a.yaml', deployment(`${name}:1.2@${old}`), { ...change, toTag: '1.3' });
  assert.equal(text, deployment(`${name}:1.3@${next}`));
});

test('a value that hangs on the anchor of an image stops the change of that file', async (t) => {
  const source = `apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: {was: &it "${name}@${old}"}\nspec:\n  containers: [{name: a, image: *it}]\n`;
  const { plan } = await changed(t, 'a.yaml', source);
  assert.deepEqual(plan.files, []);
  assert.match(plan.left[0]?.why ?? '', /same anchor/);
});

test('images of a kustomization: digest, newTag with a digest, and a digest added behind the named tag', async (t) => {
  const write = (one: string, two: string, three: string, four: string) =>
    `images:\n- name: app\n  newName: ${name}\n  digest: ${one} # pinned\n- {name: ${name}, newTag: "1.2@${two}"}\n- name: ${name}\n  newTag: "1.2" # why\n${three}- {name: x, newName: ${name}, newTag: '1.2'${four}}\n- name: other\n  digest: ${old}\n`;
  const { text, plan } = await changed(t, 'kustomization.yaml', write(old, old, '', ''), {
    ...change,
    tag: '1.2',
  });
  assert.equal(text, write(next, next, `  digest: ${next}\n`, `, digest: ${next}`));
  assert.deepEqual(
    plan.left.map(({ line }) => line),
    [11],
  );
});

test('Helm values change where they are declared: text, maps, a digest alone', async (t) => {
  const write = (digest: string) =>
    `image:\n  registry: registry.example.com\n  repository: team/app\n  tag: "1.2"\n  digest: "${digest}"   # set by CI\nsidecars:\n  - whole: ${name}:1.2@${digest}\nalone.key: '${digest}'\nrest: [1, 2]\n`;
  const paths = ['values.yaml:image', 'values.yaml:sidecars[0].whole', 'values.yaml:alone\\.key'];
  const { text, plan } = await changed(t, 'values.yaml', write(old), change, paths);
  assert.equal(text, write(next));
  assert.deepEqual(plan.left, []);
});

test('an image in undeclared values is left, with the option that would declare it', async (t) => {
  const { plan } = await changed(
    t,
    'chart/values.yaml',
    `web:\n  image:\n    repository: ${name}\n    digest: ${old}\n`,
  );
  assert.deepEqual(plan.files, []);
  assert.match(plan.left[0]?.why ?? '', /--helm-values chart\/values.yaml:web.image$/);
  assert.equal(plan.left[0]?.line, 4);
});

test('Helm values without a digest key are left to a person', async (t) => {
  const { plan } = await changed(
    t,
    'v.yaml',
    `image: {repository: ${name}, tag: "1.2"}\n`,
    { ...change, tag: '1.2' },
    ['v.yaml:image'],
  );
  assert.deepEqual(plan.files, []);
  assert.match(plan.left[0]?.why ?? '', /no digest key/);
});

test('templates and damaged files that hold the old digest are named, others passed by', async (t) => {
  const { root } = repositoryOf(t, {
    'templates/a.yaml': `image: {{ .Values.image }}@${old}\n  {{- end }}`,
    'b.yaml': Buffer.from([0xff, 0xfe, 0x00]),
    'notes.txt': `see ${old}\n`,
    'c.yaml': '{{ nothing of ours',
  });
  const repository = await openRepository(root, { env });
  t.after(() => repository.close());
  const plan = await planGit(repository, change);
  assert.deepEqual(
    plan.left.map(({ path, line }) => `${path}:${line}`),
    ['notes.txt:1', 'templates/a.yaml:1'],
  );
});

test('the commit is made beside the work tree: nothing of the user’s changes, and git sees one line per file', async (t) => {
  const { root, git } = repositoryOf(t, {
    'a.yaml': deployment(`${name}:1@${old}`),
    'crlf.yaml': deployment(`${name}@${old}`).replaceAll('\n', '\r\n'),
    'run.yaml': deployment('nginx'),
    '.gitattributes': '* text=auto eol=lf\n*.yaml filter=evil -diff\n',
  });
  git('config', 'filter.evil.clean', `touch ${root}/RAN; cat`);
  writeFileSync(join(root, '.git/hooks/reference-transaction'), `#!/bin/sh\ntouch ${root}/RAN\n`, {
    mode: 0o755,
  });
  writeFileSync(join(root, 'a.yaml'), 'being edited\n');
  writeFileSync(join(root, 'new.txt'), 'staged\n');
  execFileSync('git', ['-c', 'filter.evil.clean=cat', 'add', 'new.txt'], { cwd: root, env });
  rmSync(join(root, 'RAN'), { force: true });
  const status = () =>
    execFileSync(
      'git',
      [
        '-c',
        'filter.evil.clean=cat',
        '-c',
        'core.hooksPath=/dev/null',
        'status',
        '--porcelain=v2',
        '--branch',
      ],
      { cwd: root, env, encoding: 'utf8' },
    );
  const before = status();
  const repository = await openRepository(root, { env });
  t.after(() => repository.close());
  const done = await commitGit(repository, change, { cause: 'CVE-2026-0001 in the base' });
  assert.equal(done?.isNew, true);
  assert.equal(status(), before);
  assert.equal(readFileSync(join(root, 'a.yaml'), 'utf8'), 'being edited\n');
  assert.throws(() => readFileSync(join(root, 'RAN')), /ENOENT/);
  const log = git('log', '-1', '--format=%B', done!.branch);
  assert.match(log, /CVE-2026-0001 in the base/);
  assert.ok(log.includes(`From: ${name}@${old}\nTo: ${name}@${next}`));
  // the attributes call these files binary; for the count they are text
  writeFileSync(join(root, '.git/info/attributes'), '*.yaml diff\n');
  assert.equal(git('diff', '--numstat', '--text', 'main', done!.branch), '1\t1\ta.yaml\n1\t1\tcrlf.yaml\n');
});

test('the same rollout twice makes one branch and one commit; what others added to the branch stays', async (t) => {
  const { root, git } = repositoryOf(t, {
    'a.yaml': deployment(`${name}@${old}`),
    'b.yaml': deployment('nginx'),
  });
  const run = async () => {
    const repository = await openRepository(root, { env });
    try {
      return await commitGit(repository, change);
    } finally {
      repository.close();
    }
  };
  const first = await run();
  const second = await run();
  assert.equal(second?.isNew, false);
  assert.equal(second?.commit, first?.commit);
  // somebody adds to main: the branch gets a second commit, on top of the first
  writeFileSync(join(root, 'c.yaml'), deployment(`${name}@${old}`));
  git('checkout', '-q', first!.branch);
  git('add', '-A');
  git('commit', '-q', '-m', 'mine');
  await assert.rejects(run(), { code: 'git-branch-in-use' });
  git('checkout', '-q', 'main');
  const third = await run();
  assert.equal(git('log', '--format=%s', `main..${third!.branch}`).split('\n')[1], 'mine');
  assert.equal(git('grep', '-c', next, third!.branch).trim().split('\n').length, 2);
});

test('a branch that was merged goes on from its base', async (t) => {
  const { root, git } = repositoryOf(t, { 'a.yaml': deployment(`${name}@${old}`) });
  const run = async () => {
    const repository = await openRepository(root, { env });
    try {
      return await commitGit(repository, change);
    } finally {
      repository.close();
    }
  };
  const first = await run();
  git('merge', '-q', first!.branch);
  assert.equal(await run(), undefined);
  git('revert', '--no-edit', 'HEAD');
  const again = await run();
  assert.equal(again?.isNew, true);
  assert.equal(git('rev-parse', `${again!.branch}^`), git('rev-parse', 'main'));
});

test('an URL is cloned, and its branch pushed once; a second run finds it there', async (t) => {
  const { root, git } = repositoryOf(t, { 'deploy/a.yaml': deployment(`${name}@${old}`) });
  const url = pathToFileURL(root).href;
  const run = async () => {
    const repository = await openRepository(url, { env });
    try {
      return await commitGit(repository, change, { push: true });
    } finally {
      repository.close();
    }
  };
  const first = await run();
  assert.equal(git('rev-parse', first!.branch).trim(), first!.commit);
  assert.equal(git('diff', '--numstat', 'main', first!.branch), '1\t1\tdeploy/a.yaml\n');
  const second = await run();
  assert.equal(second?.isNew, false);
  assert.equal(git('rev-list', '--count', `main..${first!.branch}`).trim(), '1');
});

test('links are not followed, and a directory of a repository is all that is looked at', async (t) => {
  const { root, git } = repositoryOf(t, {
    'one/a.yaml': deployment(`${name}@${old}`),
    'two/a.yaml': deployment(`${name}@${old}`),
  });
  symlinkSync('../two/a.yaml', join(root, 'one/link.yaml'));
  git('add', '-A');
  git('commit', '-q', '-m', 'link');
  const repository = await openRepository(join(root, 'one'), { env });
  t.after(() => repository.close());
  const plan = await planGit(repository, change);
  assert.deepEqual(
    plan.files.map(({ path }) => path),
    ['one/a.yaml'],
  );
  assert.deepEqual(plan.left, []);
});

test('addresses that could run something are refused, and secrets never shown', async () => {
  for (const address of [
    'ext::sh -c id',
    '-oProxyCommand=id',
    'http://example.com/a',
    'ssh://-oProxyCommand=id/a',
    'fd::17',
  ])
    await assert.rejects(openRepository(address, { env }), { code: 'git-url-refused' }, address);
  await assert.rejects(openRepository('https://user:hunter2@127.0.0.1:1/a.git', { env }), (error: Error) => {
    assert.doesNotMatch(`${error.message}${error.stack}`, /hunter2/);
    return true;
  });
});

test('a commit nobody answers for is refused with what to set', async (t) => {
  const { root } = repositoryOf(t, { 'a.yaml': deployment(`${name}@${old}`) });
  const repository = await openRepository(root, {
    env: {
      PATH: env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_COMMITTER_EMAIL: '',
      GIT_AUTHOR_EMAIL: '',
      GIT_AUTHOR_NAME: '',
    },
  });
  t.after(() => repository.close());
  await assert.rejects(commitGit(repository, change), { code: 'git-identity-missing' });
});

test('declared values need a file below the repository and keys that lead somewhere', () => {
  assert.deepEqual(parseHelmValues('a/values.yaml:image'), { file: 'a/values.yaml', path: ['image'] });
  assert.deepEqual(parseHelmValues('v.yaml:a\\.b[2].c'), { file: 'v.yaml', path: ['a.b', 2, 'c'] });
  for (const text of [
    '',
    'values.yaml',
    'v.yaml:',
    'v.yaml:.a',
    'v.yaml:a.',
    'v.yaml:a..b',
    '../v.yaml:a',
    '/v.yaml:a',
    ':a',
  ])
    assert.throws(() => parseHelmValues(text), { code: 'helm-values-invalid' }, text);
});
