// Policy and facts in, verdict out. Pure: no I/O, no clock; knows no Kubernetes.
import type { CaseFile } from './casefile.ts';
import type { ReadFile } from './material.ts';
import type { ImagePolicy } from './policy.ts';

export { type AzureImport, importAzurePolicy } from './azure.ts';
export type { CaseFile, PolicyCase } from './casefile.ts';
export { type CaseResult, policyOfCases, runCases } from './cases.ts';
export { endOfDay } from './duration.ts';
export type { BaseFacts, ImageFacts, ManifestFacts, Unlisted } from './facts.ts';
export { PolicyFault, type PolicyFaultCode } from './fault.ts';
export { judge } from './judge.ts';
export type { ReadFile } from './material.ts';
export { labelsRead, type Needs, needsOf } from './needs.ts';
export { identityProblem } from './pattern.ts';
export type { Exception, ImagePolicy, Revocation, RootSource } from './policy.ts';
export {
  attestationNames,
  predicateTypesOf,
  provenanceTypes,
  scanResultType,
  summaryExtension,
  summaryType,
} from './predicates.ts';
export { formatVerdict } from './report.ts';
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
export { verdictJson } from './verdictjson.ts';

/**
 * Parses and compiles an ImagePolicy. Paths in it are relative to `file`; `readFile` gives the text of the resolved
 * path and throws when it cannot. Rejects with DocumentFault, a line `FILE:LINE:COLUMN: …` for each mistake. Its
 * libraries load on use: start-up is a promise.
 */
export async function parsePolicy(text: string, file: string, readFile: ReadFile): Promise<ImagePolicy> {
  const { parsePolicy: parse } = await import('./parse.ts');
  return parse(text, file, readFile);
}

/** A file of cases for `seaworthy policy test`. Rejects with DocumentFault, a line for each mistake. */
export async function parseCases(text: string, file: string): Promise<CaseFile> {
  const { parseCases: parse } = await import('./casefile.ts');
  return parse(text, file);
}

/** The JSON Schema of an ImagePolicy. */
export async function imagePolicyShape(): Promise<Record<string, unknown>> {
  const { imagePolicySchemaJson } = await import('./schema.ts');
  return imagePolicySchemaJson();
}

/**
 * The document of a policy with its keys, certificates and roots written into it, as a cluster wants it: no files are
 * there. The same policy, with the same hashes. Rejects with DocumentFault.
 */
export async function inlinePolicy(
  text: string,
  file: string,
  readFile: ReadFile,
): Promise<Record<string, unknown>> {
  const { inlinePolicy: inline } = await import('./inline.ts');
  return inline(text, file, readFile);
}
