// npm run e2e: a real cluster (the one of KUBECONFIG, else one of our own), every suite on it, one after the other.
//   npm run e2e -- WORD…          those whose name contains one of the words
//   npm run e2e -- bench/loop.ts  a program instead of suites, in the same place
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTlsRegistry, type TestRegistry, trustAuthority } from './place.ts';

const root = new URL('..', import.meta.url).pathname;
const wanted = process.argv.slice(2);

function startCluster(): { env: Record<string, string>; stop(): void } {
  const given = process.env['KUBECONFIG'];
  if (given !== undefined) return { env: { KUBECONFIG: given }, stop() {} };
  const tools = process.env['SEAWORTHY_CLUSTER'] ?? join(root, '..', 'shared', 'cluster');
  if (!existsSync(join(tools, 'up')))
    throw new Error(`expected a cluster by KUBECONFIG, or ${tools}/up, got neither`);
  const packages = ['docker-registry', 'buildah', 'ca-certificates', 'apache2-utils'].filter(
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

/** The image of this very checkout, named by its digest. */
function buildAgent(prefix: string): string {
  const args = [join(root, 'deploy/image/build.ts'), '--tag', `${prefix}/seaworthy/agent:e2e`, '--push'];
  const output = execFileSync(process.execPath, [...args, '--work', join(work, 'image')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  return output.trim().split('\n').at(-1)!;
}

const cluster = startCluster();
const work = mkdtempSync(join(tmpdir(), 'seaworthy-e2e-'));
let registry: TestRegistry | undefined;
let failed = 0;
try {
  if (process.env['E2E_REGISTRY'] === undefined)
    registry = await startTlsRegistry(join(work, 'registry'), 5443);
  const prefix = process.env['E2E_REGISTRY'] ?? registry!.prefix;
  // Suites that have a registry of their own take it unless one was given.
  const env = { ...process.env, CI: 'true', ...cluster.env, E2E_TLS_REGISTRY: prefix };
  Object.assign(env, { E2E_AGENT_IMAGE: process.env['E2E_AGENT_IMAGE'] ?? buildAgent(prefix) });
  const program = wanted.find((word) => word.endsWith('.ts') && existsSync(join(root, word)));
  if (program !== undefined)
    failed += Number(
      spawnSync(process.execPath, [join(root, program)], { stdio: 'inherit', env }).status !== 0,
    );
  const suites = program === undefined ? globSync('e2e/*.test.ts', { cwd: root }).sort() : [];
  for (const file of suites.filter(
    (name) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  )) {
    const started = performance.now();
    const done = spawnSync(process.execPath, ['--test', '--test-reporter=spec', join(root, file)], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env,
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
  await registry?.stop();
  cluster.stop();
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(
  failed === 0 ? 'e2e: all suites passed\n' : `e2e: ${failed} suites failed or were skipped\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
