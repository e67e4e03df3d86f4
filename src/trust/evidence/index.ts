// The words of verification: evidence, who may vouch, what was found.
export { type Answer, type Rejected, rejected, type Signed } from './answer.ts';
export type {
  Authority,
  KeyAuthority,
  KeylessAuthority,
  KeylessIdentity,
  Proofs,
  TextMatch,
  TrustedKey,
} from './authority.ts';
export { type Evidence, type Format, formats, type Subject } from './evidence.ts';
export { isUsefulPattern, matchesPattern, matchesText } from './match.ts';
export type { NotationAuthority, NotationTrustPolicy, NotationTrustPolicyEntry } from './notation.ts';
export { Rejection, type RejectionCode, rejections } from './rejection.ts';
export { type Signer, signerName } from './signer.ts';
