// What one rule of a policy asks for, compiled: durations in milliseconds, names resolved, patterns checked.
import type { SeverityLevel } from '../../scan/match/index.ts';
import type { Format, TextMatch } from '../evidence/index.ts';

export const modes = ['enforce', 'warn', 'audit'] as const;

export type Mode = (typeof modes)[number];

/**
 * Where the evidence must lie: on the digest that was resolved, on every platform manifest of it, or on those of the
 * platforms that the caller runs. For an image without an index they are the same.
 */
export const platformChoices = ['index', 'allPlatforms', 'nodePlatforms'] as const;

export type PlatformChoice = (typeof platformChoices)[number];

interface Frame {
  name: string;
  mode: Mode;
  /** Anchored patterns of `HOST/REPOSITORY`; the rule is for images that fit one. */
  images: readonly string[];
  /** Every label must be given and fit one of its patterns. */
  labels: Readonly<Record<string, readonly string[]>>;
}

export interface RegistriesRule extends Frame {
  kind: 'registries';
  registries: readonly string[];
}

/** The caller must name the image by digest. */
export interface DigestRule extends Frame {
  kind: 'digest';
}

export interface SignatureRule extends Frame {
  kind: 'signature';
  /** Names of authorities. */
  by: readonly string[];
  /** Distinct signers. */
  atLeast: number;
  formats: readonly Format[];
  platforms: PlatformChoice;
}

export interface AttestationRule extends Frame {
  kind: 'attestation';
  /** As the policy writes it: `slsaprovenance`, or a URI. */
  type: string;
  /** Predicate types that count, compared whole. */
  predicateTypes: readonly string[];
  by: readonly string[];
  atLeast: number;
  platforms: PlatformChoice;
  /** SLSA provenance. */
  builder?: TextMatch;
  /** Repository the build was started from, without `git+`, `.git` and ref. */
  source?: TextMatch;
  ref?: TextMatch;
  buildType?: TextMatch;
  /** SLSA verification summary. */
  verifier?: TextMatch;
  resource?: TextMatch;
  /** Every one of them must be among the summary's verified levels. */
  levels?: readonly string[];
  /** `sha256:…` of the policy that the summary must have been made under. */
  policyDigest?: string;
  /** Ms since the time the statement itself names. */
  maxAge?: number;
}

export interface VulnerabilitiesRule extends Frame {
  kind: 'vulnerabilities';
  /** Authorities whose scan results count. */
  by: readonly string[];
  /** Authorities whose verification summaries count where there is no scan result. */
  summaryBy: readonly string[];
  /** A finding counts when it fits one of these four … */
  severity?: SeverityLevel;
  kev: boolean;
  epss?: number;
  priority?: number;
  /** … and all of these: a fix can be had, */
  fixable: boolean;
  /** it was published longer ago (ms), */
  publishedFor?: number;
  /** and it was first found for this digest longer ago (ms). */
  grace?: number;
  /** What a finding without a severity counts as; absent: undecided. */
  unknownSeverity?: SeverityLevel;
  /** Ms since the scan. */
  maxScanAge?: number;
  /** Ms since the oldest needed source was checked. */
  maxDatabaseAge: number;
  platforms: Exclude<PlatformChoice, 'index'>;
}

export interface AgeRule extends Frame {
  kind: 'age';
  /** Ms since the config's `created`. */
  max: number;
}

export interface BaseRule extends Frame {
  kind: 'base';
  /** Anchored patterns of the base's `HOST/REPOSITORY`; empty: any. */
  allowed: readonly string[];
  /** Authorities of whom one must have signed the base; empty: not asked. */
  by: readonly string[];
  /** Ms that a new base must have been known for. */
  wait?: number;
}

export type Rule =
  | RegistriesRule
  | DigestRule
  | SignatureRule
  | AttestationRule
  | VulnerabilitiesRule
  | AgeRule
  | BaseRule;

export type RuleKind = Rule['kind'];
