import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Undecided } from '../../core/index.ts';
import { walkRoot } from './walk.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'walk-'));
  for (const folder of ['etc/deep', 'proc/1', 'usr/proc', 'dev'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/os-release'), 'ID=x\n');
  writeFileSync(join(root, 'etc/deep/f'), 'f');
  writeFileSync(join(root, 'proc/1/maps'), 'never');
  symlinkSync('/', join(root, 'etc/loop'));
  symlinkSync('missing', join(root, 'usr/dangling'));
});
after(() => rmSync(root, { recursive: true, force: true }));

const failing = (problem: Undecided): void => assert.fail(problem.message);

test('a walk gives every entry once, in order, without following links or entering the kernel’s', () => {
  const found = [...walkRoot(root, { onUndecided: failing })].map(({ path, type, linkname }) =>
    [path, type, linkname].join(' ').trim(),
  );
  assert.deepEqual(found, [
    'etc directory',
    'usr directory',
    'etc/deep directory',
    'etc/loop symlink /',
    'etc/os-release file',
    'etc/deep/f file',
    'usr/dangling symlink missing',
    'usr/proc directory',
  ]);
});

test('a file is opened as it was listed', () => {
  const entry = [...walkRoot(root, { onUndecided: failing })].find(({ path }) => path === 'etc/os-release');
  const file = entry?.open();
  const bytes = Buffer.alloc(5);
  readSync(file as number, bytes, 0, 5, 0);
  closeSync(file as number);
  assert.equal(bytes.toString(), 'ID=x\n');
});

test('a file that became a link before it was opened is named, not followed', () => {
  const path = join(root, 'swapped');
  writeFileSync(path, 'x');
  const problems: Undecided[] = [];
  const entry = [...walkRoot(root, { onUndecided: (problem) => problems.push(problem) })].find(
    (found) => found.path === 'swapped',
  );
  rmSync(path);
  symlinkSync('/etc/passwd', path);
  assert.equal(entry?.open(), undefined);
  assert.deepEqual(
    problems.map(({ code, subject }) => [code, subject]),
    [['target-partly-unreadable', 'swapped']],
  );
  rmSync(path);
});

test('a directory that may not be read is named', () => {
  const privileged = process.getuid?.() === 0;
  chmodSync(root, 0o755);
  chmodSync(join(root, 'etc/deep'), 0);
  const problems: Undecided[] = [];
  // Root may read everything: another user takes the walk.
  if (privileged) process.seteuid!(65534);
  let entries: number;
  try {
    entries = [...walkRoot(root, { onUndecided: (problem) => problems.push(problem) })].length;
  } finally {
    if (privileged) process.seteuid!(0);
  }
  chmodSync(join(root, 'etc/deep'), 0o755);
  assert.ok(entries > 0);
  assert.deepEqual(
    problems.map(({ subject }) => subject),
    ['etc/deep'],
  );
});

test('too many entries end the walk and are named', () => {
  const problems: Undecided[] = [];
  const limits = { layerEntries: 3, pathBytes: 100 };
  assert.equal([...walkRoot(root, { limits, onUndecided: (problem) => problems.push(problem) })].length, 3);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['limit-reached'],
  );
});
