// seaworthy promote: an image goes on to another registry once its verdict allows it.
import { Command } from 'commander';
import { systemClock } from '../core/index.ts';
import { parseReference, withDefaultTag } from '../image/index.ts';
import { createChecker, formatVerdict, pinned, promote, resolveImage, verifyHere } from '../trust/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { parseLabels, readPolicy } from './policyfile.ts';
import { type RegistryOptions, registryOptions, withRegistryOptions } from './registryoptions.ts';
import { collect, openSetting, wantsColour } from './setting.ts';

interface Options extends RegistryOptions {
  policy: string;
  label?: string[];
}

export function promoteCommand(): Command {
  return withRegistryOptions(
    new Command('promote')
      .description('Copy an image with its signatures and attestations to another registry, after a verdict.')
      .argument('<src>', 'image to promote; a tag is resolved once')
      .argument('<dst>', 'where it goes, with the tag that moves there')
      .requiredOption('--policy <file>', 'ImagePolicy that allows it; every rule counts as enforced')
      .option('--label <name=value>', 'label that rules are chosen by', collect)
      .addHelpText(
        'after',
        '\nExample:\n  $ seaworthy promote dev.azurecr.io/team/app:1.2 prod.azurecr.io/team/app:1.2 --policy production.yaml',
      )
      .action(run),
  );
}

async function run(source: string, destination: string, options: Options, command: Command): Promise<void> {
  const to = withDefaultTag(parseReference(destination));
  if (to.digest !== undefined)
    throw new CliFault('option-invalid', 'expected a destination with a tag or none, got one with a digest', {
      hint: 'The digest is the source’s own; name the repository, and a tag if one is to move.',
    });
  const policy = await readPolicy(options.policy);
  const setting = openSetting(command);
  try {
    const { home, http } = setting;
    const place = { http, ...registryOptions(options) };
    const image = await resolveImage(source, place);
    const { domain, repository } = image.reference;
    // judged by the digest that was resolved, so that what is judged is what is copied
    const reference = {
      domain,
      repository,
      ...(image.reference.tag === undefined ? {} : { tag: image.reference.tag }),
      digest: image.digest,
    };
    const checker = createChecker({ home, clock: systemClock, verify: verifyHere, ...place });
    const { verdict } = await checker.check({
      reference,
      policy,
      labels: parseLabels(options.label),
      purpose: 'release',
    });
    process.stderr.write(
      formatVerdict(verdict, { columns: process.stderr.columns ?? 100, colour: wantsColour() }),
    );
    if (verdict.decision !== 'allow') {
      process.stderr.write('not promoted\n');
      process.exitCode = verdict.decision === 'deny' ? exitCodes.failed : exitCodes.undecided;
      return;
    }
    const done = await promote(image, to, { ...place, onStep: (text) => process.stderr.write(`${text}\n`) });
    process.stdout.write(
      `promoted ${pinned(image)}\n  to ${to.domain}/${to.repository}${to.tag === undefined ? '' : `:${to.tag}`}@${done.digest}\n`,
    );
    if (done.kept !== undefined)
      process.stdout.write(`  the digest it replaces keeps the tag ${done.kept}\n`);
  } finally {
    await setting.close();
  }
}
