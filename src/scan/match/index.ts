// Inventory and advisories in, findings and everything undecided out. Pure: no I/O.
import type { Suppression } from './suppressions.ts';

export { type PackageChange, type PackageChanges, packageChanges } from './changes.ts';
export type { SourceCoverage } from './coverage.ts';
export type { Finding, FindingState, Fix, Severity, SeverityLevel, Suppressed } from './finding.ts';
export type { FixStep } from './fixes.ts';
export { type AdvisoryKey, type KeyRecorder, recordKeys } from './keys.ts';
export { type MatchResult, match } from './match.ts';
export {
  applyVex,
  parseOpenVex,
  VexFault,
  type VexFaultCode,
  type VexStatement,
} from './openvex.ts';
export { formatOpenVex, type ImageIdentity } from './openvexwrite.ts';
export { priorityOf } from './priority.ts';
export type { DatabaseStatement, ScannedLayer, ScannedTarget, ScanResult } from './result.ts';
export { atLeast } from './severity.ts';
export { type Suppression, Suppressor } from './suppressions.ts';

/** Throws DocumentFault with file and line of every mistake. Its library loads on use: start-up is a promise. */
export async function parseSuppressions(text: string, file: string): Promise<Suppression[]> {
  const { parseSuppressions: parse } = await import('./suppressionfile.ts');
  return parse(text, file);
}
