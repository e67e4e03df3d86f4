// The order of the list: what to look at first (docs/priority.md).
import type { Finding, SeverityLevel } from './finding.ts';

/** A level without a score stands for the middle of its CVSS band. */
const middle: Record<SeverityLevel, number> = {
  critical: 9.5,
  high: 8,
  medium: 5.5,
  low: 2.5,
  negligible: 0.5,
  unknown: 5,
};

/**
 * 0 to 100: 60 for severity (score ÷ 10), 30 for the likelihood of exploitation (square root of EPSS), 10 when a
 * fix can be had; a flaw known to be exploited is at least 90, one used by ransomware at least 95. What does not
 * affect the image or is set aside is 0.
 */
export function priorityOf(
  finding: Pick<Finding, 'state' | 'severity' | 'epss' | 'kev' | 'fixedIn' | 'suppressed'>,
): number {
  if (finding.state === 'not_affected' || finding.suppressed !== undefined) return 0;
  const severity = finding.severity.score ?? middle[finding.severity.level];
  const reachable = finding.fixedIn.some((fix) => fix.channel === undefined);
  const sum = 6 * severity + 30 * Math.sqrt(finding.epss ?? 0) + (reachable ? 10 : 0);
  const floor = finding.kev === undefined ? 0 : finding.kev.ransomware ? 95 : 90;
  return Math.min(100, Math.round(Math.max(sum, floor)));
}

/** Highest priority first; equal ones by id and purl, so that two runs print the same. */
export function byPriority(a: Finding, b: Finding): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  if (a.purl !== b.purl) return a.purl < b.purl ? -1 : 1;
  return a.location < b.location ? -1 : a.location > b.location ? 1 : 0;
}
