// Who may vouch by Notation: its trust policy and its trust stores.

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
