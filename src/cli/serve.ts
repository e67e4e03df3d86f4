// seaworthy serve: the server that watches, renews and rolls out.
import { flushCompileCache } from 'node:module';
import { Command } from 'commander';
import { optionNames } from '../server/contract/index.ts';

export function serveCommand(): Command {
  const command = new Command('serve')
    .description(
      'Run the server: it knows every image, notices what moved, renews what stands on it, and rolls it out.',
    )
    .option('--config <file>', 'its configuration (SEAWORTHY_CONFIG); docs/server.md')
    .addHelpText(
      'after',
      `
Every option is also a key of the configuration and an environment variable: --watch-every is watch.every and
SEAWORTHY_WATCH_EVERY. Lists are given as YAML. Flags come before variables, variables before the file.

Example:
  $ seaworthy serve --home /var/lib/seaworthy --config server.yaml`,
    );
  for (const { path, description, isText } of optionNames)
    command.option(`${flagOf(path)} <${isText ? 'text' : 'yaml'}>`, description);
  return command.action(run);
}

async function run(_: unknown, command: Command): Promise<void> {
  const options = command.opts<Record<string, string>>();
  // help needs none of these
  const [{ createLog, readConfig, serveHub }, { askPassword }, { openSetting, untilStopped }] =
    await Promise.all([import('../server/index.ts'), import('./password.ts'), import('./setting.ts')]);
  const setting = openSetting(command);
  const flags = Object.fromEntries(optionNames.map(({ path }) => [path, options[nameOf(flagOf(path))]]));
  const config = readConfig(options['config'] ?? process.env['SEAWORTHY_CONFIG'], flags, process.env);
  const log = createLog(config.log ?? 'info');
  try {
    const served = await serveHub({
      config,
      home: setting.home,
      http: setting.http,
      log,
      env: process.env,
      password: () => askPassword('Password of the signing key: '),
    });
    // what was compiled is there for the next start, also where this one is killed
    flushCompileCache();
    if (process.stderr.isTTY)
      process.stderr.write(
        `Seaworthy listens at ${served.url}${served.registry === undefined ? '' : `, its registry at ${served.registry}`}\n  a token that may everything: ${served.tokenFile}\n`,
      );
    await untilStopped(setting.signal);
    log.info('stopping');
    await served.close();
  } finally {
    await setting.close();
  }
  process.exit(0);
}

/** `watch.every` is `--watch-every`, `signing.passwordFile` is `--signing-password-file`. */
function flagOf(path: string): string {
  return `--${path.replaceAll('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As commander names it: `--watch-every` is `watchEvery`. */
function nameOf(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
