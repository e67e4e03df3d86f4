// seaworthy verify: is there a signature or attestation of this image by someone trusted?
import { Command, Option } from 'commander';
import { systemClock } from '../core/index.ts';
import { diskResults } from '../store/index.ts';
import {
  type Answers,
  answersFor,
  formats,
  pinned,
  type ResolvedImage,
  resolveImage,
  rootsFor,
} from '../trust/index.ts';
import {
  type AuthorityOptions,
  authoritiesOf,
  namedPredicateTypes,
  withAuthorityOptions,
} from './authority.ts';
import { exitCodes } from './failure.ts';
import { writeOutput } from './files.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting } from './setting.ts';
import { type Verified, verificationJson, verificationText } from './verified.ts';
import { verifyByPolicy } from './verifypolicy.ts';

interface Options extends AuthorityOptions, RegistryOptions {
  policy?: string;
  label?: string[];
  type?: string;
  format: 'text' | 'json';
  output?: string;
}

export function verifyCommand(): Command {
  return withRegistryOptions(
    withAuthorityOptions(
      new Command('verify')
        .description('Verify that someone trusted signed an image, or attested something about it.')
        .argument('<ref>', 'image reference; a tag is resolved once'),
    )
      .option(
        '--type <type>',
        'an attestation instead of a signature: slsaprovenance1, spdx, cyclonedx, vuln, openvex, vsa, … or a URI',
      )
      .addOption(
        new Option('--format <format>', 'how to write the result').choices(['text', 'json']).default('text'),
      )
      .option('--output <file>', 'write the result to a file')
      .option(
        '--policy <file>',
        'the signature and attestation rules of an ImagePolicy, instead of one authority',
      )
      .option('--label <name=value>', 'with --policy: label that rules are chosen by', collect)
      .addHelpText(
        'after',
        `
Examples:
  $ seaworthy verify registry.example.com/team/app:1.2 --key cosign.pub
  $ seaworthy verify registry.example.com/team/app:1.2 --identity build@example.com --issuer https://login.example.com
  $ seaworthy verify registry.example.com/team/app:1.2 --trust-policy trustpolicy.json --trust-store notation

Exit codes: 0 verified, 1 evidence read and none satisfies, 2 image not resolvable, 3 evidence not fetched or not judgeable.`,
      )
      .action(run),
  );
}

async function run(reference: string, options: Options, command: Command): Promise<void> {
  if (options.policy !== undefined) {
    await verifyByPolicy(reference, { ...options, policy: options.policy }, command);
    return;
  }
  const authorities = await authoritiesOf(options);
  const predicateTypes = options.type === undefined ? [] : namedPredicateTypes(options.type);
  const setting = openSetting(command);
  try {
    const now = systemClock.now().getTime();
    const image = await resolveImage(reference, {
      http: setting.http,
      ...registryOptions(options),
    });
    const { roots } = await rootsFor(authorities, {
      home: setting.home,
      http: setting.http,
      now,
      ...rootFile(options),
    });
    const found = await answersFor(
      image,
      { authorities, formats: predicateTypes.length === 0 ? formatsOf(options) : [], predicateTypes },
      { http: setting.http, roots, results: diskResults(setting.home.dir('revocation')), now },
    );
    const verified = judge(image, found, predicateTypes);
    const text = options.format === 'json' ? verificationJson(verified) : verificationText(verified);
    await writeOutput(text, options.output);
    process.exitCode = {
      verified: exitCodes.done,
      refused: exitCodes.failed,
      undecided: exitCodes.undecided,
    }[verified.result];
  } finally {
    await setting.close();
  }
}

function rootFile({ trustRoot }: Options): { file?: string } {
  return trustRoot === undefined ? {} : { file: trustRoot };
}

function formatsOf({ trustPolicy }: Options) {
  return formats.filter((format) => (format === 'notation') === (trustPolicy !== undefined));
}

function judge(image: ResolvedImage, { answers, unlisted }: Answers, types: readonly string[]): Verified {
  const wanted = answers.filter((answer) => !answer.ok || isWanted(answer, types));
  const signed = wanted.filter((answer) => answer.ok);
  const rejected = wanted.filter((answer) => !answer.ok);
  const open = unlisted.length > 0 || rejected.some((answer) => answer.undecided);
  return {
    image: pinned(image),
    result: signed.length > 0 ? 'verified' : open ? 'undecided' : 'refused',
    ...(types[0] === undefined ? {} : { predicateType: types[0] }),
    signed,
    rejected,
    unlisted,
  };
}

function isWanted(
  { attestation }: Extract<Answers['answers'][number], { ok: true }>,
  types: readonly string[],
): boolean {
  return attestation === undefined ? types.length === 0 : types.includes(attestation.predicateType);
}
