// npm run check: types, lint, the house with its walls, the catalogues, the sizes of files.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogueProblems } from './catalogue.ts';
import { breaches } from './house.ts';

const root = new URL('..', import.meta.url).pathname;
let failed = 0;

function step(name: string, problems: readonly string[], note = ''): void {
  failed += problems.length;
  process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}${note}\n`);
  for (const problem of problems) process.stdout.write(`     ${problem}\n`);
}

function run(name: string, args: string[]): void {
  const done = spawnSync(join(root, 'node_modules/.bin', args[0]!), args.slice(1), {
    cwd: root,
    encoding: 'utf8',
  });
  step(name, done.status === 0 ? [] : [`${done.stdout}${done.stderr}`.trim()]);
}

/** Median at most 70 lines, nine in ten at most 200, none over 400; every file opens with what it is for. */
function sizes(): void {
  const files = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
  const texts = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  const lines = texts
    .map(({ file, text }) => ({ file, count: text.split('\n').length - 1 }))
    .sort((a, b) => a.count - b.count);
  const at = (part: number) => lines[Math.min(lines.length - 1, Math.floor(lines.length * part))]!.count;
  const problems = [
    ...(at(0.5) > 70 ? [`expected a median of at most 70 lines, got ${at(0.5)}`] : []),
    ...(at(0.9) > 200 ? [`expected nine in ten files of at most 200 lines, got ${at(0.9)}`] : []),
    ...lines
      .filter(({ count }) => count > 400)
      .map(({ file, count }) => `${file}: expected at most 400 lines, got ${count}`),
    ...texts
      .filter(({ text }) => !text.startsWith('// '))
      .map(({ file }) => `${file}: expected a first line that says what the file is for`),
  ];
  step(
    'sizes',
    problems,
    `: ${files.length} files, median ${at(0.5)} lines, p90 ${at(0.9)}, largest ${lines.at(-1)!.count}`,
  );
}

run('types', ['tsc', '--noEmit']);
run('lint and format', ['biome', 'check', '--max-diagnostics=20', '.']);
step('house', breaches(root));
step('catalogues', catalogueProblems(root));
sizes();
process.exitCode = failed === 0 ? 0 : 1;
