// Who may vouch for an image: keys, keyless identities, Notation's trust stores. All material is in memory.
import type { NotationAuthority } from './notation.ts';

/** A public key with the time in which it counts. */
export interface TrustedKey {
  /** SubjectPublicKeyInfo, PEM. */
  pem: string;
  /** ISO 8601; absent: no bound. Outside, only a trusted timestamp inside makes a signature count. */
  notBefore?: string;
  notAfter?: string;
}

/** Proofs of time that are asked for beside the signature itself. */
export interface Proofs {
  /** An entry in a transparency log of the trust root. */
  log?: boolean;
  /** An RFC 3161 timestamp by an authority of the trust root. */
  timestamp?: boolean;
}

export interface KeyAuthority {
  kind: 'key';
  name: string;
  keys: readonly TrustedKey[];
  /** Name of the trust root that proofs are judged by; `public-good` when a policy names none. */
  root?: string;
  proofs: Proofs;
}

/** Compared whole: `exact` as text; `pattern` as an anchored pattern (`*` within a path segment, `**` across). */
export type TextMatch = { exact: string } | { pattern: string };

export interface KeylessIdentity {
  /** OIDC issuer; always required. */
  issuer: TextMatch;
  /** Subject alternative name of the certificate. */
  subject: TextMatch;
}

export interface KeylessAuthority {
  kind: 'keyless';
  name: string;
  identities: readonly KeylessIdentity[];
  /** Name of the trust root in the trust material; `public-good` when a policy names none. */
  root: string;
  proofs: Proofs;
}

export type Authority = KeyAuthority | KeylessAuthority | NotationAuthority;
