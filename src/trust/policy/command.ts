// The commands that fixes print: each does the one thing that is missing, for the one digest it is missing from.

import type { ImagePolicy } from './policy.ts';
import { attestationNames } from './predicates.ts';
import type { Fix } from './verdict.ts';

/** How the first of the authorities signs: its private key, its pipeline, its certificate. */
function means(policy: ImagePolicy, by: readonly string[]): { options: string; text: string } {
  const authority = policy.authorities.find(({ name }) => by.includes(name));
  if (authority?.kind === 'keyless') {
    const identity = authority.identities[0]!;
    const subject = 'exact' in identity.subject ? identity.subject.exact : identity.subject.pattern;
    return { options: '--keyless', text: ` as ${subject}` };
  }
  if (authority?.kind === 'notation')
    return {
      options: '--format notation --key KEY --certificate CHAIN',
      text: ` with a certificate of ${authority.name}`,
    };
  const file = authority === undefined ? undefined : policy.keyFiles[authority.name]?.at(-1);
  const key = file?.endsWith('.pub') ? `${file.slice(0, -4)}.key` : 'KEY';
  return {
    options: `--key ${quoted(key)}`,
    text: authority === undefined ? '' : ` with the key of ${authority.name}`,
  };
}

export function signFix(policy: ImagePolicy, by: readonly string[], address: string): Fix {
  const { options, text } = means(policy, by);
  return { text: `sign the image${text}`, command: `seaworthy sign ${address} ${options}` };
}

export function attestFix(policy: ImagePolicy, by: readonly string[], address: string, type: string): Fix {
  const { options, text } = means(policy, by);
  const name =
    type === 'slsaprovenance' ? 'slsaprovenance1' : attestationNames.includes(type) ? type : quoted(type);
  return {
    text: `attest it${text}`,
    command: `seaworthy attest ${address} --type ${name} --predicate FILE ${options}`,
  };
}

export function scanFix(policy: ImagePolicy, by: readonly string[], address: string, stale = false): Fix {
  const { options, text } = means(policy, by);
  return {
    text: `${stale ? 'update the advisories and scan again' : 'scan the image'}, signed${text}`,
    command: `${stale ? 'seaworthy db update && ' : ''}seaworthy scan ${address} --attest ${options}`,
  };
}

/** As a POSIX shell takes it for one word: a path or type in a policy never becomes a command. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
