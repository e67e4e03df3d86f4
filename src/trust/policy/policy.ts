// A policy, compiled: what the authorities, rules, suppressions, exceptions and revocations of one document say.
import type { UndecidedCode } from '../../core/index.ts';
import type { Suppression } from '../../scan/match/index.ts';
import type { Authority, RejectionCode } from '../evidence/index.ts';
import type { Rule } from './rule.ts';

/** Lets images past one named rule or one named undecided reason; never an allow of anything else. */
export interface Exception {
  rule?: string;
  undecided?: UndecidedCode | RejectionCode;
  images: readonly string[];
  labels: Readonly<Record<string, readonly string[]>>;
  reason: string;
  author: string;
  /** Last day it holds, YYYY-MM-DD. */
  expires: string;
}

/** Above every exception and grace. */
export interface Revocation {
  digest: string;
  reason: string;
  author: string;
}

/** Where a keyless authority's certificates and logs are trusted from. */
export type RootSource =
  /** `json`: text of a trusted_root.json. */
  | { name: string; kind: 'file'; json: string }
  /** `root`: text of the root.json to begin with. */
  | { name: string; kind: 'tuf'; mirror: string; root: string };

export interface ImagePolicy {
  name: string;
  /** Anchored patterns of `HOST/REPOSITORY`; empty: no allow-list. Above every exception. */
  registries: readonly string[];
  /** Whether a cluster puts the digest in where a workload names a tag. */
  mutateDigest: boolean;
  roots: readonly RootSource[];
  authorities: readonly Authority[];
  /** Paths of the key authorities' files, for the commands that fixes print. */
  keyFiles: Readonly<Record<string, readonly string[]>>;
  rules: readonly Rule[];
  suppressions: readonly Suppression[];
  exceptions: readonly Exception[];
  revocations: readonly Revocation[];
  /** Exceptions of a cluster count only with an approver who is not their author. */
  exceptionsNeedApprover?: boolean;
  /** `sha256:` over the whole document with the files it names. */
  hash: string;
  /** The same without suppressions, exceptions, revocations, modes and the policy's name. */
  rulesHash: string;
}
