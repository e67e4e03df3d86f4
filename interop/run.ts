// npm run interop: installs the peers, says which they are, runs every suite, and fails when one failed or skipped.
//   npm run interop -- WORD…      those whose name contains one of the words
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, root, versions } from './peers.ts';

install();
process.stdout.write(
  `peers:\n${versions()
    .map((line) => `  ${line}\n`)
    .join('')}`,
);

/** What has to be done within a time, or at ports of its own. */
const alone = ['interop/demo.test.ts'];
/** What a suite makes that others would make just so. */
const shared = mkdtempSync(join(tmpdir(), 'seaworthy-interop-shared-'));
const env = {
  ...process.env,
  CI: 'true',
  INTEROP_SHARED: shared,
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'seaworthy-tests-compiled'),
};

/** True: every test of it ran and passed. */
function suite(file: string): Promise<boolean> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', join(root, file)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let said = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)`, 'm').exec(said)?.[1] ?? 0);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      process.stdout.write(
        `${said}${errors}interop ${file}: run ${count('tests')}, failed ${count('fail')}, skipped ${count('skipped')}, ${seconds} s\n\n`,
      );
      resolve(status === 0 && count('skipped') === 0 && count('tests') > 0);
    });
  });
}

let failed = 0;
async function runAll(files: string[], atOnce: number): Promise<void> {
  const work = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift())
      if (!(await suite(file))) failed++;
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

const words = process.argv.slice(2);
const files = globSync('interop/*.test.ts', { cwd: root })
  .sort()
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
try {
  await runAll(
    files.filter((file) => alone.includes(file)),
    1,
  );
  await runAll(
    files.filter((file) => !alone.includes(file)),
    availableParallelism(),
  );
} finally {
  rmSync(shared, { recursive: true, force: true });
}
if (files.length === 0) failed++;
process.stdout.write(
  failed === 0 ? 'interop: all suites passed\n' : `interop: ${failed} suites failed or were skipped\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
