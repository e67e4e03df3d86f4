// What the demo starts from, written to a directory: images, policy, configuration, manifests and their repository.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoAddresses, demoManifest, demoPolicy, demoServer } from './demofiles.ts';
import { demoDigest, writeDemoImages } from './demoimages.ts';

export function writeDemo(dir: string, addresses: DemoAddresses): void {
  mkdirSync(dir, { recursive: true });
  const { registry } = addresses;
  writeDemoImages(dir, registry);
  writeFileSync(join(dir, 'policy.yaml'), demoPolicy(registry));
  writeFileSync(join(dir, 'server.yaml'), demoServer(addresses));
  for (const name of ['shop', 'web', 'api'])
    writeFileSync(
      join(dir, `${name}.yaml`),
      demoManifest(name, `${registry}/team/${name}:1@${demoDigest(name, registry)}`),
    );
  makeRepository(dir);
}

function makeRepository(dir: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }).trim();
  const identity = ['-c', 'user.name=Seaworthy demo', '-c', 'user.email=demo@seaworthy.invalid'];
  git('init', '--quiet', '--bare', '--initial-branch=main', 'manifests.git');
  const tree = ['api', 'shop', 'web']
    .map(
      (name) =>
        `100644 blob ${git('--git-dir=manifests.git', 'hash-object', '-w', `${name}.yaml`)}\t${name}.yaml\n`,
    )
    .join('');
  const root = execFileSync('git', ['--git-dir=manifests.git', 'mktree'], {
    cwd: dir,
    input: tree,
    encoding: 'utf8',
  }).trim();
  const commit = git(
    '--git-dir=manifests.git',
    ...identity,
    'commit-tree',
    root,
    '-m',
    'what the cluster is deployed from',
  );
  git('--git-dir=manifests.git', 'update-ref', 'refs/heads/main', commit);
  git('--git-dir=manifests.git', 'config', 'user.name', 'Seaworthy demo');
  git('--git-dir=manifests.git', 'config', 'user.email', 'demo@seaworthy.invalid');
}
