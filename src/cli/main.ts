// The command line: reads the first words, loads the command they name, and turns what went wrong into an exit code.
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { openHome, version } from '../core/index.ts';
import { exitCodes, report } from './failure.ts';

/** Runs one command; resolves when the process may end, with its exit code set. */
export async function main(args: readonly string[]): Promise<void> {
  // Whoever reads the output may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.done);
  });
  const program = new Command('seaworthy')
    .description(
      'Keeps the containers of a Kubernetes platform seaworthy: what is in an image, who made it, and may it run.',
    )
    .version(version, '--version', 'print the version')
    .option('--home <dir>', 'where everything is kept (SEAWORTHY_HOME; default: the platform’s usual place)')
    .option('--ca-file <file>', 'certificate authorities to trust beside the usual ones, PEM')
    .addHelpText(
      'after',
      '\nExample:\n  $ seaworthy scan alpine:3.20\n\nExit codes: 0 done, 1 findings at the threshold or denied, 2 wrong usage or target, 3 undecided.',
    )
    .showHelpAfterError('(seaworthy --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  program.helpCommand(false);
  const named = args.find((arg, i) => !arg.startsWith('-') && !takesValue(args[i - 1]));
  try {
    // What V8 compiled is kept as well, and a known image is a fifth faster for it.
    if (named !== undefined && named in commands) enableCompileCache(openHome(homeOf(args)).dir('compiled'));
    for (const [name, load] of Object.entries(commands)) {
      if (named === name || named === undefined || !(named in commands))
        program.addCommand(withSettings(await load(), program));
    }
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    else process.exitCode = report(error, process.stderr);
  }
}

/** Loaded when named: `--help` of all needs them all. */
const commands: Record<string, () => Promise<Command>> = {
  scan: async () => (await import('./scan.ts')).scanCommand(),
  sbom: async () => (await import('./sbom.ts')).sbomCommand(),
  db: async () => (await import('./db.ts')).dbCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
  sign: async () => (await import('./sign.ts')).signCommand(),
  attest: async () => (await import('./attest.ts')).attestCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  policy: async () => (await import('./policy.ts')).policyCommand(),
  trust: async () => (await import('./trust.ts')).trustCommand(),
  lineage: async () => (await import('./lineage.ts')).lineageCommand(),
  promote: async () => (await import('./promote.ts')).promoteCommand(),
  cluster: async () => (await import('./cluster.ts')).clusterCommand(),
  rollout: async () => (await import('./rollout.ts')).rolloutCommand(),
  release: async () => (await import('./release.ts')).releaseCommand(),
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  push: async () => (await import('./push.ts')).pushCommand(),
  renew: async () => (await import('./renew.ts')).renewCommand(),
  renewals: async () => (await import('./renewals.ts')).renewalsCommand(),
  reached: async () => (await import('./reached.ts')).reachedCommand(),
  approve: async () => (await import('./approve.ts')).approveCommand(),
  token: async () => (await import('./token.ts')).tokenCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(main),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  agent: async () => (await import('./agent.ts')).agentCommand(),
  admit: async () => (await import('./admit.ts')).admitCommand(),
};

/** A command that is added does not take over how its parent fails: it would end the process by itself. */
function withSettings(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent).helpCommand(false);
  for (const below of command.commands) withSettings(below, command);
  return command;
}

/** `--home` before the command line is parsed: the commands that parse the rest are loaded from the home's cache. */
function homeOf(args: readonly string[]): string | undefined {
  const at = args.indexOf('--home');
  return at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--home='))?.slice('--home='.length);
}

function takesValue(arg: string | undefined): boolean {
  return arg === '--home' || arg === '--ca-file';
}
