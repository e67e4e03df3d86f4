import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';

const folder = new URL('../../../deploy/pipelines/', import.meta.url);
const azure = readFileSync(new URL('azure-pipelines.yml', folder), 'utf8');
const jenkinsfile = readFileSync(new URL('Jenkinsfile', folder), 'utf8');
const fields = ['id', 'image', 'tag', 'stagingTag', 'base', 'baseDigest', 'platforms'];
const digest = `sha256:${'b'.repeat(64)}`;

interface AzureStep {
  bash?: string;
  displayName?: string;
  env?: Record<string, string>;
}

const template = parse(azure) as {
  parameters: { name: string }[];
  jobs: { steps: (AzureStep | Record<string, AzureStep[]>)[] }[];
};

/** Words of each `docker` and `seaworthy` that a script runs. */
function ran(context: TestContext, shell: string, script: string, env: Record<string, string>): string[][] {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-template-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'bin'));
  for (const name of ['docker', 'seaworthy']) {
    const file = join(root, 'bin', name);
    writeFileSync(
      file,
      `#!/bin/sh\nprintf '%s\\0' ${name} "$@" >>"${root}/ran"; printf '\\n' >>"${root}/ran"\n`,
    );
    chmodSync(file, 0o755);
  }
  execFileSync(shell, ['-c', script], {
    cwd: root,
    env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, ...env },
  });
  return readFileSync(join(root, 'ran'), 'utf8')
    .split('\0\n')
    .filter(Boolean)
    .map((line) => line.split('\0'));
}

const hostile = 'registry.example/app"; touch /tmp/x; $(id) `id` #';

test('the Azure template declares exactly the parameters that a renewal gives', () => {
  assert.deepEqual(
    template.parameters.map(({ name }) => name),
    fields.map((field) => (field === 'id' ? 'renewalId' : field)),
  );
});

test('the Jenkinsfile declares exactly the parameters that a renewal gives', () => {
  const names = [...jenkinsfile.matchAll(/string\(name: '(\w+)'/g)].map(([, name]) => name);
  assert.deepEqual(names, ['RENEWAL_ID', 'IMAGE', 'TAG', 'STAGING_TAG', 'BASE', 'BASE_DIGEST', 'PLATFORMS']);
});

test('no template puts a parameter into the text of a script', () => {
  const scripts = template.jobs[0]!.steps.flatMap((step) => ('bash' in step ? [String(step['bash'])] : []));
  assert.ok(scripts.length >= 2);
  for (const script of scripts) assert.doesNotMatch(script, /\$\{\{|\$\(\w+\)/);
  assert.doesNotMatch(jenkinsfile, /sh\s*"/);
});

test('the Azure template builds on the digest, for the platforms, to the staging tag alone', (context) => {
  const build = template.jobs[0]!.steps.find(
    (step) => (step as AzureStep).displayName === 'Build and push to the staging tag',
  ) as AzureStep;
  const env = {
    IMAGE: 'registry.example:5000/app',
    STAGING_TAG: 'sea-1',
    BASE: 'registry.example:5000/base:12',
    BASE_DIGEST: digest,
    PLATFORMS: 'linux/amd64,linux/arm64',
    BUILD_ID: '7',
  };
  assert.deepEqual(Object.keys(build.env!), Object.keys(env));
  const words = ran(context, 'bash', build.bash!, env).at(-1)!;
  assert.deepEqual(words.slice(3), [
    ...['--platform', 'linux/amd64,linux/arm64', '--provenance=false'],
    ...['--tag', 'registry.example:5000/app:sea-1', '--push'],
    ...['--build-arg', `BASE_IMAGE=registry.example:5000/base@${digest}`],
    ...['--label', 'org.opencontainers.image.base.name=registry.example:5000/base:12'],
    ...['--label', `org.opencontainers.image.base.digest=${digest}`],
    '.',
  ]);
  const push = ran(context, 'bash', build.bash!, { ...env, STAGING_TAG: ' ', BASE: ' ', IMAGE: hostile }).at(
    -1,
  )!;
  assert.deepEqual(push.slice(3), [
    ...['--platform', 'linux/amd64,linux/arm64', '--provenance=false'],
    ...['--tag', `${hostile}:staging-7`, '--push', '.'],
  ]);
});

test('the Jenkinsfile builds on the digest, for the platforms, to the staging tag alone', (context) => {
  const script = /stage\('Build'\)[\s\S]*?sh '''([\s\S]*?)'''/
    .exec(jenkinsfile)![1]!
    .replaceAll('\\\\', '\\');
  const env = {
    STAGING: `${hostile}:sea-1`,
    BASE: 'registry.example:5000/base:12',
    BASE_DIGEST: digest,
    PLATFORMS: 'linux/amd64',
  };
  assert.deepEqual(ran(context, 'sh', script, env).at(-1)!.slice(3), [
    ...['--platform', 'linux/amd64', '--provenance=false', '--tag', `${hostile}:sea-1`, '--push'],
    ...['--build-arg', `BASE_IMAGE=registry.example:5000/base@${digest}`],
    ...['--label', 'org.opencontainers.image.base.name=registry.example:5000/base:12'],
    ...['--label', `org.opencontainers.image.base.digest=${digest}`],
    '.',
  ]);
});
