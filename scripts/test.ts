// npm test: every unit test, as many files at once as the machine has cores.
//   npm test              all
//   npm test -- FILE…     those files
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwAwayPlace } from './place.ts';

const root = join(import.meta.dirname, '..');
const given = process.argv.slice(2);
const files = given.length > 0 ? given : ['src/**/*.test.ts', 'scripts/*.test.ts'];
const place = mkdtempSync(join(throwAwayPlace(), 'seaworthy-tests-'));
// a test that takes another user's part passes through it, as through any temporary directory
chmodSync(place, 0o755);
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    // Node takes one core less than there are
    `--test-concurrency=${availableParallelism()}`,
    // what waits for ever is named, in milliseconds
    '--test-timeout=300000',
    ...files,
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: place,
      // hundreds of processes read the same source
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'seaworthy-tests-compiled'),
    },
  },
);
rmSync(place, { recursive: true, force: true });
process.exitCode = status ?? 1;
