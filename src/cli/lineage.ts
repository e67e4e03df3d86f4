// seaworthy lineage: what an image stands on, down to the ground, and by what that is told.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { isFault } from '../core/index.ts';
import { hostPlatform, parsePlatform } from '../image/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { type LineageTables, type Looked, lookUp, parseDockerfile } from '../lineage/index.ts';
import { machineCredentials } from '../transport/index.ts';
import { resolveImage } from '../trust/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { formatLineage } from './lineagetext.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import type { ServerClientOptions } from './serverapi.ts';
import { collect, openSetting, type Setting } from './setting.ts';

interface Options extends RegistryOptions, ServerClientOptions {
  base?: string[];
  dockerfile?: string;
  target?: string;
  buildArg?: string[];
  platform?: string;
  json?: boolean;
}

export function lineageCommand(): Command {
  return withRegistryOptions(
    new Command('lineage')
      .description('Show which base an image stands on, what that one stands on, and how that is known.')
      .argument('<ref>', 'image in a registry')
      .option('--base <ref>', 'image to compare its layers with (repeat or separate by commas)', collect)
      .option('--dockerfile <file>', 'Dockerfile it was built from')
      .option('--target <stage>', 'stage of the Dockerfile that was built (default: the last)')
      .option('--build-arg <name=value>', 'build argument of the Dockerfile (repeat)', one)
      .option('--platform <os/arch>', 'platform of a multi-platform image (default: this host’s)')
      .option('--server <url>', 'ask a server what it knows, and what stands on the image')
      .option(
        '--token-file <file>',
        'file with a token for it (SEAWORTHY_TOKEN is one; default: the home’s own)',
      )
      .option('--json', 'as JSON')
      .addHelpText(
        'after',
        `
A base is believed only when its layers are the lowest of the image: annotations, labels, provenance and a
Dockerfile say which images to compare with. Bases that a server of this home has seen are compared as well.
A server answers from its own record, at once, for images that it watches and what they stand on.

Examples:
  $ seaworthy lineage registry.example.com/team/app:1.2
  $ seaworthy lineage registry.example.com/team/app:1.2 --base debian:12 --base debian:13
  $ seaworthy lineage registry.example.com/base/debian:12 --server http://127.0.0.1:7420

Exit codes: 0 the base is known (or the Dockerfile says there is none), 2 wrong usage, 3 unknown or ambiguous.`,
      )
      .action(run),
  );
}

function one(value: string, before: string[] = []): string[] {
  return [...before, value];
}

async function run(name: string, options: Options, command: Command): Promise<void> {
  if (options.server !== undefined) return askServer(name, options, command);
  const dockerfile =
    options.dockerfile === undefined
      ? undefined
      : parseDockerfile(readText(options.dockerfile), {
          args: argumentsOf(options.buildArg ?? []),
          ...(options.target === undefined ? {} : { target: options.target }),
          ...(options.platform === undefined ? {} : { platform: options.platform }),
        });
  const platform = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const setting = openSetting(command);
  const book = await openBook(setting);
  try {
    const { http } = setting;
    const place = {
      http,
      ...registryOptions(options),
      credentials: machineCredentials({ http, env: process.env }),
    };
    const looked = await lookUp(await resolveImage(name, place), {
      platform,
      ...(options.base === undefined ? {} : { bases: options.base }),
      ...(dockerfile === undefined ? {} : { dockerfile }),
      ...(book === undefined ? {} : { book: book.read<LineageTables>() }),
      resolve: (other) => resolveImage(other, place),
    });
    process.stdout.write(options.json ? `${JSON.stringify(looked, null, 2)}\n` : formatLineage(looked));
    process.exitCode =
      isKnown(looked) || dockerfile?.base.kind === 'scratch' ? exitCodes.done : exitCodes.undecided;
  } finally {
    await book?.close();
    await setting.close();
  }
}

async function askServer(name: string, options: Options, command: Command): Promise<void> {
  for (const one of ['base', 'dockerfile', 'target', 'buildArg'] as const)
    if (options[one] !== undefined)
      throw new CliFault('option-invalid', `expected --server alone, got ${one} as well`, {
        hint: 'a server compares with what it has seen: leave --server out to compare with images of your own',
      });
  const [{ formatServerLineage, isWhollyKnown }, { withApi }] = await Promise.all([
    import('./lineageserver.ts'),
    import('./serverapi.ts'),
  ]);
  await withApi(command, options, async (api) => {
    const whole = await api.lineage(name);
    const platforms = whole.platforms.filter(
      ({ platform }) => options.platform === undefined || platform === options.platform,
    );
    if (platforms.length === 0)
      throw new CliFault(
        'option-invalid',
        `expected --platform ${whole.platforms.map(({ platform }) => platform).join(' or ')}, got ${options.platform}`,
      );
    const answer = { ...whole, platforms };
    process.stdout.write(options.json ? `${JSON.stringify(answer, null, 2)}\n` : formatServerLineage(answer));
    process.exitCode = isWhollyKnown(answer) ? exitCodes.done : exitCodes.undecided;
  });
}

function isKnown({ lineage }: Looked): boolean {
  return lineage.kind === 'base';
}

/** Throws CliFault `option-invalid`. */
function argumentsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals <= 0)
        throw new CliFault('option-invalid', `expected --build-arg NAME=VALUE, got ${text.slice(0, 100)}`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** The record of a server of this home, where it has one and does not run; it answers by itself when it does. */
async function openBook({ home }: Setting): Promise<Ledger | undefined> {
  const file = join(home.root, 'ledger.db');
  if (!existsSync(file)) return undefined;
  try {
    const [{ openLedger }, { lineageBook }] = await Promise.all([
      import('../ledger/index.ts'),
      import('../lineage/index.ts'),
    ]);
    return await openLedger({ url: `sqlite:${file}`, books: [lineageBook] });
  } catch (error) {
    if (!isFault(error)) throw error;
    process.stderr.write(`bases that the server of this home has seen are left out: ${error.message}\n`);
    return undefined;
  }
}
