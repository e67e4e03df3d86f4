// Inventory and advisories in, findings and everything undecided out. Pure: no I/O.
export type { SourceCoverage } from './coverage.ts';
export type { Finding, FindingState, Fix, Severity, SeverityLevel, Suppressed } from './finding.ts';
export type { FixStep } from './fixes.ts';
export { type MatchResult, match } from './match.ts';
export {
  applyVex,
  formatOpenVex,
  type ImageIdentity,
  parseOpenVex,
  VexFault,
  type VexFaultCode,
  type VexStatement,
} from './openvex.ts';
export type { DatabaseStatement, ScannedLayer, ScannedTarget, ScanResult } from './result.ts';
export { atLeast } from './severity.ts';
export { parseSuppressions, type Suppression, Suppressor } from './suppressions.ts';
