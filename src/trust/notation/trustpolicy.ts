// Notation's trust policy document for images, checked whole (trust-store-trust-policy.md, OCI trust policy).
import { nearest, parseJson } from '../../core/index.ts';
import type { NotationTrustPolicy, NotationTrustPolicyEntry } from '../evidence/index.ts';
import { NotationFault } from './fault.ts';
import { isSubset, type Name, parseName } from './name.ts';

export const storeTypes = ['ca', 'signingAuthority', 'tsa'] as const;

export type StoreType = (typeof storeTypes)[number];

export const checks = ['integrity', 'authenticity', 'authenticTimestamp', 'expiry', 'revocation'] as const;

export type Check = (typeof checks)[number];

export const actions = ['enforce', 'log', 'skip'] as const;

export type Action = (typeof actions)[number];

const levels: Readonly<Record<string, Readonly<Record<Check, Action>>>> = {
  strict: all('enforce'),
  permissive: { ...all('log'), integrity: 'enforce', authenticity: 'enforce' },
  audit: { ...all('log'), integrity: 'enforce' },
  skip: all('skip'),
};

function all(action: Action): Record<Check, Action> {
  return {
    integrity: action,
    authenticity: action,
    authenticTimestamp: action,
    expiry: action,
    revocation: action,
  };
}

const prefix = 'x509.subject:';

type Raw = Record<string, unknown>;

/** Throws NotationFault `trust-policy-invalid`, JsonFault. */
export function parseTrustPolicy(text: string): NotationTrustPolicy {
  return checkTrustPolicy(parseJson(text));
}

/** As `parseTrustPolicy`, for a document that was read already. */
export function checkTrustPolicy(value: unknown): NotationTrustPolicy {
  const document = objectOf(value, 'a trust policy document', ['version', 'trustPolicies']);
  if (document['version'] !== '1.0') throw invalid('version "1.0"', JSON.stringify(document['version']));
  const list = document['trustPolicies'];
  if (!Array.isArray(list) || list.length === 0)
    throw invalid('trustPolicies with at least one policy', 'none');
  const names = new Set<string>();
  const scopes = new Map<string, string>();
  const trustPolicies = list.map((one, at) => {
    const entry = checkEntry(one, `trustPolicies[${at}]`);
    if (names.has(entry.name)) throw invalid('names used once', `${JSON.stringify(entry.name)} twice`);
    names.add(entry.name);
    for (const scope of entry.registryScopes) {
      const other = scopes.get(scope);
      if (other !== undefined)
        throw invalid(
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
  if (typeof name !== 'string' || name === '') throw invalid(`a name in ${where}`, 'none');
  const at = `policy ${JSON.stringify(name)}`;
  const registryScopes = textsOf(entry['registryScopes'], `registryScopes of ${at}`);
  checkScopes(registryScopes, at);
  const signatureVerification = checkVerification(entry['signatureVerification'], at);
  const stores = listOf(entry['trustStores'], `trustStores of ${at}`);
  const identities = listOf(entry['trustedIdentities'], `trustedIdentities of ${at}`);
  if (signatureVerification.level === 'skip') {
    if (stores.length > 0 || identities.length > 0)
      throw invalid(`no trust stores and identities in ${at}, which skips`, 'some');
    return { name, registryScopes, signatureVerification };
  }
  if (stores.length === 0 || identities.length === 0)
    throw invalid(
      `trustStores and trustedIdentities in ${at}`,
      stores.length === 0 ? 'no store' : 'no identity',
    );
  for (const store of stores) checkStoreName(store, at);
  checkIdentities(identities, at);
  return { name, registryScopes, signatureVerification, trustStores: stores, trustedIdentities: identities };
}

const domain =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?$/;
const component = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

/** Whole repositories or `*` alone: no prefixes, no patterns. */
function checkScopes(scopes: readonly string[], at: string): void {
  if (scopes.includes('*') && scopes.length > 1)
    throw invalid(`"*" alone in registryScopes of ${at}`, 'others beside it');
  for (const scope of scopes) {
    if (scope === '*') continue;
    const [host = '', ...path] = scope.split('/');
    if (path.length === 0 || !domain.test(host) || !path.every((part) => component.test(part)))
      throw invalid(
        `registry/repository in registryScopes of ${at}`,
        JSON.stringify(scope),
        'Name the whole repository as in registry.example.com/team/app, without scheme, tag or wildcard, or "*" alone for all.',
      );
  }
}

function checkVerification(value: unknown, at: string): NotationTrustPolicyEntry['signatureVerification'] {
  const found = objectOf(value, `signatureVerification of ${at}`, ['level', 'override', 'verifyTimestamp']);
  const { level, override, verifyTimestamp } = found;
  if (typeof level !== 'string' || !Object.hasOwn(levels, level))
    throw invalid(`level ${Object.keys(levels).join(', ')} in ${at}`, JSON.stringify(level));
  if (verifyTimestamp !== undefined && verifyTimestamp !== 'always' && verifyTimestamp !== 'afterCertExpiry')
    throw invalid(`verifyTimestamp always or afterCertExpiry in ${at}`, JSON.stringify(verifyTimestamp));
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
    throw invalid(`no override in ${at}, which skips`, names.join(', '));
  for (const [check, action] of Object.entries(override)) {
    if (!actions.some((known) => known === action))
      throw invalid(`${actions.join(', ')} for ${check} in ${at}`, JSON.stringify(action));
    if (check === 'integrity') throw invalid(`integrity enforced in ${at}`, 'an override of it');
    if (action === 'skip' && check !== 'revocation')
      throw invalid(`enforce or log for ${check} in ${at}`, 'skip, which only revocation may be');
  }
  return override as Record<string, Action>;
}

/** Letters, digits, `_`, `.` and `-`: the name becomes a directory's, and never leads out of its own. */
export function isStoreName(name: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(name) && name !== '.' && name !== '..';
}

function checkStoreName(store: string, at: string): void {
  const [type = '', name, ...more] = store.split(':');
  if (
    !storeTypes.some((known) => known === type) ||
    name === undefined ||
    more.length > 0 ||
    !isStoreName(name)
  )
    throw invalid(
      `TYPE:NAME with TYPE one of ${storeTypes.join(', ')} in trustStores of ${at}`,
      JSON.stringify(store),
    );
}

/** `*` alone, or names of which none holds another; other kinds of identity belong to plugins, which there are none. */
function checkIdentities(identities: readonly string[], at: string): void {
  if (identities.includes('*')) {
    if (identities.length > 1) throw invalid(`"*" alone in trustedIdentities of ${at}`, 'others beside it');
    return;
  }
  const names: Name[] = [];
  for (const identity of identities) {
    const name = parseIdentity(identity);
    if (name === undefined)
      throw invalid(
        `${prefix} and a distinguished name in trustedIdentities of ${at}`,
        JSON.stringify(identity),
      );
    if (names.some((other) => isSubset(other, name) || isSubset(name, other)))
      throw invalid(
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

/** What each check leads to under a policy's level and its override. */
export function actionsOf({
  level,
  override,
}: NotationTrustPolicyEntry['signatureVerification']): Record<Check, Action> {
  return { ...levels[level]!, ...override };
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

function objectOf(value: unknown, what: string, keys: readonly string[]): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${what} as a JSON object`, value === undefined ? 'none' : typeof value);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) {
      const near = nearest(key, keys);
      throw invalid(
        `${keys.join(', ')} in ${what}`,
        JSON.stringify(key),
        near === undefined ? undefined : `Did you mean ${near}?`,
      );
    }
  return value as Raw;
}

function textsOf(value: unknown, what: string): string[] {
  const list = listOf(value, what);
  if (list.length === 0) throw invalid(`at least one text in ${what}`, 'none');
  return list;
}

function listOf(value: unknown, what: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string' || one === ''))
    throw invalid(`a list of texts in ${what}`, 'something else');
  return value as string[];
}

function invalid(expected: string, got: string, hint?: string): NotationFault {
  return new NotationFault(
    'trust-policy-invalid',
    `expected ${expected}, got ${got}`,
    hint === undefined ? {} : { hint },
  );
}
