// AdmissionReview in, decision out; and what an agent needs around that: certificates, policies, records, the floor.
export { type Admission, createAdmission, type Decision, type InForce } from './admission.ts';
export { answerText } from './answer.ts';
export { makeAuthority, makeLeaf, type Pair } from './certificate.ts';
export { compilePolicy } from './compile.ts';
export { mergeExceptions } from './exceptions.ts';
export { AdmissionFault, type AdmissionFaultCode } from './fault.ts';
export { type Floor, floorName, floorPolicy } from './floor.ts';
export { type Judged, judgeImages } from './judged.ts';
export type { FindOwner, Memory, RanImage } from './kept.ts';
export { Policies, type PolicyState } from './policies.ts';
export { Records } from './records.ts';
export { parseReview, type ReviewRequest } from './review.ts';
export { createRotator, type Rotator } from './rotator.ts';
export { ownerFinder, Surroundings } from './surroundings.ts';
export { shortReason } from './text.ts';
export { VerdictStore } from './verdictstore.ts';
