// Whom a Notation policy trusts by name (trust-store-trust-policy.md, Trusted identities constraints).
import { policyInvalid } from './fault.ts';
import { isSubset, type Name, parseName } from './name.ts';

const prefix = 'x509.subject:';

/** `*` alone, or names of which none holds another; other kinds of identity belong to plugins, which there are none. */
export function checkIdentities(identities: readonly string[], at: string): void {
  if (identities.includes('*')) {
    if (identities.length > 1)
      throw policyInvalid(`"*" alone in trustedIdentities of ${at}`, 'others beside it');
    return;
  }
  const names: Name[] = [];
  for (const identity of identities) {
    const name = parseIdentity(identity);
    if (name === undefined)
      throw policyInvalid(
        `${prefix} and a distinguished name in trustedIdentities of ${at}`,
        JSON.stringify(identity),
      );
    if (names.some((other) => isSubset(other, name) || isSubset(name, other)))
      throw policyInvalid(
        `identities of ${at} that do not overlap`,
        `${JSON.stringify(identity)} beside another that does`,
      );
    names.push(name);
  }
}

/** The name of an `x509.subject:` identity; undefined for another kind. Throws NotationFault. */
export function parseIdentity(identity: string): Name | undefined {
  return identity.startsWith(prefix) ? parseName(identity.slice(prefix.length)) : undefined;
}
