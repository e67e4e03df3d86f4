// Who may vouch for an image: keys, keyless identities, Notation's trust stores. All material is in memory.

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

/** As in Notation's specification trust-store-trust-policy.md. */
export interface NotationAuthority {
  kind: 'notation';
  name: string;
  /** The trust policy document, version 1.0, already checked. */
  trustPolicy: NotationTrustPolicy;
  /** PEM certificates by `TYPE:NAME`, TYPE one of ca, signingAuthority, tsa. */
  trustStores: Readonly<Record<string, readonly string[]>>;
}

export interface NotationTrustPolicy {
  version: string;
  trustPolicies: readonly NotationTrustPolicyEntry[];
}

export interface NotationTrustPolicyEntry {
  name: string;
  registryScopes: readonly string[];
  signatureVerification: {
    level: 'strict' | 'permissive' | 'audit' | 'skip';
    override?: Readonly<Record<string, 'enforce' | 'log' | 'skip'>>;
    verifyTimestamp?: 'always' | 'afterCertExpiry';
  };
  trustStores?: readonly string[];
  trustedIdentities?: readonly string[];
}

export type Authority = KeyAuthority | KeylessAuthority | NotationAuthority;
