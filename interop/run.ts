// npm run interop: installs the peers, says which they are, runs every suite, and fails when one failed or skipped.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { install, root, versions } from './peers.ts';

install();
process.stdout.write(
  `peers:\n${versions()
    .map((line) => `  ${line}\n`)
    .join('')}`,
);

let failed = 0;
for (const file of globSync('interop/*.test.ts', { cwd: root }).sort()) {
  const started = performance.now();
  const done = spawnSync(process.execPath, ['--test', '--test-reporter=spec', join(root, file)], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, CI: 'true' },
  });
  const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)`, 'm').exec(done.stdout)?.[1] ?? 0);
  const bad = done.status !== 0 || count('skipped') > 0 || count('tests') === 0;
  process.stdout.write(`${done.stdout}${done.stderr}`);
  process.stdout.write(
    `interop ${file}: run ${count('tests')}, failed ${count('fail')}, skipped ${count('skipped')}, ${((performance.now() - started) / 1000).toFixed(0)} s\n\n`,
  );
  if (bad) failed++;
}
process.stdout.write(
  failed === 0 ? 'interop: all suites passed\n' : `interop: ${failed} suites failed or were skipped\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
