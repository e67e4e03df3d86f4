// seaworthy sbom: what is in a target, as CycloneDX or SPDX.
import { Command, Option } from 'commander';
import { defaultLimits, systemClock } from '../core/index.ts';
import { parsePlatform } from '../image/index.ts';
import { formatSbom, inspectTarget, type SbomFormat, sbomFormats } from '../scan/index.ts';
import { exitCodes } from './failure.ts';
import { writeOutput } from './files.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting } from './setting.ts';
import { parseCode } from './threshold.ts';

interface Options extends RegistryOptions {
  format: SbomFormat;
  output?: string;
  accept?: string[];
  base?: string;
  platform?: string;
}

export function sbomCommand(): Command {
  return withRegistryOptions(
    new Command('sbom')
      .description('Write the inventory of an image or a root file system as an SBOM.')
      .argument('<target>', 'as of seaworthy scan')
      .addOption(
        new Option('--format <format>', 'how to write it').choices([...sbomFormats]).default('cyclonedx'),
      )
      .option('--output <file>', 'write it to a file')
      .option('--accept <codes>', 'undecided codes that leave the exit code alone', collect)
      .option('--base <ref>', 'base image to tell base layers by, instead of the one the image names')
      .option('--platform <os/arch>', 'platform of a multi-platform image (default: this host’s)')
      .addHelpText(
        'after',
        '\nExample:\n  $ seaworthy sbom alpine:3.20 --format spdx --output alpine.spdx.json',
      )
      .action(run),
  );
}

async function run(target: string, options: Options, command: Command): Promise<void> {
  const accepted = new Set<string>((options.accept ?? []).map(parseCode));
  const platform = options.platform === undefined ? {} : { platform: parsePlatform(options.platform) };
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  try {
    const { home, http, signal } = setting;
    const inspected = await inspectTarget(target, {
      home,
      limits: defaultLimits,
      transport: { http, home, ...platform, ...registryOptions(options) },
      ...(options.base === undefined ? {} : { base: options.base }),
      signal,
      ...(progress ? { progress } : {}),
    }).finally(() => progress?.clear());
    await writeOutput(await formatSbom(inspected, options.format, systemClock.now()), options.output);
    for (const entry of inspected.inventory.undecided)
      process.stderr.write(`undecided ${entry.code}: ${printable(entry.message)}\n`);
    process.exitCode = inspected.inventory.undecided.some((entry) => !accepted.has(entry.code))
      ? exitCodes.undecided
      : exitCodes.done;
  } finally {
    await setting.close();
  }
}

/** Names inside come from strangers: no terminal sequence survives. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe]/g, '?');
}
