// seaworthy policy: a policy checked, tested by the cases beside it, or made from Azure's allow-list.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../core/index.ts';
import { importAzurePolicy, parseCases, policyOfCases, runCases } from '../trust/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { readPolicy } from './policyfile.ts';
import { policyPreviewCommand } from './policypreview.ts';

export function policyCommand(): Command {
  const policy = new Command('policy').description('Check and test an ImagePolicy, or import one.');
  policy
    .command('check')
    .description('Say what is wrong with a policy, by file, line and column.')
    .argument('<file...>', 'ImagePolicy, YAML')
    .action(async (files: string[]) => {
      for (const file of files) {
        const { name, rules, authorities, hash } = await readPolicy(file);
        process.stdout.write(
          `${file}: policy "${name}", ${count(rules.length, 'rule')}, ${count(authorities.length, 'authority', 'authorities')}\n  ${hash}\n`,
        );
      }
    });
  policy
    .command('test')
    .description('Run the cases written beside a policy (NAME.test.yaml beside NAME.yaml).')
    .argument('[file...]', 'files of cases, or directories that hold some', ['.'])
    .addHelpText(
      'after',
      '\nExample:\n  $ seaworthy policy test policies/\n\nExit codes: 0 all cases pass, 1 some fail, 2 a file cannot be read.',
    )
    .action(test);
  policy
    .command('import-azure')
    .description('Turn allowedContainerImagesRegex of Azure Policy into an anchored allow-list.')
    .argument('<file>', 'the policy assignment as JSON, or a file that holds the expression alone')
    .option('--output <file>', 'write the policy to a file')
    .action(async (file: string, { output }: { output?: string }) => {
      const { policy: text, warnings } = importAzurePolicy(readText(file));
      await writeOutput(text, output);
      for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    });
  policy.addCommand(policyPreviewCommand());
  return policy;
}

async function test(paths: string[]): Promise<void> {
  const files = paths
    .flatMap((path) =>
      /\.ya?ml$/.test(path)
        ? [path]
        : globSync('**/*.test.{yaml,yml}', { cwd: path }).map((file) => join(path, file)),
    )
    .sort();
  if (files.length === 0)
    throw new CliFault(
      'file-unreadable',
      `expected files of cases named *.test.yaml in ${paths.join(', ')}, got none`,
      {
        hint: 'docs/policy.md shows how a case is written.',
      },
    );
  let failed = 0;
  let run = 0;
  for (const file of files) {
    const cases = await parseCases(readText(file), file);
    const policy = await readPolicy(join(dirname(file), policyOfCases(cases, file)));
    const results = runCases(
      policy,
      cases,
      file,
      (path) => readFileSync(path, 'utf8'),
      systemClock.now().getTime(),
    );
    process.stdout.write(`${file}: policy "${policy.name}"\n`);
    for (const { name, problems, verdict } of results) {
      run++;
      if (problems.length > 0) failed++;
      process.stdout.write(
        `  ${problems.length === 0 ? '✓' : '✗'} ${name}${verdict === undefined ? '' : ` (${verdict.decision})`}\n`,
      );
      for (const problem of problems) process.stdout.write(`      ${problem}\n`);
    }
  }
  process.stdout.write(
    failed === 0 ? `${count(run, 'case')} passed\n` : `${failed} of ${count(run, 'case')} failed\n`,
  );
  process.exitCode = failed === 0 ? exitCodes.done : exitCodes.failed;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
