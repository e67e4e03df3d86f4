// Manifests changed in a repository, rendered before and after by kubectl's Kustomize and by Helm: only digests differ.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { installGo } from '../interop/peers.ts';
import { commitGit, openRepository, parseHelmValues } from '../src/cluster/git/index.ts';

const old = `sha256:${'1'.repeat(64)}`;
const next = `sha256:${'2'.repeat(64)}`;
const app = 'registry.example.com/team/app';
const change = { domain: 'registry.example.com', repository: 'team/app', from: old, to: next };
const env = {
  PATH: process.env['PATH'],
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

/** Commits the files, rolls out, and gives what `render` says on both branches. */
async function rendered(
  t: TestContext,
  files: Record<string, string>,
  helmValues: readonly string[],
  render: (root: string) => string,
  tag?: string,
): Promise<{ before: string; after: string; numstat: string }> {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-gitops-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, encoding: 'utf8' });
  git('init', '-q', '-b', 'main');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  git('add', '-A');
  git('commit', '-q', '-m', 'start');
  const before = render(root);
  const repository = await openRepository(root, { env });
  t.after(() => repository.close());
  const done = await commitGit(repository, tag === undefined ? change : { ...change, tag }, {
    helmValues: helmValues.map(parseHelmValues),
  });
  assert.ok(done?.isNew);
  const numstat = git('diff', '--numstat', 'main', done.branch);
  git('checkout', '-q', done.branch);
  return { before, after: render(root), numstat };
}

function output(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stderr}`);
  return stdout;
}

const deployment = (image: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
        - {name: first, image: "${image}"}
      containers:
        - name: main   # the one that matters
          image: ${image}
`;

test('kubectl kustomize renders the new digest and nothing else anew, in every form of images', async (t) => {
  const kustomize = (directory: string) => (root: string) =>
    output('kubectl', ['kustomize', join(root, directory)]);
  const base = {
    'base/deployment.yaml': deployment('web-app'),
    'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
  };
  const overlays = {
    digest: `resources: [../base]\nimages:\n- name: web-app\n  newName: ${app}\n  digest: ${old} # pinned\n`,
    both: `resources: [../base]\nimages:\n- name: web-app\n  newName: ${app}\n  newTag: "1.2"\n  digest: ${old}\n`,
    'tag with digest': `resources: [../base]\r\nimages:\r\n- {name: web-app, newName: ${app}, newTag: "1.2@${old}"}\r\n`,
  };
  for (const [form, overlay] of Object.entries(overlays)) {
    const files = { ...base, 'prod/kustomization.yaml': overlay };
    const { before, after, numstat } = await rendered(t, files, [], kustomize('prod'));
    assert.ok(before.includes(old), form);
    assert.equal(after, before.replaceAll(old, next), form);
    assert.equal(numstat, '1\t1\tprod/kustomization.yaml\n', form);
  }
  const plain = {
    'deployment.yaml': deployment(`${app}:1.2@${old}`),
    'kustomization.yaml': 'resources: [deployment.yaml]\n',
  };
  const direct = await rendered(t, plain, [], kustomize('.'));
  assert.equal(direct.after, direct.before.replaceAll(old, next));
  assert.equal(direct.numstat, '2\t2\tdeployment.yaml\n');
});

test('kubectl kustomize renders a digest that was added behind a tag', async (t) => {
  const files = {
    'deployment.yaml': deployment('web-app'),
    'kustomization.yaml': `resources: [deployment.yaml]\nimages:\n- name: web-app\n  newName: ${app}\n  newTag: "1.2" # of May\n`,
  };
  const { before, after } = await rendered(
    t,
    files,
    [],
    (root) => output('kubectl', ['kustomize', root]),
    '1.2',
  );
  const images = (text: string) => [...new Set(text.match(/image: .*/g))];
  assert.deepEqual(images(before), [`image: ${app}:1.2`]);
  assert.equal(images(after).length, 1);
  assert.match(images(after)[0]!, new RegExp(`^image: ${app}(?::1\\.2)?@${next}$`));
});

// Helm is no part of the test cluster: where it is on the PATH it is asked as well.
test('helm template renders the new digest and nothing else anew, for maps and for whole references', async (t) => {
  const files = {
    'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'chart/values.yaml': `# values\nimage:\n  registry: registry.example.com\n  repository: team/app\n  tag: "1.2"\n  digest: ${old}   # by the pipeline\nwhole: &w '${app}:1.2@${old}'\nreplicas: 2\n`,
    'chart/templates/deployment.yaml': deployment('{{ .Values.whole }}')
      .replace('- name: main', '- name: main\n          args: [{{ .Values.replicas | quote }}]')
      .concat(
        '        - name: other\n          image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}@{{ .Values.image.digest }}"\n',
      ),
  };
  const declared = ['chart/values.yaml:image', 'chart/values.yaml:whole'];
  const { before, after, numstat } = await rendered(t, files, declared, (root) =>
    output(installGo('helm'), ['template', 'web', join(root, 'chart')]),
  );
  assert.equal(before.split(old).length, 4);
  assert.equal(after, before.replaceAll(old, next));
  assert.equal(numstat, '2\t2\tchart/values.yaml\n');
});
