// Who made an image, and may it run.
export { type Answers, answersFor } from './answers.ts';
export { type Attester, scanAuthorities, signerAuthority } from './attest.ts';
export { type AttestedScan, type AttestScanOptions, attestScan } from './attestscan.ts';
export {
  type Checked,
  type Checker,
  type CheckerOptions,
  type CheckRequest,
  createChecker,
} from './check.ts';
export {
  type Answer,
  type Authority,
  type Format,
  formats,
  matchesPattern,
  type Signed,
  type Signer,
  signerName,
  type TextMatch,
} from './evidence/index.ts';
export {
  KeyFault,
  type KeyPair,
  type KeySigner,
  makeKeyPair,
  openKey,
  publicPem,
  readPrivateKey,
  readPublicKey,
} from './key/index.ts';
export { parseTrustPolicy, readTrustStores } from './notation/index.ts';
export {
  openPlace,
  type PlaceOptions,
  pinned,
  platformsOf,
  type ResolvedImage,
  resolveDigest,
  resolveImage,
} from './place.ts';
export {
  attestationNames,
  endOfDay,
  formatVerdict,
  type ImageFacts,
  type ImagePolicy,
  identityProblem,
  imagePolicyShape,
  importAzurePolicy,
  inlinePolicy,
  judge,
  makeSummary,
  needsOf,
  type Purpose,
  parseCases,
  parsePolicy,
  policyOfCases,
  predicateTypesOf,
  type RuleOutcome,
  runCases,
  scanResultType,
  selects,
  summaryType,
  type Verdict,
  verdictJson,
} from './policy/index.ts';
export { keepTag, type Promoted, PromoteFault, type PromoteFaultCode, promote } from './promote.ts';
export { parseTrustedRoot, publicGood, publicSource, tufSource, updateTrustedRoot } from './root/index.ts';
export { type LoadedRoots, rootsFor } from './roots.ts';
export { attachStatement, type SignedImage, signWithBundle, signWithNotation } from './sign.ts';
export { type BundleServices, type BundleSigner, SigningFault } from './sigstore/index.ts';
export { createVerifierThread, type VerifierThread } from './thread.ts';
export { type KeptVerdict, VerdictCache, type VerdictCacheOptions } from './verdicts.ts';
export { verifyHere } from './verify.ts';
