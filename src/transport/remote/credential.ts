// What a registry is asked with, and who gives it.

export type Credential =
  | { kind: 'basic'; username: string; password: string }
  /** An OAuth2 refresh token (`identitytoken`). */
  | { kind: 'identity'; token: string }
  /** A bearer token that the registry takes as it is (`registrytoken`). */
  | { kind: 'bearer'; token: string };

/** Gives the credential for a repository of a registry, or undefined: go anonymously. */
export type Credentials = (domain: string, repository?: string) => Promise<Credential | undefined>;
