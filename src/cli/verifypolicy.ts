// seaworthy verify --policy: only who signed and attested, by the rules of a policy; what is in the image is for check.
import type { Command } from 'commander';
import { systemClock } from '../core/index.ts';
import { createChecker, formatVerdict, verdictJson, verifyHere } from '../trust/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { writeOutput } from './files.ts';
import { parseLabels, readPolicy } from './policyfile.ts';
import { type RegistryOptions, registryOptions } from './registryoptions.ts';
import { openSetting, wantsColour } from './setting.ts';

interface Options extends RegistryOptions {
  policy: string;
  label?: string[];
  key?: string[];
  identity?: string;
  trustPolicy?: string;
  type?: string;
  format: 'text' | 'json';
  output?: string;
}

export async function verifyByPolicy(reference: string, options: Options, command: Command): Promise<void> {
  if (options.key ?? options.identity ?? options.trustPolicy ?? options.type)
    throw new CliFault(
      'option-invalid',
      'expected --policy alone, got it with an authority or a type of its own',
      {
        hint: 'The policy says who is trusted for what.',
      },
    );
  const policy = await readPolicy(options.policy);
  const rules = policy.rules.filter(({ kind }) => kind === 'signature' || kind === 'attestation');
  const setting = openSetting(command);
  try {
    const { home, http } = setting;
    const checker = createChecker({
      home,
      http,
      clock: systemClock,
      verify: verifyHere,
      ...registryOptions(options),
    });
    const { verdict } = await checker.check({
      reference,
      policy: { ...policy, rules, hash: `${policy.hash} signatures` },
      labels: parseLabels(options.label),
      purpose: 'release',
    });
    const look = {
      columns: process.stdout.columns ?? 100,
      colour: options.output === undefined && wantsColour(),
    };
    await writeOutput(
      options.format === 'json' ? verdictJson(verdict) : formatVerdict(verdict, look),
      options.output,
    );
    process.exitCode = { allow: exitCodes.done, deny: exitCodes.failed, undecided: exitCodes.undecided }[
      verdict.decision
    ];
  } finally {
    await setting.close();
  }
}
