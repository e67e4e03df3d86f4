// seaworthy attest: a signed statement about an image, beside it.
import { Command } from 'commander';
import { parseJson, systemClock } from '../core/index.ts';
import { attachStatement, pinned, resolveImage } from '../trust/index.ts';
import { namedPredicateTypes } from './authority.ts';
import { readText } from './files.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { openSetting } from './setting.ts';
import { bundleServices, bundleSigner } from './signing.ts';
import { type SigningOptions, withSigningOptions } from './signingoptions.ts';

interface Options extends SigningOptions, RegistryOptions {
  type: string;
  predicate: string;
}

export function attestCommand(): Command {
  return withRegistryOptions(
    withSigningOptions(
      new Command('attest')
        .description('Sign a statement about an image (provenance, SBOM, …) and put it beside the image.')
        .argument('<ref>', 'image reference; a tag is resolved once, and the statement is about its digest'),
    )
      .requiredOption(
        '--type <type>',
        'slsaprovenance1, slsaprovenance02, spdx, cyclonedx, vuln, openvex, vsa, or a URI',
      )
      .requiredOption('--predicate <file>', 'what is stated, JSON')
      .addHelpText(
        'after',
        '\nExample:\n  $ seaworthy attest registry.example.com/team/app:1.2 --type slsaprovenance1 --predicate provenance.json --key build.key',
      )
      .action(run),
  );
}

async function run(reference: string, options: Options, command: Command): Promise<void> {
  const [type] = namedPredicateTypes(options.type);
  const predicate = parseJson(readText(options.predicate));
  const setting = openSetting(command);
  try {
    const by = await bundleSigner(options, setting);
    const image = await resolveImage(reference, {
      http: setting.http,
      ...registryOptions(options),
    });
    const { manifest } = await attachStatement(
      image,
      type!,
      predicate,
      by,
      bundleServices(options, setting),
      systemClock.now().getTime(),
    );
    process.stdout.write(`attested ${pinned(image)}\n  ${type}\n  attestation ${manifest}\n`);
  } finally {
    await setting.close();
  }
}
