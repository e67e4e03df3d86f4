// seaworthy policy preview: what a policy would refuse of everything that runs, before it is in force.
import { Command, Option } from 'commander';
import { withContextOptions } from './contexts.ts';
import type { Options } from './policypreviewrun.ts';
import { withRegistryOptions } from './registryoptions.ts';
import { collect } from './setting.ts';

export function policyPreviewCommand(): Command {
  return withRegistryOptions(
    withContextOptions(
      new Command('preview')
        .description(
          'Show which running workloads a policy would refuse, and where it differs from the one in force.',
        )
        .argument('<file>', 'ImagePolicy, YAML'),
    )
      .option('--namespace <name>', 'only these namespaces (repeat or separate by commas)', collect)
      .option(
        '--policy-name <name>',
        'which ImagePolicy of the cluster to compare with, where there are several',
      )
      .option(
        '--pull-secrets',
        'read images with the cluster’s image pull secrets before your own credentials',
      )
      .addOption(
        new Option('--fail-on <what>', 'exit 1 when something would be refused').choices([
          'refused',
          'newly-refused',
        ]),
      ),
  )
    .addOption(
      new Option('--format <format>', 'how to write the result').choices(['table', 'json']).default('table'),
    )
    .option('--output <file>', 'write the result to a file')
    .addHelpText(
      'after',
      `
Example:
  $ seaworthy policy preview policy.yaml --context production --fail-on newly-refused

Undecided counts as refused, as in an admission. Exit codes: 0 done, 1 --fail-on is met, 2 wrong usage or no answer.`,
    )
    .action(async (file: string, options: Options, command: Command) =>
      (await import('./policypreviewrun.ts')).previewOn(file, options, command),
    );
}
