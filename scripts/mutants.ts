// npm run mutants: takes each named check out of a copy of the source and fails unless exactly its tests notice.
//   npm run mutants              all
//   npm run mutants -- WORD…     those whose name or file contains one of the words
import { join } from 'node:path';
import { mutants } from './mutants/list.ts';
import { runMutants } from './mutants/run.ts';

const words = process.argv.slice(2);
const chosen = mutants.filter(
  ({ name, file }) => words.length === 0 || words.some((word) => `${name} ${file}`.includes(word)),
);
const started = performance.now();
const problems =
  chosen.length === 0
    ? ['expected mutants to run, got none of that name']
    : await runMutants({
        root: join(import.meta.dirname, '..'),
        mutants: chosen,
        atOnce: 2,
        say: (line) => process.stdout.write(`mutants: ${line}\n`),
      });
for (const problem of problems) process.stdout.write(`FAIL ${problem}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(
  problems.length === 0
    ? `mutants: all ${chosen.length} were noticed by exactly their tests, ${seconds} s\n`
    : `mutants: ${problems.length} problems, ${seconds} s\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
