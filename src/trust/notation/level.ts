// What a Notation policy's level makes of each check (trust-store-trust-policy.md, Signature verification level).
import type { NotationTrustPolicyEntry } from '../evidence/index.ts';

export const checks = ['integrity', 'authenticity', 'authenticTimestamp', 'expiry', 'revocation'] as const;

export type Check = (typeof checks)[number];

export const actions = ['enforce', 'log', 'skip'] as const;

export type Action = (typeof actions)[number];

export const levels: Readonly<Record<string, Readonly<Record<Check, Action>>>> = {
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

/** What each check leads to under a policy's level and its override. */
export function actionsOf({
  level,
  override,
}: NotationTrustPolicyEntry['signatureVerification']): Record<Check, Action> {
  return { ...levels[level]!, ...override };
}
