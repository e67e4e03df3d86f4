// The commands that fixes print: each does the one thing that is missing, for the one digest it is missing from.
import type { Authority } from '../evidence/index.ts';
import type { ImagePolicy } from './policy.ts';
import { attestationNames } from './predicates.ts';
import type { Fix } from './verdict.ts';

const publicRekor = 'https://rekor.sigstore.dev';

/** How an authority signs: its private key, its pipeline's identity, its certificate. */
function meansOf(policy: ImagePolicy, authority: Authority | undefined): { options: string; text: string } {
  if (authority?.kind === 'keyless') {
    const { subject } = authority.identities[0]!;
    return { options: '', text: ` as ${'exact' in subject ? subject.exact : subject.pattern}` };
  }
  if (authority?.kind === 'notation')
    return {
      options: ' --format notation-jws --key KEY --certificate-chain CHAIN',
      text: ` with a certificate of ${authority.name}`,
    };
  if (authority === undefined) return { options: ' --key KEY', text: '' };
  const file = policy.keyFiles[authority.name]?.at(-1);
  const key = file?.endsWith('.pub') ? `${file.slice(0, -'.pub'.length)}.key` : 'KEY';
  const log = authority.proofs.log
    ? ` --rekor-url ${authority.root === undefined ? publicRekor : 'URL'}`
    : '';
  const time = authority.proofs.timestamp ? ' --timestamp-url URL' : '';
  return { options: ` --key ${quoted(key)}${log}${time}`, text: ` with the key of ${authority.name}` };
}

function authorityAmong(policy: ImagePolicy, by: readonly string[], attests: boolean): Authority | undefined {
  return policy.authorities.find(({ name, kind }) => by.includes(name) && !(attests && kind === 'notation'));
}

export function signFix(policy: ImagePolicy, by: readonly string[], address: string): Fix {
  const { options, text } = meansOf(policy, authorityAmong(policy, by, false));
  return { text: `sign the image${text}`, command: `seaworthy sign ${address}${options}` };
}

export function attestFix(policy: ImagePolicy, by: readonly string[], address: string, type: string): Fix {
  const { options, text } = meansOf(policy, authorityAmong(policy, by, true));
  const name = type === 'slsaprovenance' ? 'slsaprovenance1' : type;
  return {
    text: `attest it${text}`,
    command: `seaworthy attest ${address} --type ${attestationNames.includes(name) ? name : quoted(name)} --predicate FILE${options}`,
  };
}

/** `stale`: what it was judged by is too old, so the advisories come first. */
export function scanFix(policy: ImagePolicy, by: readonly string[], address: string, stale = false): Fix {
  const { options, text } = meansOf(policy, authorityAmong(policy, by, true));
  return {
    text: `${stale ? 'update the advisories and scan again' : 'scan the image'}, signed${text}`,
    command: `${stale ? 'seaworthy db update && ' : ''}seaworthy scan ${address} --attest${options}`,
  };
}

/** As a POSIX shell takes it for one word: a path or type in a policy never becomes a command. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
