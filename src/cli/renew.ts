// seaworthy renew: asks the server to renew what stands on a base, or says what it would do.
import { Command } from 'commander';
import { formatPlan } from './renewaltext.ts';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';

interface Options extends ServerClientOptions {
  plan?: boolean;
  image?: string;
  format: string;
}

export function renewCommand(): Command {
  return withServerOptions(
    new Command('renew')
      .description('Renew the images that stand on an earlier digest of a base.')
      .argument('<base>', 'HOST/REPOSITORY:TAG of the base'),
  )
    .option('--plan', 'say what would be renewed and how, and do nothing')
    .option('--image <ref>', 'only this image')
    .option('--format <format>', 'table or json', 'table')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy renew registry.example.com/base/debian:12 --plan
  $ seaworthy renew registry.example.com/base/debian:12`,
    )
    .action(run);
}

async function run(base: string, options: Options, command: Command): Promise<void> {
  await withApi(command, options, async (api) => {
    if (options.plan) {
      const plan = await api.plan(base);
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : formatPlan(plan),
      );
      return;
    }
    await api.renew({ base, ...(options.image === undefined ? {} : { reference: options.image }) });
    process.stdout.write('asked; seaworthy renewals shows how far it is\n');
  });
}
