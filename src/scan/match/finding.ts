// What a scan says of one package and one flaw.
import type { IntroducedBy } from '../inventory/index.ts';

export type SeverityLevel = 'critical' | 'high' | 'medium' | 'low' | 'negligible' | 'unknown';

export interface Severity {
  level: SeverityLevel;
  /** CVSS base score, 0 to 10, where a vector gave one. */
  score?: number;
  /** The vector or word it was read from. */
  from?: string;
  /** The record it was taken from: the finding's own, or another record of the same CVE. */
  source?: string;
}

/** A version that ends the flaw, and the record that says so. */
export interface Fix {
  version: string;
  /** Id of the advisory: DSA, ALSA, GHSA, … */
  advisory: string;
  /** Set when the fix is only in a channel the image may not have (Ubuntu Pro, EUS). */
  channel?: string;
}

export type FindingState =
  | { state: 'affected' }
  | { state: 'not_affected'; reason: string; author?: string; justification?: string }
  | { state: 'unknown'; reason: string };

export interface Suppressed {
  kind: 'not_affected' | 'accepted';
  reason: string;
  author: string;
  expires: string;
  justification?: string;
}

export type Finding = FindingState & {
  /** The CVE where the records name one, else the advisory's own id. */
  id: string;
  /** Every other id of the same flaw, sorted. */
  aliases: string[];
  /** Records this finding was made from. */
  advisories: string[];
  purl: string;
  name: string;
  version: string;
  location: string;
  layer?: string;
  introducedBy: IntroducedBy;
  severity: Severity;
  /** Fixes that are higher than the installed version, lowest first; empty: none known. */
  fixedIn: Fix[];
  summary?: string;
  url?: string;
  /** ISO 8601. */
  published?: string;
  /** First found for this digest; only a trusted earlier result can give it. */
  since?: string;
  epss?: number;
  kev?: { added: string; ransomware: boolean };
  /** Documented order of the list, 0 to 100 (docs/priority.md). */
  priority: number;
  suppressed?: Suppressed;
};
