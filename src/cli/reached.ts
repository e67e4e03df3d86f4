// seaworthy reached: which watched images a flaw reaches now, and which containers run them.
import { Command } from 'commander';
import type { ApiReachedAnswer } from '../server/contract/index.ts';
import { formatReached } from './reachedtext.ts';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';

interface Options extends ServerClientOptions {
  format: string;
}

export function reachedCommand(): Command {
  return withServerOptions(
    new Command('reached')
      .description('List the watched images that a flaw reaches now, and the containers that run them.')
      .argument('<id>', 'CVE-…, or another name of the flaw'),
  )
    .option('--format <format>', 'table or json', 'table')
    .addHelpText('after', '\nExample:\n  $ seaworthy reached CVE-2023-4863')
    .action(run);
}

async function run(id: string, options: Options, command: Command): Promise<void> {
  await withApi(command, options, async (api) => {
    const answer: ApiReachedAnswer = await api.reach(id);
    process.stdout.write(
      options.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : formatReached(id, answer),
    );
  });
}
