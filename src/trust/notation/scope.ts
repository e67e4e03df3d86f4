// Which policy is for which repository (trust-store-trust-policy.md, Registry scopes constraints).
import type { NotationTrustPolicy, NotationTrustPolicyEntry } from '../evidence/index.ts';
import { policyInvalid } from './fault.ts';

const domain =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?$/;
const component = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

/** Whole repositories or `*` alone: no prefixes, no patterns. Throws NotationFault `trust-policy-invalid`. */
export function checkScopes(scopes: readonly string[], at: string): void {
  if (scopes.includes('*') && scopes.length > 1)
    throw policyInvalid(`"*" alone in registryScopes of ${at}`, 'others beside it');
  for (const scope of scopes) {
    if (scope === '*') continue;
    const [host = '', ...path] = scope.split('/');
    if (path.length === 0 || !domain.test(host) || !path.every((part) => component.test(part)))
      throw policyInvalid(
        `registry/repository in registryScopes of ${at}`,
        JSON.stringify(scope),
        'Name the whole repository as in registry.example.com/team/app, without scheme, tag or wildcard, or "*" alone for all.',
      );
  }
}

/** The one policy for `registry/repository`: the one that names it, else the one for all. */
export function policyFor(
  { trustPolicies }: NotationTrustPolicy,
  scope: string,
): NotationTrustPolicyEntry | undefined {
  return (
    trustPolicies.find(({ registryScopes }) => registryScopes.includes(scope)) ??
    trustPolicies.find(({ registryScopes }) => registryScopes.includes('*'))
  );
}
