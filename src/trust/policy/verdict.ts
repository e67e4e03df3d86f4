// The answer to "may it run?": allow, deny or undecided, with what every rule expected, found and would be mended by.
import type { UndecidedCode } from '../../core/index.ts';
import type { RejectionCode } from '../evidence/index.ts';
import type { Mode, RuleKind } from './rule.ts';

/** Why a rule is not met although everything it wants was listed; docs/policy.md explains each. */
export const denials = {
  revoked: 'the policy revokes the digest',
  'registry-refused': 'the policy does not allow the registry or repository',
  'tag-given': 'the image is named by a tag, not by its digest',
  'signature-missing': 'there is no signature',
  'signers-too-few': 'fewer signers than asked for',
  'attestation-missing': 'there is no attestation of the type asked for',
  'attestation-malformed': 'the attestation lacks what its type prescribes',
  'builder-other': 'the provenance names another builder',
  'source-other': 'the provenance names another source',
  'build-type-other': 'the provenance names another build type',
  'summary-other': 'the verification summary is of another verifier, resource, policy or level',
  'summary-failed': 'the verification summary says that the image failed',
  'summary-over': 'what the verification summary leaned on holds no longer',
  'attestation-old': 'the attestation is older than allowed',
  'attestation-future': 'the attestation bears a date in the future',
  'scan-missing': 'there is no scan result by anyone trusted for it',
  'scan-other-image': 'the scan result is about another image',
  'scan-future': 'the scan result bears a date in the future',
  'scan-old': 'the scan is older than allowed',
  vulnerable: 'there are findings that the rule does not allow',
  'image-old': 'the image is older than allowed',
  'base-other': 'the image stands on a base that is not allowed',
  'base-unsigned': 'nobody trusted signed the base',
  'base-new': 'the base has not been known for long enough',
} as const;

export type DenialCode = keyof typeof denials;

export type OutcomeCode = DenialCode | RejectionCode | UndecidedCode;

export interface Fix {
  /** What to do, one sentence. */
  text: string;
  /** The one command that does it, where there is one. */
  command?: string;
}

export interface HeldException {
  /** The rule or the undecided code that it lifts. */
  lifts: { rule: string } | { undecided: string };
  reason: string;
  author: string;
  /** Last day it holds, YYYY-MM-DD. */
  expires: string;
}

export interface RuleOutcome {
  /** The rule's name; `registries`, `revocations` and `policy` stand for those parts of the policy itself. */
  rule: string;
  kind: RuleKind | 'revocation' | 'policy';
  mode: Mode;
  outcome: 'met' | 'failed' | 'undecided' | 'excepted';
  /** Absent when met. */
  code?: OutcomeCode;
  /** Phrases without a full stop: what the rule wants, and what there is. */
  expected: string;
  found: string;
  fix?: Fix;
  /** Digest, and platform where there are several, that the answer is about. */
  subject?: { digest: string; platform?: string };
  /** What was let past, when `excepted`. */
  exceptions?: readonly HeldException[];
  /** Digests of the manifests that carried the evidence leaned on. */
  evidence: readonly string[];
  /** Ms since 1970 at which the image came to fail it, where that can be told; the policy itself may be younger. */
  since?: number;
  /** Ms since 1970 at which the first finding that is in grace begins to count. */
  graceUntil?: number;
  /** Ms since 1970 at which this outcome can become another one. */
  until?: number;
}

/** `release`: promotion, release, renewal and verification summaries, for which every rule is enforced. */
export type Purpose = 'admission' | 'release';

export interface Verdict {
  decision: 'allow' | 'deny' | 'undecided';
  purpose: Purpose;
  /** As the caller named it. */
  image: string;
  /** What was judged; empty where the name alone decided. */
  digest: string;
  /** Platforms judged, `linux/amd64`. */
  platforms: readonly string[];
  policy: { name: string; hash: string; rulesHash: string };
  rules: readonly RuleOutcome[];
  /** Ms since 1970 at which it was judged. */
  at: number;
  /** Earliest moment at which any rule's answer can change; absent: none is known. */
  until?: number;
}
