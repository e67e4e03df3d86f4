// A copy of the checkout that mutants may spoil: the source copied, everything else linked.
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { throwAwayPlace } from '../place.ts';
import type { Ended } from './reporter.ts';

export interface Checkout {
  /** Runs the test files and gives what ended; an error when the runner itself did not get that far. */
  test(files: readonly string[]): Promise<Ended[]>;
  /** Writes a file, runs, and puts the file back. */
  patched<T>(file: string, text: string, run: () => Promise<T>): Promise<T>;
  remove(): void;
}

const copied = ['src', 'scripts'];
const left = ['.git', '.tmp', 'dist'];
/** A mutant may loop for ever; this ends its run, in milliseconds. */
const limit = 120_000;

export function makeCheckout(root: string): Checkout {
  const parent = mkdtempSync(join(throwAwayPlace(), 'seaworthy-mutants-'));
  // Below a folder, since larger tests look for data beside the checkout.
  const place = join(parent, 'main');
  mkdirSync(place);
  for (const name of readdirSync(root)) {
    if (left.includes(name)) continue;
    if (copied.includes(name)) cpSync(join(root, name), join(place, name), { recursive: true });
    else symlinkSync(join(root, name), join(place, name));
  }
  symlinkSync(join(root, '..', 'shared'), join(parent, 'shared'));
  const compiled = join(parent, 'compiled');
  const kept = join(parent, 't');
  return {
    test(files) {
      // what a run left behind, and one that was ended leaves much, is not the next one's
      rmSync(kept, { recursive: true, force: true });
      mkdirSync(kept);
      return runTests(place, files, { TMPDIR: kept, NODE_COMPILE_CACHE: compiled });
    },
    async patched(file, text, run) {
      const path = join(place, file);
      const before = readFileSync(path);
      writeFileSync(path, text);
      try {
        return await run();
      } finally {
        writeFileSync(path, before);
      }
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/**
 * All in one process, which keeps what it compiled for the next: a start costs more than most tests. What is kept goes
 * by the text of each file, so a mutant never runs as what stood there before.
 */
function runTests(cwd: string, files: readonly string[], set: Record<string, string>): Promise<Ended[]> {
  const reporter = join(import.meta.dirname, 'reporter.ts');
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, ...set };
  const args = ['--test', '--test-isolation=none', `--test-reporter=${reporter}`, ...files];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = setTimeout(() => child.kill('SIGKILL'), limit);
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      clearTimeout(end);
      if (signal !== null) return reject(new Error(`expected the tests to end within ${limit / 1000} s`));
      const ended = out
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Ended);
      if (ended.length === 0)
        return reject(new Error(`expected tests in ${files.join(', ')}, got: ${error || out}`));
      resolve(ended);
    });
  });
}
