// Whom a command is told to trust: a key, a keyless identity, or Notation's trust policy.
import type { Command } from 'commander';
import {
  type Authority,
  attestationNames,
  identityProblem,
  parseTrustPolicy,
  predicateTypesOf,
  publicGood,
  publicPem,
  readPublicKey,
  readTrustStores,
  type TextMatch,
} from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { collect } from './setting.ts';

export interface AuthorityOptions {
  key?: string[];
  identity?: string;
  issuer?: string;
  trustPolicy?: string;
  trustStore?: string;
  trustRoot?: string;
  log?: boolean;
  timestamp?: boolean;
}

export function withAuthorityOptions(command: Command): Command {
  return command
    .option('--key <file>', 'public key, PEM (repeat for several: one is enough)', collect)
    .option('--identity <subject>', 'subject of a keyless certificate, exact or with * and **')
    .option('--issuer <url>', 'OpenID Connect issuer that the identity belongs to')
    .option('--trust-policy <file>', 'Notation trust policy')
    .option('--trust-store <dir>', 'directory of Notation’s configuration, which holds truststore/x509')
    .option('--trust-root <file>', 'Sigstore trusted_root.json instead of the public-good one')
    .option('--log', 'ask for an entry in a transparency log (always asked for keyless)')
    .option('--timestamp', 'ask for a timestamp of a trusted authority');
}

/** Throws CliFault `option-invalid`, KeyFault, NotationFault. */
export async function authoritiesOf(options: AuthorityOptions): Promise<Authority[]> {
  const proofs = { log: options.log ?? false, timestamp: options.timestamp ?? false };
  const root = options.trustRoot === undefined ? publicGood : 'file';
  const authorities: Authority[] = [];
  if (options.key !== undefined)
    authorities.push({
      kind: 'key',
      name: '--key',
      keys: options.key.map((file) => ({ pem: publicPem(readPublicKey(readText(file), file)) })),
      root,
      proofs,
    });
  if (options.identity !== undefined || options.issuer !== undefined) {
    if (options.identity === undefined || options.issuer === undefined)
      throw new CliFault('option-invalid', 'expected --identity and --issuer together, got one of them', {
        hint: 'A subject says nothing without the issuer that vouches for it.',
      });
    const identities = [
      { subject: matchOf('--identity', options.identity), issuer: matchOf('--issuer', options.issuer) },
    ];
    authorities.push({ kind: 'keyless', name: '--identity', identities, root, proofs });
  }
  if (options.trustPolicy !== undefined) {
    if (options.trustStore === undefined)
      throw new CliFault('option-invalid', 'expected --trust-store with --trust-policy, got none');
    const trustPolicy = parseTrustPolicy(readText(options.trustPolicy));
    const trustStores = await readTrustStores(options.trustStore, trustPolicy);
    authorities.push({ kind: 'notation', name: '--trust-policy', trustPolicy, trustStores });
  }
  if (authorities.length > 0) return authorities;
  throw new CliFault(
    'option-invalid',
    'expected --key, --identity with --issuer, or --trust-policy, got none of them',
    {
      hint: 'For example: seaworthy verify REF --key cosign.pub',
    },
  );
}

/** As strict as a policy is on load: a wildcard never stands for a host or a domain. */
function matchOf(option: string, text: string): TextMatch {
  const isPattern = text.includes('*');
  const problem = identityProblem(text, isPattern);
  if (problem === undefined) return isPattern ? { pattern: text } : { exact: text };
  throw new CliFault('option-invalid', `${option}: ${problem}`);
}

/** The URIs of a predicate type by its short name. Throws CliFault `option-invalid`. */
export function namedPredicateTypes(name: string): readonly string[] {
  const types = predicateTypesOf(name);
  if (types !== undefined) return types;
  throw new CliFault(
    'option-invalid',
    `expected ${attestationNames.join(', ')} or a URI, got ${JSON.stringify(name)}`,
  );
}
