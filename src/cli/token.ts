// seaworthy token: who may call the server, made, listed and ended.
import { Command } from 'commander';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';

interface CreateOptions extends ServerClientOptions {
  role: string;
  cluster?: string;
  days?: string;
}

export function tokenCommand(): Command {
  const create = withServerOptions(
    new Command('create')
      .description('Make a token and print it: nobody can read it again.')
      .argument('<name>', 'whose it is, for lists and the audit trail')
      .requiredOption('--role <role>', 'admin, operator, reader, agent, push or pull')
      .option('--cluster <name>', 'of an agent: the cluster it speaks for')
      .option('--days <n>', 'days after which it ends'),
  ).action(async (name: string, options: CreateOptions, command: Command) =>
    withApi(command, options, async (api) => {
      const { token } = await api.createToken({
        name,
        role: options.role,
        ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
        ...(options.days === undefined ? {} : { days: Number(options.days) }),
      });
      process.stdout.write(`${token}\n`);
    }),
  );
  const list = withServerOptions(new Command('list').description('List tokens.')).action(
    async (options: ServerClientOptions, command: Command) =>
      withApi(command, options, async (api) => {
        for (const { id, name, role, cluster, createdBy, expiresAt, revokedAt } of await api.tokens())
          process.stdout.write(
            `${id}  ${role.padEnd(8)}  ${name}${cluster === undefined ? '' : ` of ${cluster}`}, by ${createdBy}${
              revokedAt === undefined
                ? expiresAt === undefined
                  ? ''
                  : `, until ${expiresAt.slice(0, 10)}`
                : `, ended ${revokedAt.slice(0, 10)}`
            }\n`,
          );
      }),
  );
  const revoke = withServerOptions(
    new Command('revoke').description('End a token at once.').argument('<id>', 'as token list shows it'),
  ).action(async (id: string, options: ServerClientOptions, command: Command) =>
    withApi(command, options, async (api) => {
      await api.revokeToken(id);
      process.stdout.write(`ended ${id}\n`);
    }),
  );
  return new Command('token')
    .description('Make, list and end the tokens by which the server knows who calls.')
    .addCommand(create)
    .addCommand(list)
    .addCommand(revoke)
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy token create ci --role push --days 90
  $ seaworthy token create agent --role agent --cluster production`,
    );
}
