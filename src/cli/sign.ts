// seaworthy sign: a signature of an image beside it, as cosign or Notation make it.
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../core/index.ts';
import {
  pinned,
  platformsOf,
  type ResolvedImage,
  resolveDigest,
  resolveImage,
  signWithBundle,
  signWithNotation,
} from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { openSetting, type Setting } from './setting.ts';
import { bundleServices, bundleSigner, openSigningKey } from './signing.ts';
import { type SigningOptions, withSigningOptions } from './signingoptions.ts';

interface Options extends SigningOptions, RegistryOptions {
  format: 'bundle' | 'notation-jws' | 'notation-cose';
  certificateChain?: string;
  expires?: number;
  recursive?: boolean;
}

export function signCommand(): Command {
  return withRegistryOptions(
    withSigningOptions(
      new Command('sign')
        .description('Sign an image: a cosign bundle or a Notation signature beside it.')
        .argument('<ref...>', 'image references; a tag is resolved once, and its digest is signed'),
    )
      .addOption(
        new Option('--format <format>', 'cosign bundle, or Notation in JWS or COSE')
          .choices(['bundle', 'notation-jws', 'notation-cose'])
          .default('bundle'),
      )
      .option(
        '--certificate-chain <file>',
        'certificates of the key for Notation, PEM, leaf first, root last',
      )
      .option('--expires <days>', 'days after which a Notation signature stops to count', days)
      .option('--recursive', 'sign each platform of an index too')
      .addHelpText(
        'after',
        `
Examples:
  $ seaworthy sign registry.example.com/team/app:1.2 --key cosign.key
  $ seaworthy sign registry.example.com/team/app:1.2 --identity-token token.txt
  $ seaworthy sign registry.example.com/team/app:1.2 --format notation-jws --key leaf.key --certificate-chain chain.pem`,
      )
      .action(run),
  );
}

async function run(references: string[], options: Options, command: Command): Promise<void> {
  const setting = openSetting(command);
  try {
    const sign = await signerOf(options, setting);
    for (const reference of references) {
      const image = await resolveImage(reference, {
        http: setting.http,
        ...registryOptions(options),
      });
      const platforms = options.recursive && image.manifest.kind === 'index' ? platformsOf(image) : [];
      for (const digest of [image.digest, ...platforms.map((entry) => entry.digest)]) {
        const one = await resolveDigest(image, digest);
        const { manifest } = await sign(one);
        process.stdout.write(`signed ${pinned(one)}\n  signature ${manifest}\n`);
      }
    }
  } finally {
    await setting.close();
  }
}

type Sign = (image: ResolvedImage) => Promise<{ manifest: string }>;

async function signerOf(options: Options, setting: Setting): Promise<Sign> {
  const now = () => systemClock.now().getTime();
  if (options.format === 'bundle') {
    const by = await bundleSigner(options, setting);
    const services = bundleServices(options, setting);
    return (image) => signWithBundle(image, by, services, now());
  }
  if (options.key === undefined || options.certificateChain === undefined)
    throw new CliFault(
      'option-invalid',
      'expected --key and --certificate-chain for a Notation signature, got one or none of them',
    );
  const key = await openSigningKey(options.key);
  const chain = readText(options.certificateChain);
  const format = options.format === 'notation-jws' ? 'jws' : 'cose';
  return (image) =>
    signWithNotation(
      image,
      {
        key,
        chain,
        format,
        ...(options.expires === undefined ? {} : { expiry: now() + options.expires * 86_400_000 }),
        ...(options.timestampUrl === undefined ? {} : { timestamp: options.timestampUrl }),
      },
      setting.http,
      now(),
    );
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('expected a number of days above 0');
  return value;
}
