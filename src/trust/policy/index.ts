// Policy and facts in, verdict out. Pure: no I/O, no clock; knows no Kubernetes.
export type { BaseFacts, ImageFacts, ManifestFacts, Unlisted } from './facts.ts';
export { judge } from './judge.ts';
export { labelsRead, type Needs, needsOf } from './needs.ts';
export { parsePolicy, type ReadFile } from './parse.ts';
export type { Exception, ImagePolicy, Revocation, RootSource } from './policy.ts';
export {
  predicateTypesOf,
  provenanceTypes,
  scanResultType,
  summaryExtension,
  summaryType,
} from './predicates.ts';
export type { Mode, PlatformChoice, Rule, RuleKind } from './rule.ts';
export { selects } from './select.ts';
export { makeSummary } from './summary.ts';
export {
  type DenialCode,
  denials,
  type Fix,
  type HeldException,
  type OutcomeCode,
  type Purpose,
  type RuleOutcome,
  type Verdict,
} from './verdict.ts';
