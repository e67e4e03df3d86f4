// Notation's trust policy document for images, checked whole (trust-store-trust-policy.md, OCI trust policy).
import { nearest, parseJson } from '../../core/index.ts';
import type { NotationTrustPolicy, NotationTrustPolicyEntry } from '../evidence/index.ts';
import { policyInvalid } from './fault.ts';
import { checkIdentities } from './identity.ts';
import { type Action, actions, checks, levels } from './level.ts';
import { checkScopes } from './scope.ts';
import { checkStoreName } from './store.ts';

type Raw = Record<string, unknown>;

/** Throws NotationFault `trust-policy-invalid`, JsonFault. */
export function parseTrustPolicy(text: string): NotationTrustPolicy {
  return checkTrustPolicy(parseJson(text));
}

/** As `parseTrustPolicy`, for a document that was read already. */
export function checkTrustPolicy(value: unknown): NotationTrustPolicy {
  const document = objectOf(value, 'a trust policy document', ['version', 'trustPolicies']);
  if (document['version'] !== '1.0')
    throw policyInvalid('version "1.0"', JSON.stringify(document['version']));
  const list = document['trustPolicies'];
  if (!Array.isArray(list) || list.length === 0)
    throw policyInvalid('trustPolicies with at least one policy', 'none');
  const names = new Set<string>();
  const scopes = new Map<string, string>();
  const trustPolicies = list.map((one, at) => {
    const entry = checkEntry(one, `trustPolicies[${at}]`);
    if (names.has(entry.name)) throw policyInvalid('names used once', `${JSON.stringify(entry.name)} twice`);
    names.add(entry.name);
    for (const scope of entry.registryScopes) {
      const other = scopes.get(scope);
      if (other !== undefined)
        throw policyInvalid(
          'each registry scope once',
          `${scope} in ${JSON.stringify(other)} and ${JSON.stringify(entry.name)}`,
        );
      scopes.set(scope, entry.name);
    }
    return entry;
  });
  return { version: '1.0', trustPolicies };
}

function checkEntry(value: unknown, where: string): NotationTrustPolicyEntry {
  const entry = objectOf(value, where, [
    'name',
    'registryScopes',
    'signatureVerification',
    'trustStores',
    'trustedIdentities',
  ]);
  const { name } = entry;
  if (typeof name !== 'string' || name === '') throw policyInvalid(`a name in ${where}`, 'none');
  const at = `policy ${JSON.stringify(name)}`;
  const registryScopes = textsOf(entry['registryScopes'], `registryScopes of ${at}`);
  checkScopes(registryScopes, at);
  const signatureVerification = checkVerification(entry['signatureVerification'], at);
  const stores = listOf(entry['trustStores'], `trustStores of ${at}`);
  const identities = listOf(entry['trustedIdentities'], `trustedIdentities of ${at}`);
  if (signatureVerification.level === 'skip') {
    if (stores.length > 0 || identities.length > 0)
      throw policyInvalid(`no trust stores and identities in ${at}, which skips`, 'some');
    return { name, registryScopes, signatureVerification };
  }
  if (stores.length === 0 || identities.length === 0)
    throw policyInvalid(
      `trustStores and trustedIdentities in ${at}`,
      stores.length === 0 ? 'no store' : 'no identity',
    );
  for (const store of stores) checkStoreName(store, at);
  checkIdentities(identities, at);
  return { name, registryScopes, signatureVerification, trustStores: stores, trustedIdentities: identities };
}

function checkVerification(value: unknown, at: string): NotationTrustPolicyEntry['signatureVerification'] {
  const found = objectOf(value, `signatureVerification of ${at}`, ['level', 'override', 'verifyTimestamp']);
  const { level, override, verifyTimestamp } = found;
  if (typeof level !== 'string' || !Object.hasOwn(levels, level))
    throw policyInvalid(`level ${Object.keys(levels).join(', ')} in ${at}`, JSON.stringify(level));
  if (verifyTimestamp !== undefined && verifyTimestamp !== 'always' && verifyTimestamp !== 'afterCertExpiry')
    throw policyInvalid(
      `verifyTimestamp always or afterCertExpiry in ${at}`,
      JSON.stringify(verifyTimestamp),
    );
  return {
    level: level as 'strict',
    ...(override === undefined ? {} : { override: checkOverride(override, level, at) }),
    ...(verifyTimestamp === undefined ? {} : { verifyTimestamp }),
  };
}

function checkOverride(value: unknown, level: string, at: string): Record<string, Action> {
  const override = objectOf(value, `override of ${at}`, checks);
  const names = Object.keys(override);
  if (level === 'skip' && names.length > 0)
    throw policyInvalid(`no override in ${at}, which skips`, names.join(', '));
  for (const [check, action] of Object.entries(override)) {
    if (!actions.some((known) => known === action))
      throw policyInvalid(`${actions.join(', ')} for ${check} in ${at}`, JSON.stringify(action));
    if (check === 'integrity') throw policyInvalid(`integrity enforced in ${at}`, 'an override of it');
    if (action === 'skip' && check !== 'revocation')
      throw policyInvalid(`enforce or log for ${check} in ${at}`, 'skip, which only revocation may be');
  }
  return override as Record<string, Action>;
}

function objectOf(value: unknown, what: string, keys: readonly string[]): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw policyInvalid(`${what} as a JSON object`, value === undefined ? 'none' : typeof value);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) {
      const near = nearest(key, keys);
      throw policyInvalid(
        `${keys.join(', ')} in ${what}`,
        JSON.stringify(key),
        near === undefined ? undefined : `Did you mean ${near}?`,
      );
    }
  return value as Raw;
}

function textsOf(value: unknown, what: string): string[] {
  const list = listOf(value, what);
  if (list.length === 0) throw policyInvalid(`at least one text in ${what}`, 'none');
  return list;
}

function listOf(value: unknown, what: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string' || one === ''))
    throw policyInvalid(`a list of texts in ${what}`, 'something else');
  return value as string[];
}
