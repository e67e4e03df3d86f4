// Whether the policy trusts the signer: a certificate of its trust stores, and one of its identities.
import { isFault } from '../../core/index.ts';
import { type Certificate, parseCertificates } from '../certificate/index.ts';
import { type NotationAuthority, type NotationTrustPolicyEntry, Rejection } from '../evidence/index.ts';
import type { NotationEnvelope } from './content.ts';
import { parseIdentity } from './identity.ts';
import { isSubset, quoteName, readName } from './name.ts';
import { checkStore } from './store.ts';

/** Step 2: a certificate of the chain is in a trust store of the kind that the signing scheme asks for. */
export function checkTrusted(
  authority: NotationAuthority,
  policy: NotationTrustPolicyEntry,
  { scheme, chain }: NotationEnvelope,
): void {
  const kind = scheme === 'notary.x509' ? 'ca' : 'signingAuthority';
  const trusted = storesOf(authority, policy, kind);
  if (!chain.some(({ raw }) => trusted.some((other) => other.raw.equals(raw))))
    throw new Rejection(
      'certificate-untrusted',
      `expected a chain through a trust store of type ${kind}, got ${quoteName(chain.at(-1)!.subject)}`,
    );
}

/** Step 3: parsed names are compared, attribute by attribute (CVE-2023-25656). */
export function checkIdentity({ trustedIdentities = [] }: NotationTrustPolicyEntry, leaf: Certificate): void {
  if (trustedIdentities.includes('*')) return;
  const got = quoteName(leaf.subject);
  try {
    const name = readName(leaf.subject);
    for (const identity of trustedIdentities) {
      const wanted = parseIdentity(identity);
      if (wanted !== undefined && wanted.size > 0 && isSubset(wanted, name)) return;
    }
  } catch (error) {
    if (!isFault(error)) throw error;
    throw new Rejection('identity-other', error.message);
  }
  throw new Rejection('identity-other', `expected ${trustedIdentities.join(' or ')}, got ${got}`);
}

const parsedStores = new WeakMap<readonly string[], Map<string, Certificate[]>>();

/** The certificates of a policy's stores of one kind; a store that is not there is no empty one. */
export function storesOf(
  { trustStores, name }: NotationAuthority,
  policy: NotationTrustPolicyEntry,
  kind: string,
): Certificate[] {
  return (policy.trustStores ?? [])
    .filter((store) => store.startsWith(`${kind}:`))
    .flatMap((store) => {
      const held = Object.hasOwn(trustStores, store) ? trustStores[store] : undefined;
      if (held === undefined)
        throw new Rejection('trust-root-unusable', `expected the trust store ${store} in ${name}, got none`);
      const known = parsedStores.get(held)?.get(store);
      if (known !== undefined) return known;
      const parsed = held.flatMap(parseCertificates);
      checkStore(store, parsed);
      parsedStores.set(held, new Map([...(parsedStores.get(held) ?? []), [store, parsed]]));
      return parsed;
    });
}
