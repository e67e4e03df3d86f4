// seaworthy trust: Sigstore's trust root, brought up to date by TUF.
import { Command } from 'commander';
import { parseTrustedRoot, publicSource, tufSource, updateTrustedRoot } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { openSetting } from './setting.ts';

interface Options {
  mirror?: string;
  root?: string;
  name: string;
}

export function trustCommand(): Command {
  const trust = new Command('trust').description('Keep the trust root of Sigstore.');
  trust
    .command('update')
    .description('Fetch the trust root by TUF; it is kept in the home and serves without a network.')
    .option('--mirror <url>', 'TUF repository instead of the public-good one')
    .option('--root <file>', 'root.json that trust in the mirror begins with')
    .option('--name <name>', 'name that a policy gives the mirror’s root in spec.roots', 'mirror')
    .addHelpText(
      'after',
      '\nExamples:\n  $ seaworthy trust update\n  $ seaworthy trust update --mirror https://tuf.example.com --root root.json --name company',
    )
    .action(update);
  return trust;
}

async function update({ mirror, root, name }: Options, command: Command): Promise<void> {
  if ((mirror === undefined) !== (root === undefined))
    throw new CliFault('option-invalid', 'expected --mirror and --root together, got one of them', {
      hint: 'A mirror is trusted by the root.json that you got from its owner.',
    });
  const setting = openSetting(command);
  try {
    const { home, http } = setting;
    const source = mirror === undefined ? publicSource(home) : tufSource(home, name, mirror, readText(root!));
    const { authorities, transparencyLogs, timestampAuthorities } = parseTrustedRoot(
      await updateTrustedRoot(source, http),
    );
    process.stdout.write(
      `trust root of ${source.mirror}: ${authorities.length} certificate authorities, ${transparencyLogs.length} logs, ${timestampAuthorities.length} timestamp authorities\n`,
    );
  } finally {
    await setting.close();
  }
}
