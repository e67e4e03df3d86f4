// seaworthy push: an image in an OCI layout on disk, to a registry.
import { Command } from 'commander';
import { parseReference, withDefaultTag } from '../image/index.ts';
import { copyImage, fromLayout, machineCredentials, openRegistry, toRegistry } from '../transport/index.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { openSetting } from './setting.ts';

export function pushCommand(): Command {
  return withRegistryOptions(
    new Command('push')
      .description('Push an image of an OCI layout, with every platform of it.')
      .argument('<layout>', 'directory of the layout; LAYOUT:NAME where it holds several images')
      .argument('<ref>', 'where it goes'),
  )
    .addHelpText(
      'after',
      `
Example:
  $ seaworthy push ./app registry.example.com/team/app:1.2`,
    )
    .action(run);
}

async function run(layout: string, text: string, options: RegistryOptions, command: Command): Promise<void> {
  const setting = openSetting(command);
  try {
    const reference = withDefaultTag(parseReference(text));
    const registry = openRegistry(reference.domain, {
      http: setting.http,
      ...registryOptions(options),
      credentials: machineCredentials({ http: setting.http, env: process.env }),
    });
    const colon = layout.lastIndexOf(':');
    const [root, name] = colon > 1 ? [layout.slice(0, colon), layout.slice(colon + 1)] : [layout, undefined];
    const digest = await copyImage(fromLayout(root, name), toRegistry(registry, reference.repository), {
      tag: reference.tag!,
    });
    process.stdout.write(
      `pushed ${reference.domain}/${reference.repository}:${reference.tag}\n  ${digest}\n`,
    );
  } finally {
    await setting.close();
  }
}
