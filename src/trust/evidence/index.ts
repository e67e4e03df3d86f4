// The words of verification: evidence, who may vouch, what was found.
export {
  type Answer,
  type Rejected,
  Rejection,
  type RejectionCode,
  rejected,
  rejections,
  type Signed,
  type Signer,
  signerName,
} from './answer.ts';
export type {
  Authority,
  KeyAuthority,
  KeylessAuthority,
  KeylessIdentity,
  NotationAuthority,
  NotationTrustPolicy,
  NotationTrustPolicyEntry,
  Proofs,
  TextMatch,
  TrustedKey,
} from './authority.ts';
export { type Evidence, type Format, formats, type Subject } from './evidence.ts';
export { isUsefulPattern, matchesPattern, matchesText } from './match.ts';
