// seaworthy approve: a person lets a renewed image go on, or not.
import { Command } from 'commander';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';

interface Options extends ServerClientOptions {
  decline?: string;
}

export function approveCommand(): Command {
  return withServerOptions(
    new Command('approve')
      .description('Let a renewed image that waits for it take over its tag.')
      .argument('<image>', 'id of the image in its renewal, as seaworthy renewals shows it'),
  )
    .option('--decline <reason>', 'it does not: the tag keeps what it has')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy approve r20261127-131700-4f2a.1
  $ seaworthy approve r20261127-131700-4f2a.1 --decline "release freeze until Monday"`,
    )
    .action(run);
}

async function run(image: string, options: Options, command: Command): Promise<void> {
  await withApi(command, options, async (api) => {
    if (options.decline === undefined) await api.approve(image);
    else await api.decline(image, options.decline);
    process.stdout.write(options.decline === undefined ? `approved ${image}\n` : `declined ${image}\n`);
  });
}
