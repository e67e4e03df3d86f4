// npm run e2e: a real cluster (the one of KUBECONFIG, else one of our own), every suite on it, one after the other.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trustAuthority } from './place.ts';

const root = new URL('..', import.meta.url).pathname;
const wanted = process.argv.slice(2);

function startCluster(): { env: Record<string, string>; stop(): void } {
  const given = process.env['KUBECONFIG'];
  if (given !== undefined) return { env: { KUBECONFIG: given }, stop() {} };
  const tools = process.env['SEAWORTHY_CLUSTER'] ?? join(root, '..', 'shared', 'cluster');
  if (!existsSync(join(tools, 'up')))
    throw new Error(`expected a cluster by KUBECONFIG, or ${tools}/up, got neither`);
  const packages = ['docker-registry', 'buildah', 'ca-certificates'].filter(
    (name) => spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status !== 0,
  );
  if (packages.length > 0)
    execFileSync(
      'sh',
      ['-c', `apt-get update -q && apt-get install -y -q --no-install-recommends ${packages.join(' ')}`],
      { stdio: ['ignore', 2, 2] },
    );
  trustAuthority();
  for (let tried = 1; ; tried++) {
    const directory = mkdtempSync(join(tmpdir(), 'seaworthy-cluster-'));
    try {
      execFileSync(join(tools, 'up'), [directory], { stdio: ['ignore', 'ignore', 2] });
      return {
        env: {
          KUBECONFIG: join(directory, 'kubeconfig'),
          PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
          E2E_CLUSTER: directory,
        },
        stop: () => void spawnSync(join(tools, 'down'), [directory], { stdio: 'inherit' }),
      };
    } catch (error) {
      spawnSync(join(tools, 'down'), [directory], { stdio: 'inherit' });
      if (tried === 3) throw error;
      process.stdout.write(`e2e: the cluster did not come up, trying again\n`);
    }
  }
}

const cluster = startCluster();
let failed = 0;
try {
  const suites = globSync('e2e/*.test.ts', { cwd: root }).sort();
  for (const file of suites.filter(
    (name) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  )) {
    const started = performance.now();
    const done = spawnSync(process.execPath, ['--test', '--test-reporter=spec', join(root, file)], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, CI: 'true', ...cluster.env },
    });
    const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)`, 'm').exec(done.stdout)?.[1] ?? 0);
    const bad = done.status !== 0 || count('skipped') > 0 || count('tests') === 0;
    process.stdout.write(`${done.stdout}${done.stderr}`);
    process.stdout.write(
      `e2e ${file}: run ${count('tests')}, failed ${count('fail')}, skipped ${count('skipped')}, ${((performance.now() - started) / 1000).toFixed(0)} s\n\n`,
    );
    if (bad) failed++;
  }
} finally {
  cluster.stop();
}
process.stdout.write(
  failed === 0 ? 'e2e: all suites passed\n' : `e2e: ${failed} suites failed or were skipped\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
